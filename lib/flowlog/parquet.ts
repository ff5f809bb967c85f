/** Parquet flow logs, row group by row group, as lines of the text format: one validation path for both. */
import { gunzipSync } from 'node:zlib';
import { type AsyncBuffer, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { normalizeFieldName } from './fields.ts';

/** The Parquet file is damaged or not a flow log; the message says where reading stopped. */
export class ParquetError extends Error {
  override name = 'ParquetError';
}

const TEXT_AT_ONCE = 256 * 1024;

const compressors = {
  GZIP: (input: Uint8Array) => new Uint8Array(gunzipSync(input)),
};

/**
 * Calls `write` with a header line and then the rows as text, "-" for nulls. Columns of Parquet files are underscored.
 * @throws ParquetError when the footer or a row group cannot be read; the rows before it have been written.
 */
export async function parquetLines(file: AsyncBuffer, write: (chunk: Uint8Array) => void): Promise<void> {
  let fault: { readonly error: unknown } | undefined;
  const watched: AsyncBuffer = {
    byteLength: file.byteLength,
    slice: async (start, end) => {
      try {
        return await file.slice(start, end);
      } catch (error) {
        fault = { error };
        throw error;
      }
    },
  };
  const attempt = async <T>(what: string, read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      // The disk or the network failed, not the file.
      if (fault) throw fault.error;
      throw new ParquetError(
        `cannot read ${what} of the Parquet file (${(error as Error).message}): it is damaged or cut short; fetch it again`,
      );
    }
  };
  const metadata = await attempt('the footer', () => parquetMetadataAsync(watched));
  const columns = metadata.schema
    .slice(1)
    .filter((element) => element.type !== undefined)
    .map((element) => element.name);
  const encoder = new TextEncoder();
  write(encoder.encode(`${columns.map((name) => cell(normalizeFieldName(name))).join(' ')}\n`));
  const total = Number(metadata.num_rows);
  let from = 0;
  for (const group of metadata.row_groups) {
    const to = from + Number(group.num_rows);
    const pages = new Map<string, Page[]>(columns.map((name) => [name, []]));
    // A row group is decoded once: asking for some of its rows would decode all of them each time.
    await attempt(`rows ${from + 1} to ${to} of ${total}`, () =>
      parquetRead({
        file: watched,
        metadata,
        rowStart: from,
        rowEnd: to,
        compressors,
        onChunk: ({ columnName, columnData, rowStart }) =>
          pages.get(columnName)?.push({ rowStart, values: columnData as ArrayLike<unknown> }),
      }),
    );
    const readers = columns.map((name) => valuesOf(pages.get(name)!));
    let lines = '';
    for (let row = from; row < to; row++) {
      lines += `${readers.map((valueAt) => cell(valueAt(row))).join(' ')}\n`;
      if (lines.length < TEXT_AT_ONCE && row < to - 1) continue;
      write(encoder.encode(lines));
      lines = '';
    }
    from = to;
  }
}

/** Values of one column, the first of which belongs to the row `rowStart`. */
interface Page {
  readonly rowStart: number;
  readonly values: ArrayLike<unknown>;
}

/** Reads a column row by row, in order. */
function valuesOf(pages: readonly Page[]): (row: number) => unknown {
  let at = 0;
  return (row) => {
    while (at < pages.length && row >= pages[at]!.rowStart + pages[at]!.values.length) at++;
    const page = pages[at];
    return page?.values[row - page.rowStart];
  };
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '-';
  const text = value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value);
  // Spaces would shift the columns of the text line; AWS percent-encodes them in tag values for the same reason.
  return text.replace(/[\s\p{Cc}]+/gu, '%20') || '-';
}

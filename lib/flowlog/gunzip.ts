/** Streaming gunzip that hands on every byte it can decode, also of a file that is cut short or corrupt. */
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip } from 'node:zlib';

/** The stream broke off or is damaged; all that could be decoded before was handed on. */
export class GzipError extends Error {
  override name = 'GzipError';
}

const OUTPUT_CHUNK = 256 * 1024;

/**
 * Decompresses `input`, which may consist of several gzip members, and calls `write` with each piece in order.
 * zlib drops the output of the step in which it meets damage, so on damage `reopen` (when it can) starts the file over
 * in small steps and only what was not handed on before is handed on.
 * @throws GzipError for damage to the compressed data; any error of the input itself as it is.
 */
export async function gunzip(
  input: AsyncIterable<Uint8Array>,
  reopen: () => AsyncIterable<Uint8Array> | undefined,
  write: (chunk: Uint8Array) => void,
): Promise<void> {
  let written = 0;
  const counted = (chunk: Uint8Array) => {
    written += chunk.length;
    write(chunk);
  };
  try {
    await inflate(input, OUTPUT_CHUNK, constants.Z_FINISH, counted);
  } catch (error) {
    const fault = gzipFault(error);
    if (!fault) throw error;
    const again = reopen();
    if (again) await salvage(again, written, write);
    throw fault;
  }
}

async function salvage(
  input: AsyncIterable<Uint8Array>,
  skip: number,
  write: (chunk: Uint8Array) => void,
): Promise<void> {
  let left = skip;
  try {
    await inflate(input, 1024, constants.Z_SYNC_FLUSH, (chunk) => {
      const fresh = chunk.subarray(Math.min(left, chunk.length));
      left -= chunk.length - fresh.length;
      if (fresh.length) write(fresh);
    });
  } catch (error) {
    if (!gzipFault(error)) throw error;
  }
}

async function inflate(
  input: AsyncIterable<Uint8Array>,
  chunkSize: number,
  finishFlush: number,
  write: (chunk: Uint8Array) => void,
): Promise<void> {
  await pipeline(
    Readable.from(input, { objectMode: false }),
    createGunzip({ chunkSize, finishFlush }),
    new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        try {
          write(chunk);
          done();
        } catch (error) {
          done(error as Error);
        }
      },
    }),
  );
}

function gzipFault(error: unknown): GzipError | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return new GzipError('the gzip data ends before its trailer: the file is cut short');
  if (code?.startsWith('Z_')) return new GzipError(`the gzip data is corrupt (${message})`);
  return undefined;
}

/** Streaming gunzip that hands on every byte it can decode, also of a file that is cut short or corrupt. */
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip } from 'node:zlib';

/** The stream broke off or is damaged; all that could be decoded before was handed on. */
export class GzipError extends Error {
  override name = 'GzipError';
}

const OUTPUT_CHUNK = 512 * 1024;
/** Pieces that are decoded ahead of what is read: decoding goes on in a thread of its own meanwhile. */
const AHEAD = 4;
/** Sizes of the input steps in which the place of damage is narrowed down; the last decides what damage can cost. */
const SALVAGE_STEPS = [512, 1];

/**
 * Decompresses `input`, which may consist of several gzip members, and calls `write` with each piece in order.
 * zlib drops the output of the step in which it meets damage, so on damage `reopen` (when it can) starts the file over,
 * in smaller steps from where the damage may lie, and only what was not handed on before is handed on.
 * @throws GzipError for damage to the compressed data; any error of the input itself as it is.
 */
export async function gunzip(
  input: AsyncIterable<Uint8Array>,
  reopen: () => AsyncIterable<Uint8Array> | undefined,
  write: (chunk: Uint8Array) => void,
): Promise<void> {
  let written = 0;
  const first = await inflate(input, constants.Z_FINISH, (chunk) => {
    written += chunk.length;
    write(chunk);
  });
  if (!first.fault) return;
  let intact = first.consumed;
  for (const step of SALVAGE_STEPS) {
    const again = reopen();
    if (!again) break;
    let position = 0;
    const { consumed } = await inflate(inSteps(again, intact, step), constants.Z_SYNC_FLUSH, (chunk) => {
      const fresh = chunk.subarray(Math.max(0, written - position));
      position += chunk.length;
      if (!fresh.length) return;
      written += fresh.length;
      write(fresh);
    });
    intact = consumed;
  }
  throw first.fault;
}

/** The same bytes; those from `from` on in pieces of `step` bytes. */
async function* inSteps(
  input: AsyncIterable<Uint8Array>,
  from: number,
  step: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let position = 0;
  for await (const chunk of input) {
    const whole = Math.min(chunk.length, Math.max(0, from - position));
    if (whole) yield chunk.subarray(0, whole);
    for (let at = whole; at < chunk.length; at += step) yield chunk.subarray(at, at + step);
    position += chunk.length;
  }
}

/** Ends with the fault of the compressed data, if any, and how many bytes of it were decoded before. */
async function inflate(
  input: AsyncIterable<Uint8Array>,
  finishFlush: number,
  write: (chunk: Uint8Array) => void,
): Promise<{ fault?: GzipError; consumed: number }> {
  // The types leave out that these options are those of a stream, too.
  const ahead = { readableHighWaterMark: AHEAD * OUTPUT_CHUNK };
  const decoder = createGunzip({ chunkSize: OUTPUT_CHUNK, finishFlush, ...ahead });
  try {
    await pipeline(
      Readable.from(input, { objectMode: false }),
      decoder,
      new Writable({
        highWaterMark: AHEAD * OUTPUT_CHUNK,
        // Later, not at once: zlib's thread is handed its next piece only when this call is over.
        write(chunk: Uint8Array, _encoding, done) {
          queueMicrotask(() => {
            try {
              write(chunk);
              done();
            } catch (error) {
              done(error as Error);
            }
          });
        },
      }),
    );
    return { consumed: decoder.bytesWritten };
  } catch (error) {
    const fault = gzipFault(error);
    if (!fault) throw error;
    return { fault, consumed: decoder.bytesWritten };
  }
}

function gzipFault(error: unknown): GzipError | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR')
    return new GzipError('the gzip data ends before its trailer: the file is cut short; fetch it again');
  // The code of an error from elsewhere may be a number (AbortError).
  if (String(code).startsWith('Z_')) return new GzipError(`the gzip data is corrupt (${message}); fetch it again`);
  return undefined;
}

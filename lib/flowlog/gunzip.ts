/** A streaming gunzip that passes on every byte it can decode, even if the file is truncated or corrupt. */
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, type Gunzip } from 'node:zlib';

/** The stream is truncated or damaged. All bytes before the damage were passed on. */
export class GzipError extends Error {
  override name = 'GzipError';
}

const OUTPUT_CHUNK = 256 * 1024;
/** Number of chunks to decode ahead of the reader. Decoding runs in its own thread. */
const AHEAD = 4;
/**
 * Sizes of the input steps that narrow down the position of damage. The last one limits how many bytes damage can cost.
 */
const SALVAGE_STEPS = [512, 1];
/** First bytes of each member: the magic number, and the only compression method that exists (RFC 1952). */
const MAGIC = [0x1f, 0x8b, 8];
const CUT_SHORT = 'the gzip data ends before its trailer: the file is cut short. Fetch it again';
/** zlib's message for bytes after a member that do not begin another one. */
const NO_MEMBER = 'incorrect header check';

/**
 * Decompresses `input`, which may consist of several gzip members, and calls `write` with each piece in order. zlib
 * drops the output of the step in which it meets damage. If `reopen` can open the file again, the damaged part is
 * decoded in smaller steps, and only bytes that were not yet passed on are passed on.
 * @throws GzipError for damage to the compressed data. Errors of the input itself are rethrown unchanged.
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
  const behind = first.fault.message.includes(NO_MEMBER) && written > 0 ? reopen() : undefined;
  if (first.fault.message === CUT_SHORT && written > 0) await refuseLastByte(reopen);
  // zlib looked at two bytes and consumed the first.
  throw behind ? (await tailFrom(behind, intact - 1)).fault() : first.fault;
}

/**
 * zlib takes a single byte after the last member for the beginning of another. @throws GzipError if all before it is
 * complete.
 */
async function refuseLastByte(reopen: () => AsyncIterable<Uint8Array> | undefined): Promise<void> {
  const again = reopen();
  if (!again) return;
  const tail = new Tail();
  const butLast = async function* () {
    let held: Uint8Array = new Uint8Array(0);
    for await (const chunk of again) {
      if (!chunk.length) continue;
      yield held;
      yield chunk.subarray(0, -1);
      held = chunk.subarray(-1);
    }
    tail.take(held);
  };
  const { fault } = await inflate(butLast(), constants.Z_FINISH, () => undefined);
  if (!fault) throw tail.fault();
}

async function tailFrom(input: AsyncIterable<Uint8Array>, from: number): Promise<Tail> {
  const tail = new Tail();
  let position = 0;
  for await (const chunk of input) {
    tail.take(chunk.subarray(Math.max(0, Math.min(chunk.length, from - position))));
    position += chunk.length;
  }
  return tail;
}

/** The same bytes, in pieces of `step` bytes starting at `from`. */
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

/** The result of a stream: the fault in the compressed data, if any, and how many bytes of it were decoded. */
interface Inflated {
  readonly fault?: GzipError;
  readonly consumed: number;
}

/**
 * Frees the memory of a piece that {@link gunzip} passed on, once nobody needs its bytes, instead of when garbage is
 * collected: each piece counts as memory of the heap, and thousands of them make the collector run again and again.
 */
export function free({ buffer, byteOffset, byteLength }: Uint8Array): void {
  // zlib goes on writing into a buffer until it is full.
  const isFull = byteOffset + byteLength === OUTPUT_CHUNK && buffer.byteLength === OUTPUT_CHUNK;
  // Node 20 lacks the method.
  if (isFull) (buffer as ArrayBuffer & { transfer?: ArrayBuffer['transfer'] }).transfer?.(0);
}

async function inflate(
  input: AsyncIterable<Uint8Array>,
  finishFlush: number,
  write: (chunk: Uint8Array) => void,
): Promise<Inflated> {
  // The type definitions do not say that these options include those of a stream.
  const ahead = { readableHighWaterMark: AHEAD * OUTPUT_CHUNK };
  const decoder = createGunzip({ chunkSize: OUTPUT_CHUNK, finishFlush, ...ahead });
  const tail = new Tail();
  const output = pipeline(
    decoder,
    new Writable({
      highWaterMark: AHEAD * OUTPUT_CHUNK,
      // Deferred, because zlib's thread gets its next piece only when this call has returned.
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
  const feeding = feed(input, decoder, tail).catch((error) => {
    decoder.destroy(error as Error);
    throw error;
  });
  const [written, fed] = await Promise.allSettled([output, feeding]);
  const consumed = decoder.bytesWritten;
  if (written.status === 'fulfilled' && fed.status === 'fulfilled')
    return { ...(!tail.isPadding && { fault: tail.fault() }), consumed };
  const error = written.status === 'rejected' ? written.reason : (fed as PromiseRejectedResult).reason;
  const fault = gzipFault(error);
  if (!fault) throw error;
  return { fault, consumed };
}

/**
 * Passes on bytes until the last member ends, then looks at what follows. After a member, zlib takes one zero byte for
 * padding and ignores everything else, which may be a member with a damaged first byte.
 */
async function feed(input: AsyncIterable<Uint8Array>, decoder: Gunzip, tail: Tail): Promise<void> {
  let fed = 0;
  // zlib never calls back for the write in progress when it meets damage.
  const closed = new Promise<void>((done) => decoder.once('close', done));
  for await (const chunk of input) {
    if (!chunk.length) continue;
    if (tail.bytes) {
      tail.take(chunk);
      continue;
    }
    const written = new Promise<void>((done) => decoder.write(chunk, () => done()));
    await Promise.race([written, closed]);
    if (decoder.errored) return;
    fed += chunk.length;
    if (decoder.bytesWritten < fed) tail.take(chunk.subarray(chunk.length - (fed - decoder.bytesWritten)));
  }
  decoder.end();
}

/** The bytes after the last member of a gzip file. */
class Tail {
  bytes = 0;
  isPadding = true;
  #start: number[] = [];

  take(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.isPadding &&= chunk.every((byte) => byte === 0);
    if (this.#start.length < MAGIC.length) this.#start.push(...chunk.subarray(0, MAGIC.length - this.#start.length));
  }

  fault(): GzipError {
    const alike = MAGIC.filter((byte, at) => this.#start[at] === byte).length;
    const bytes = this.bytes === 1 ? '1 byte follows that is' : `${this.bytes} bytes follow that are`;
    return new GzipError(
      alike >= MAGIC.length - 1
        ? `the gzip data is corrupt (${bytes} nearly the beginning of another gzip member). Fetch it again`
        : `after the gzip data ${bytes} not gzip data and left out. All the gzip data was read`,
    );
  }
}

/** The bytes of a gzip file as they are decoded. @throws GzipError, from the iteration, when it is damaged. */
export async function* gunzipped(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = createGunzip();
  const feeding = pipeline(Readable.from(input, { objectMode: false }), decoder);
  // The iteration reports the failure.
  feeding.catch(() => undefined);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw gzipFault(error) ?? error;
  }
}

function gzipFault(error: unknown): GzipError | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return new GzipError(CUT_SHORT);
  // The `code` of an error from elsewhere may be a number (AbortError).
  if (String(code).startsWith('Z_')) return new GzipError(`the gzip data is corrupt (${message}). Fetch it again`);
  return undefined;
}

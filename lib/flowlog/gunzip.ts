/** Streaming gunzip that hands on every byte it can decode, also of a file that is cut short or corrupt. */
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, type Gunzip } from 'node:zlib';

/** The stream broke off or is damaged; all that could be decoded before was handed on. */
export class GzipError extends Error {
  override name = 'GzipError';
}

const OUTPUT_CHUNK = 512 * 1024;
/** Pieces that are decoded ahead of what is read: decoding goes on in a thread of its own meanwhile. */
const AHEAD = 4;
/** Sizes of the input steps in which the place of damage is narrowed down; the last decides what damage can cost. */
const SALVAGE_STEPS = [512, 1];
/** First bytes of each member: magic number, and the method, of which there is one (RFC 1952). */
const MAGIC = [0x1f, 0x8b, 8];
const CUT_SHORT = 'the gzip data ends before its trailer: the file is cut short; fetch it again';
/** zlib's word for bytes behind a member that begin no other. */
const NO_MEMBER = 'incorrect header check';

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
  const behind = first.fault.message.includes(NO_MEMBER) && written > 0 ? reopen() : undefined;
  if (first.fault.message === CUT_SHORT && written > 0) await refuseLastByte(reopen);
  // Of the two bytes that zlib looked at, it has taken the first.
  throw behind ? (await tailFrom(behind, intact - 1)).fault() : first.fault;
}

/** A single byte behind the last member is to zlib the beginning of one more. @throws GzipError where all before it is whole. */
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

/** What became of a stream: the fault of the compressed data, if any, and how many bytes of it were decoded. */
interface Inflated {
  readonly fault?: GzipError;
  readonly consumed: number;
}

async function inflate(
  input: AsyncIterable<Uint8Array>,
  finishFlush: number,
  write: (chunk: Uint8Array) => void,
): Promise<Inflated> {
  // The types leave out that these options are those of a stream, too.
  const ahead = { readableHighWaterMark: AHEAD * OUTPUT_CHUNK };
  const decoder = createGunzip({ chunkSize: OUTPUT_CHUNK, finishFlush, ...ahead });
  const tail = new Tail();
  const output = pipeline(
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
 * Hands on bytes until the last member has ended, then looks at what follows. Behind a member, zlib takes one byte of
 * zero for padding and ignores all the rest, which may be a member whose first byte is damaged.
 */
async function feed(input: AsyncIterable<Uint8Array>, decoder: Gunzip, tail: Tail): Promise<void> {
  let fed = 0;
  // The write under way when damage is met is never called back.
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

/** What follows the last member of a gzip file. */
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
        ? `the gzip data is corrupt (${bytes} nearly the beginning of another gzip member); fetch it again`
        : `behind the gzip data ${bytes} no gzip data and left out; all the gzip data was read`,
    );
  }
}

/** The bytes of a gzip file as they are decoded. @throws GzipError, from the iteration, when it is damaged. */
export async function* gunzipped(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = createGunzip();
  const feeding = pipeline(Readable.from(input, { objectMode: false }), decoder);
  // It is the iteration that fails.
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
  // The code of an error from elsewhere may be a number (AbortError).
  if (String(code).startsWith('Z_')) return new GzipError(`the gzip data is corrupt (${message}); fetch it again`);
  return undefined;
}

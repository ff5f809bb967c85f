/** Reads files that are not flow logs: plain or gzip, recognised by content. */
import { gunzip } from '../lib/flowlog/gunzip.ts';
import type { ByteSource } from '../lib/flowlog/source.ts';

/** The whole text of a file. */
export async function textOf(source: ByteSource): Promise<string> {
  const chunks: Uint8Array[] = [];
  await readBytes(source, (chunk) => chunks.push(chunk.slice()));
  return Buffer.concat(chunks).toString('utf8');
}

/** The bytes of a file, decompressed if they are gzip. */
export async function readBytes(source: ByteSource, write: (chunk: Uint8Array) => void): Promise<void> {
  const stream = source.open();
  if (!stream) throw new Error('the input has already been read. A pipe can be given only once');
  const iterator = stream[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 2) {
    const next = await iterator.next();
    if (next.done) break;
    head = head.length ? Buffer.concat([head, next.value]) : next.value;
  }
  const rest = (async function* () {
    yield head;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  })();
  if (head[0] === 0x1f && head[1] === 0x8b) await gunzip(rest, () => source.open(), write);
  else for await (const chunk of rest) write(chunk);
}

/** Log files of workloads, made once and kept in a folder of the system's for temporary files. */
import { createHash } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { linesOf } from './lines.ts';
import type { Label } from './scans.ts';
import { type Delivery, deliveriesOf, type Workload } from './workload.ts';

/** A file, or a folder of them, and what is in it. */
export interface Log {
  readonly path: string;
  readonly records: number;
  /** As text. */
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly labels: readonly Label[];
}

/** Compresses these logs about as much as AWS does: about nine to one for version 2, twelve for version 5. */
const GZIP = { level: 4, chunkSize: 256 * 1024 };
/** Chunks that wait for the compressor. */
const AHEAD = 2;

const FOLDER = join(tmpdir(), 'sweepwatch-bench');

/** The log of a workload in one file. `name` says all that the workload is made from. */
export const logFile = (name: string, make: () => Workload): Promise<Log> =>
  kept(name, '.log.gz', async (path) => {
    const workload = make();
    return { labels: workload.labels, ...(await write(path, workload, deliveriesOf(workload))) };
  });

/** The log of a workload in a folder, a file for each delivery. */
export const logFolder = (name: string, make: () => Workload): Promise<Log> =>
  kept(name, '', async (path) => {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
    const workload = make();
    const total = { records: 0, bytes: 0, gzipBytes: 0 };
    let count = 0;
    for (const delivery of deliveriesOf(workload)) {
      const size = await write(join(path, `${String(count++).padStart(4, '0')}.log.gz`), workload, [delivery]);
      total.records += size.records;
      total.bytes += size.bytes;
      total.gzipBytes += size.gzipBytes;
    }
    return { labels: workload.labels, ...total };
  });

/** Any other file, made from bytes. */
export const otherFile = (
  name: string,
  bytes: () => Iterable<Uint8Array>,
  facts: Omit<Log, 'path' | 'gzipBytes'>,
): Promise<Log> =>
  kept(name, '', async (path) => {
    const out = createWriteStream(path);
    await pipeline(Readable.from(bytes(), { highWaterMark: AHEAD }), out);
    return { ...facts, gzipBytes: out.bytesWritten };
  });

/** What was made by this very code before, else made now. The facts are written last: without them it is not whole. */
async function kept(name: string, suffix: string, make: (path: string) => Promise<Omit<Log, 'path'>>): Promise<Log> {
  mkdirSync(FOLDER, { recursive: true });
  const stem = join(FOLDER, `${name.replaceAll(/[^\w-]+/g, '-')}-${version()}`);
  const path = `${stem}${suffix}`;
  const facts = `${stem}.json`;
  if (!existsSync(facts) || !existsSync(path)) {
    rmSync(facts, { force: true });
    writeFileSync(`${facts}.part`, JSON.stringify(await make(path)));
    renameSync(`${facts}.part`, facts);
  }
  return { path, ...(JSON.parse(readFileSync(facts, 'utf8')) as Omit<Log, 'path'>) };
}

/** Changes with the generator. */
function version(): string {
  const hash = createHash('sha256');
  for (const file of [
    ...readdirSync(import.meta.dirname)
      .sort()
      .map((name) => join(import.meta.dirname, name)),
    join(import.meta.dirname, '../random.ts'),
  ])
    hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 10);
}

async function write(path: string, workload: Workload, deliveries: Iterable<Delivery>) {
  let records = 0;
  let bytes = 0;
  function* counted() {
    for (const delivery of deliveries) {
      records += delivery.order.length;
      yield delivery;
    }
  }
  function* chunks() {
    for (const chunk of linesOf(workload, counted())) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  const out = createWriteStream(path);
  await pipeline(Readable.from(chunks(), { highWaterMark: AHEAD }), createGzip(GZIP), out);
  return { records, bytes, gzipBytes: out.bytesWritten };
}

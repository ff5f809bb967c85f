/** Reads flow log files in a thread of its own, one after the other as they are asked for; `read-files.ts` is its other end. */
import { parentPort, workerData } from 'node:worker_threads';
import { Collector, type CollectorOptions } from '../lib/evidence/builder.ts';
import { type FileReport, readFlowLog } from '../lib/flowlog/read.ts';
import type { Drained } from '../lib/kernel/drained.ts';
import type { Connection } from '../lib/store/clients.ts';
import { type FileName, reasonOf, sourceOf } from './inputs.ts';

/** Contacts that a thread holds before it hands them on: some 20 MB. */
const MOST_CONTACTS = 100_000;

/** What a thread is started with. */
export interface ReadOptions {
  readonly collector: Pick<CollectorOptions, 'key' | 'internal' | 'routingDomains'>;
  readonly fields?: readonly string[];
  /** Where objects of S3 are. */
  readonly connection: Connection;
}

/** What a thread is asked for: to read a file, or for what is left, before it ends. */
export type Request = { readonly file: FileName } | { readonly finish: true };

/** What a thread says: bytes that were read, contacts that it holds no longer, what came of a file, or that it is done. */
export type Answer =
  | { readonly bytes: number }
  | { readonly drained: Drained; readonly isLast: boolean }
  | { readonly report: FileReport }
  | { readonly failure: string };

const port = parentPort!;
const options = workerData as ReadOptions;

const handOn = (drained: Drained, isLast: boolean) =>
  port.postMessage(
    { drained, isLast } satisfies Answer,
    Object.values(drained.tables).map(({ buffer }) => buffer as ArrayBuffer),
  );
const collector = new Collector({
  ...options.collector,
  mostContacts: MOST_CONTACTS,
  spill: (drained) => handOn(drained, false),
});

port.on('message', async (request: Request) => {
  if ('finish' in request) {
    handOn(collector.drain(), true);
    port.close();
    return;
  }
  try {
    const source = await sourceOf(request.file, options.connection, (bytes) =>
      port.postMessage({ bytes } satisfies Answer),
    );
    port.postMessage({ report: await readFlowLog(source, collector, options) } satisfies Answer);
  } catch (error) {
    port.postMessage({ failure: reasonOf(error as NodeJS.ErrnoException) } satisfies Answer);
  }
});

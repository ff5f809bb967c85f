/** Reads flow log files in its own thread, one after another as requested. `read-files.ts` is the other end. */
import { parentPort, workerData } from 'node:worker_threads';
import { Collector } from '../lib/evidence/builder.ts';
import type { CollectorOptions } from '../lib/evidence/collector-options.ts';
import { type FileReport, readFlowLog } from '../lib/flowlog/read.ts';
import type { Drained } from '../lib/kernel/drained.ts';
import type { Connection } from '../lib/store/clients.ts';
import { type FileName, reasonOf, sourceOf } from './inputs.ts';

/** Number of contacts that a thread holds before it passes them on: about 20 MB. */
const MOST_CONTACTS = 100_000;

/** The start options of a thread. */
export interface ReadOptions {
  readonly collector: Pick<CollectorOptions, 'key' | 'internal' | 'routingDomains'>;
  readonly fields?: readonly string[];
  /** Connection to S3 objects. */
  readonly connection: Connection;
}

/** A request to a thread: to read a file, or to pass on what is left before it ends. */
export type Request = { readonly file: FileName } | { readonly finish: true };

/** A message of a thread: bytes that were read, contacts to take over, the result of a file, or that it is done. */
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

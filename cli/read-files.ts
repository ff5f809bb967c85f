/** Reads files into one collector, one after another, or with one thread per processor if there is much to read. */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Collector } from '../lib/evidence/builder.ts';
import { type FileReport, readFlowLog } from '../lib/flowlog/read.ts';
import type { ByteSource } from '../lib/flowlog/source.ts';
import { type BadInput, reasonOf } from './inputs.ts';
import type { Progress } from './progress.ts';
import type { Answer, ReadOptions, Request } from './read-worker.ts';

/** Starting a thread takes a moment. Files with fewer bytes in total are read faster without threads. */
const LEAST_BYTES = 8 * 1024 * 1024;
/** Limit for young objects in each thread, in MB. Most of its memory are tables and buffers. */
const YOUNG_MB = 4;

/** The result for each file, in the order of the files. */
export type Read = FileReport | BadInput;

/** Reads `sources` into `collector`. A source that cannot be read is reported, and the others are still read. */
export async function readFiles(
  sources: readonly ByteSource[],
  collector: Collector,
  options: ReadOptions,
  progress: Progress,
): Promise<Read[]> {
  const read = new Array<Read>(sources.length);
  // A pipe can be read only in this thread.
  const waiting = [...sources.keys()].filter((at) => sources[at]!.range !== undefined);
  const threads = Math.min(availableParallelism(), waiting.length);
  const bytes = waiting.reduce((sum, at) => sum + (sources[at]!.size ?? 0), 0);
  const isWorthThreads = threads > 1 && bytes >= LEAST_BYTES;
  const here = [...sources.keys()].filter((at) => !isWorthThreads || !waiting.includes(at));
  for (const at of here) {
    try {
      read[at] = await readFlowLog(progress.watch(sources[at]!), collector, options);
    } catch (error) {
      read[at] = { path: sources[at]!.name, reason: reasonOf(error as NodeJS.ErrnoException) };
    }
  }
  if (!isWorthThreads) return read;
  const next = waiting.values();
  const readWaiting = async () => {
    const thread = new ReadThread(collector, options, progress);
    try {
      for (const at of next) read[at] = await thread.read(sources[at]!);
      await thread.finish();
    } finally {
      await thread.end();
    }
  };
  await Promise.all(Array.from({ length: threads }, readWaiting));
  return read;
}

/** One thread that handles one request at a time. */
class ReadThread {
  readonly #worker: Worker;
  readonly #collector: Collector;
  readonly #progress: Progress;
  #settle: { readonly done: (answer: Answer) => void; readonly fail: (error: unknown) => void } | undefined;

  constructor(collector: Collector, options: ReadOptions, progress: Progress) {
    this.#collector = collector;
    this.#progress = progress;
    const source = new URL(`./read-worker${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(source, {
      workerData: options,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.#worker.on('message', (answer: Answer) => {
      try {
        this.#hear(answer);
      } catch (error) {
        this.#settle?.fail(error);
      }
    });
    this.#worker.on('error', (error) => this.#settle?.fail(error));
  }

  async read({ name, size }: ByteSource): Promise<Read> {
    this.#progress.open();
    const answer = await this.#ask({ file: { name, ...(size !== undefined && { size }) } });
    if ('report' in answer) return answer.report;
    if ('failure' in answer) return { path: name, reason: answer.failure };
    throw new Error(`a thread sent an unexpected answer about ${name}`);
  }

  /** Waits until everything in the thread has been taken over. */
  async finish(): Promise<void> {
    await this.#ask({ finish: true });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(request: Request): Promise<Answer> {
    return new Promise((done, fail) => {
      this.#settle = { done, fail };
      this.#worker.postMessage(request);
    });
  }

  #hear(answer: Answer): void {
    if ('bytes' in answer) {
      this.#progress.count(answer.bytes);
      return;
    }
    if ('drained' in answer) {
      this.#collector.absorb(answer.drained);
      if (!answer.isLast) return;
    }
    this.#settle?.done(answer);
  }
}

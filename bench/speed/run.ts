/** One child process, from its start to its end: how long it took, how much memory and processor time, what it said. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';

export interface Run {
  readonly seconds: number;
  /** Of Node processes that ended by themselves. */
  readonly peakBytes: number | undefined;
  /** Seconds of all its threads on processors. Of Node processes that ended by themselves. */
  readonly processorSeconds: number | undefined;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'report-peak.mjs')).href;

/** Runs a script with this Node and reports its peak memory and its processor time. */
export const runNode = (args: readonly string[], env = process.env): Promise<Run> =>
  run(process.execPath, ['--import', PRELOAD, ...args], env);

/** Runs a command. */
export async function run(command: string, args: readonly string[], env = process.env): Promise<Run> {
  const began = process.hrtime.bigint();
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const texts = [1, 2, 3].map((descriptor) => textOf(child.stdio[descriptor] as Readable));
  const [code] = (await once(child, 'close')) as [number | null];
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const [stdout, stderr, used] = (await Promise.all(texts)) as [string, string, string];
  const [peakBytes, microseconds] = used ? used.split(' ').map(Number) : [];
  const processorSeconds = microseconds === undefined ? undefined : microseconds / 1e6;
  return { seconds, peakBytes, processorSeconds, code, stdout, stderr };
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

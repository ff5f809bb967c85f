/** One object of 825 MB, the largest ever reported, through the whole stack with the times and the memory that are deployed. */
import { readFileSync } from 'node:fs';
import { ordinaryLog } from '../../bench/speed/logs.ts';
import { keyOf } from '../../test/lib/pipeline/fixture/flow-logs.ts';
import { type Assembly, startFaultStack } from './stack.ts';
import type { Trial } from './trial.ts';

/** Of an ordinary version 5 log: 825 MB of text. */
const RECORDS = 3_400_000;
const LIMIT_MS = 15 * 60_000;
const MIB = 2 ** 20;

/** Puts it, and waits for the labelled scans in it. */
export async function ingestLarge(assembly: Assembly): Promise<Trial> {
  const log = await ordinaryLog(RECORDS, 'v5');
  const stack = await startFaultStack(assembly, { patience: null });
  const began = Date.now();
  try {
    await stack.put({ key: keyOf('large'), body: readFileSync(log.path) });
    await stack.cloud.idle(LIMIT_MS);
    await stack.settle();
    await stack.cloud.idle(LIMIT_MS);
    const sources = new Set((await stack.findings()).map(({ finding }) => finding.source?.address));
    const missing = log.labels.filter(({ source }) => !sources.has(source));
    const messages = await stack.published();
    const dead = await stack.deadLetters('IngestDeadLetters');
    const failed = stack.events.filter(({ type }) => type === 'function failed');
    const peak = stack
      .memory()
      .filter(({ lambda }) => lambda.includes('Ingest'))
      .reduce((most, { bytes }) => Math.max(most, bytes), 0);
    const limit = assembly.memoryMiB('Ingest');
    return {
      name: 'all',
      injected: `an object of ${Math.round(log.bytes / 1e6)} MB, deployed with ${limit} MiB`,
      objects: 1,
      expected: log.labels.length,
      arrived: log.labels.length - missing.length,
      messages: messages.length,
      mails: stack.events.filter(({ type }) => type === 'mail written').length,
      duplicates: 0,
      allowed: 0,
      poison: 0,
      poisonFound: dead.length,
      redriven: 0,
      memory: [peak, peak],
      seconds: (Date.now() - began) / 1000,
      problems: [
        ...missing.map(({ name, source }) => `the scan ${name} by ${source} was not found`),
        ...(dead.length ? ['the object lies among the dead letters'] : []),
        ...(failed.length ? [`${failed.length} invocations failed`] : []),
        ...(peak > limit * MIB || peak === 0 ? [`ingest held ${Math.round(peak / MIB)} MiB of ${limit}`] : []),
      ],
    };
  } finally {
    await stack.stop();
  }
}

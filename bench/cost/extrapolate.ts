/**
 * What the omitted records of ordinary traffic would have cost. A contact that occurs a hundred times in a file is one
 * contact, so items, units and findings do not change. Only the file and the time to read it grow. Both are measured on
 * the same rounds with and without the repetitions.
 */

import { Collector } from '../../lib/evidence/builder.ts';
import { hashKey } from '../../lib/evidence/keyed-hash.ts';
import { readFlowLog } from '../../lib/flowlog/read.ts';
import { bufferSource } from '../../lib/flowlog/source.ts';
import type { Extrapolation } from './bill.ts';
import { type LogFile, Traffic, type Workload } from './traffic.ts';

/** Rounds that are measured, after those that only warm up. */
const [WARM, MEASURED] = [1, 3];

interface Sums {
  records: number;
  bytes: number;
  storedBytes: number;
  cpuSeconds: number;
}

/** What a workload of `repeats` takes beyond one without repetitions. */
export async function extrapolate(workload: Workload, repeats: number): Promise<Extrapolation> {
  const [with_, without] = [await measure({ ...workload, repeats }), await measure(workload)];
  const scale = workload.rounds / MEASURED;
  return {
    records: (with_.records - without.records) * scale,
    bytes: (with_.bytes - without.bytes) * scale,
    storedBytes: (with_.storedBytes - without.storedBytes) * scale,
    cpuSeconds: Math.max(0, with_.cpuSeconds - without.cpuSeconds) * scale,
  };
}

async function measure(workload: Workload): Promise<Sums> {
  const traffic = new Traffic(workload);
  const sums: Sums = { records: 0, bytes: 0, storedBytes: 0, cpuSeconds: 0 };
  for (let round = 0; round < WARM + MEASURED; round++) {
    for (const file of traffic.round(round)) {
      const cpuSeconds = await timeToRead(file);
      if (round < WARM) continue;
      sums.records += file.records;
      sums.bytes += file.bytes;
      sums.storedBytes += file.body.length;
      sums.cpuSeconds += cpuSeconds;
    }
  }
  return sums;
}

async function timeToRead({ key, body }: LogFile): Promise<number> {
  const collector = new Collector({ key: hashKey('a workload') });
  const before = process.cpuUsage();
  await readFlowLog(bufferSource(key, body), collector);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The logs that several parts read: ordinary traffic in the layouts, and one record. */
import { type Log, logFile } from '../workload/files.ts';
import type { LayoutName } from '../workload/layout.ts';
import { ordinary } from '../workload/ordinary.ts';
import { scatteredTraffic } from '../workload/scattered.ts';
import { single } from '../workload/single.ts';
import { SEED } from './part.ts';

/** An ordinary log of so many records. */
export const ordinaryLog = (records: number, layout: LayoutName, isIpv6 = false): Promise<Log> =>
  logFile(`ordinary ${layout}${isIpv6 ? ' IPv6' : ''} ${records}`, () =>
    ordinary({ seed: SEED, records, layout, isIpv6 }),
  );

/** A log of so many records of traffic that hardly repeats. */
export const scatteredLog = (records: number, layout: LayoutName): Promise<Log> =>
  logFile(`scattered ${layout} ${records}`, () => scatteredTraffic({ seed: SEED, records, layout }));

/** The path of a log of one record. */
export const onlyRecord = async (): Promise<string> => (await logFile('single', single)).path;

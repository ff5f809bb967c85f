/** The ordinary workload: steady traffic of some hundreds of interfaces, the internet's noise, and scans among it. */
import { randomOf } from '../random.ts';
import { type Batch, NODATA } from './batch.ts';
import type { LayoutName } from './layout.ts';
import { addNoise } from './noise.ts';
import { assortedScans, Scans, scanEachDelivery } from './scans.ts';
import { Traffic } from './traffic.ts';
import { SLOT, type Workload, writerOf } from './workload.ts';
import { worldOf } from './world.ts';

export interface OrdinaryOptions {
  readonly seed: string;
  readonly records: number;
  readonly layout?: LayoutName;
  readonly isIpv6?: boolean;
  readonly intervals?: number;
  readonly interfaces?: number;
  readonly vpcs?: number;
  readonly order?: Workload['order'];
  /** `assorted`: one of each kind. `each-delivery`: a new one in each five minutes. */
  readonly scans?: 'assorted' | 'each-delivery';
}

const RECORDS_PER_CLIENT = 125;
const RECORDS_PER_NOISE_SOURCE = 100;
/** One in this many intervals of an interface also has a row of hyphens. */
const NODATA_EVERY = 500;

export function ordinary({
  seed,
  records,
  layout = 'v5',
  isIpv6 = false,
  intervals = 90,
  interfaces = 480,
  vpcs = 3,
  order = 'delivered',
  scans: kind = 'assorted',
}: OrdinaryOptions): Workload {
  const world = worldOf(seed, interfaces, vpcs);
  const random = randomOf(`${seed} traffic`);
  const traffic = new Traffic(world, random, Math.ceil(records / RECORDS_PER_CLIENT), isIpv6);
  const plans =
    kind === 'assorted' ? assortedScans(world, intervals, random) : scanEachDelivery(world, intervals, SLOT);
  const scans = new Scans(plans, random, writerOf(isIpv6));
  const noiseSources = Math.floor(records / RECORDS_PER_NOISE_SOURCE);
  let intervalsDone = 0;
  let added = 0;
  let noiseDone = 0;
  return {
    seed,
    layout,
    isIpv6,
    world,
    intervals,
    order,
    labels: scans.labels,
    addInterval(batch: Batch, interval: number): void {
      const before = batch.length;
      const share = ++intervalsDone / intervals;
      scans.add(batch, interval);
      for (; noiseDone < noiseSources * share; noiseDone++)
        addNoise(batch, interval, noiseDone, world.interfaces, random);
      for (let at = interval % NODATA_EVERY; at < interfaces; at += NODATA_EVERY)
        batch.add({ ...NOTHING_SAID, at, interval });
      while (added + batch.length - before < records * share) traffic.add(batch, interval);
      added += batch.length - before;
    },
  };
}

const NOTHING_SAID = {
  isEgress: false,
  source: 0,
  target: 0,
  sourcePort: 0,
  targetPort: 0,
  protocol: 0,
  packets: 0,
  bytes: 0,
  flags: 0,
  verdict: NODATA,
} as const;

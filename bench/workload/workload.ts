/** A workload: what is in its log, interval by interval. The same options make the same rows. */
import { randomOf, shuffled } from '../random.ts';
import { type WriteAddress, writeIpv4, writeIpv6 } from './address-text.ts';
import { Batch } from './batch.ts';
import type { LayoutName } from './layout.ts';
import type { Label } from './scans.ts';
import type { World } from './world.ts';

/** Aggregation intervals of a delivery: five minutes. */
export const SLOT = 5;
/** Deliveries that a log in no order of time is dealt out in, each from all of its time. */
const HANDS = 24;

export interface Workload {
  readonly seed: string;
  readonly layout: LayoutName;
  readonly isIpv6: boolean;
  readonly world: World;
  /** Length of the log in aggregation intervals. */
  readonly intervals: number;
  /** `delivered`: runs of an interface's interval, five minutes after five minutes. `random`: no order of time at all. */
  readonly order: 'delivered' | 'random';
  readonly labels: readonly Label[];
  /** Adds the rows of an interval. Called once for each interval. */
  addInterval(batch: Batch, interval: number): void;
}

export const writerOf = (isIpv6: boolean): WriteAddress => (isIpv6 ? writeIpv6 : writeIpv4);

/** Rows of a delivery, and the order to write them in. */
export interface Delivery {
  readonly batch: Batch;
  readonly order: Int32Array;
}

/** The deliveries of a workload. They share one batch: a delivery is over when the next one is asked for. */
export function* deliveriesOf(workload: Workload): Generator<Delivery> {
  const { seed, intervals, world, order } = workload;
  const random = randomOf(`${seed} order`);
  const all = Array.from({ length: intervals }, (_, interval) => interval);
  const isRandom = order === 'random';
  const dealt = isRandom ? shuffled(all, random) : all;
  const size = isRandom ? Math.ceil(intervals / HANDS) : SLOT;
  const batch = new Batch();
  for (let first = 0; first < intervals; first += size) {
    batch.clear();
    for (const interval of dealt.slice(first, first + size)) workload.addInterval(batch, interval);
    yield {
      batch,
      order: isRandom ? batch.inNoOrder(random) : batch.inRuns(world.interfaces.length, first, size, random),
    };
  }
}

/** A log of one record: reading it takes as long as the start of whoever reads it. */
import { randomOf } from '../random.ts';
import { addNoise } from './noise.ts';
import type { Workload } from './workload.ts';
import { worldOf } from './world.ts';

export function single(): Workload {
  const world = worldOf('single', 20, 1);
  return {
    seed: 'single',
    layout: 'v2',
    isIpv6: false,
    world,
    intervals: 1,
    order: 'delivered',
    labels: [],
    addInterval(batch, interval) {
      addNoise(batch, interval, 0, world.interfaces.slice(0, 1), randomOf('single'));
      batch.length = 1;
    },
  };
}

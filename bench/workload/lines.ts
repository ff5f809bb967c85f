/** A workload as the bytes of log files. */
import { Buffer } from 'node:buffer';
import { LAYOUTS } from './layout.ts';
import { headerOf, RowWriter } from './row-writer.ts';
import type { Delivery, Workload } from './workload.ts';
import { writerOf } from './workload.ts';

/** 2026-01-01T00:00:00Z, when every log begins. */
const BEGIN = 1_767_225_600;
const CHUNK = 1024 * 1024;

/** The lines of a file that holds these deliveries, chunk by chunk. */
export function* linesOf(workload: Workload, deliveries: Iterable<Delivery>): Generator<Uint8Array> {
  const layout = LAYOUTS[workload.layout];
  const { interfaces } = workload.world;
  const writer = new RowWriter({
    layout,
    interfaces,
    isIpv6: workload.isIpv6,
    writeAddress: writerOf(workload.isIpv6),
    begin: BEGIN,
  });
  yield headerOf(layout);
  for (const { batch, order } of deliveries)
    for (let next = 0; next < order.length; ) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK);
      const written = writer.write(chunk, batch, order, next);
      next = written.next;
      yield chunk.subarray(0, written.used);
    }
}

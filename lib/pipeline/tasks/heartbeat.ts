/** Heartbeat: without these zeros an alarm could not tell half an hour of silence from a deployment that has just begun. */

import type { Services } from '../services.ts';
import type { Counts } from './run.ts';

export async function beat({ metrics }: Services): Promise<Partial<Counts>> {
  metrics.addMetric('ObjectsRead', 'Count', 0);
  metrics.addMetric('RecordsRead', 'Count', 0);
  return {};
}

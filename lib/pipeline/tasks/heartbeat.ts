/**
 * Writes metrics of zero. Without them an alarm could not distinguish half an hour of silence from a new deployment.
 */

import type { Services } from '../services.ts';
import type { Counts } from './run.ts';

export async function beat({ metrics }: Services): Promise<Partial<Counts>> {
  metrics.addMetric('ObjectsRead', 'Count', 0);
  metrics.addMetric('RecordsRead', 'Count', 0);
  return {};
}

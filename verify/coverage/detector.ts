/** The detector over log files in memory, as `sweepwatch detect` runs it with its defaults. */

import { detectionSettings } from '../../lib/detections/settings.ts';
import { Collector } from '../../lib/evidence/builder.ts';
import { hashKey } from '../../lib/evidence/keyed-hash.ts';
import type { Finding } from '../../lib/finding/model.ts';
import { readFlowLog } from '../../lib/flowlog/read.ts';
import { bufferSource } from '../../lib/flowlog/source.ts';
import { Networks } from '../../lib/net/networks.ts';
import { judgeAll } from '../../lib/pipeline/judge-all.ts';

const SECRET = 'coverage';

/** The findings over several files as one body of evidence. Throws where a file cannot be read to its end. */
export async function findingsOf(files: readonly Uint8Array[]): Promise<Finding[]> {
  const collector = new Collector({ key: hashKey(SECRET) });
  for (const [index, bytes] of files.entries()) {
    const { error } = await readFlowLog(bufferSource(`file ${index + 1}`, bytes), collector);
    if (error) throw new Error(error);
  }
  const context = {
    settings: detectionSettings('medium'),
    secret: SECRET,
    networks: new Networks(),
    // The files are all there is: an answer that is not in them will not come.
    overdueBefore: Number.POSITIVE_INFINITY,
    logTime: collector.logTime,
  };
  return (await judgeAll(collector, context)).map(({ finding }) => finding);
}

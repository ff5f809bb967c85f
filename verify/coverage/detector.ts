/** The detector over log files in memory, as `sweepwatch detect` runs it with its defaults. */

import { distributedScan } from '../../lib/detections/distributed-scan.ts';
import { detectionSettings, type Sensitivity } from '../../lib/detections/settings.ts';
import { Collector } from '../../lib/evidence/builder.ts';
import { hashKey } from '../../lib/evidence/keyed-hash.ts';
import type { JudgingContext } from '../../lib/finding/describe-scan.ts';
import type { Finding } from '../../lib/finding/model.ts';
import { readFlowLog } from '../../lib/flowlog/read.ts';
import { bufferSource } from '../../lib/flowlog/source.ts';
import { Networks } from '../../lib/net/networks.ts';
import { judgeAll } from '../../lib/pipeline/judge-all.ts';
import type { CampaignContext } from '../../lib/scan/campaign-contacts.ts';

const SECRET = 'coverage';

/** The findings over several files as one body of evidence. Throws where a file cannot be read to its end. */
export async function findingsOf(files: readonly Uint8Array[], sensitivity?: Sensitivity): Promise<Finding[]> {
  const collector = await collect(files);
  return [...(await judgeAll(collector, contextFor(collector, sensitivity)))];
}

/** The evidence of several files. Throws where a file cannot be read to its end. */
export async function collect(files: readonly Uint8Array[]): Promise<Collector> {
  const collector = new Collector({ key: hashKey(SECRET) });
  for (const [index, bytes] of files.entries()) {
    const { error } = await readFlowLog(bufferSource(`file ${index + 1}`, bytes), collector);
    if (error) throw new Error(error);
  }
  return collector;
}

/** How the evidence is judged. */
export const contextFor = (
  { logTime }: Pick<Collector, 'logTime'>,
  sensitivity: Sensitivity = 'medium',
): JudgingContext & CampaignContext => ({
  settings: detectionSettings(sensitivity),
  secret: SECRET,
  networks: new Networks(),
  // The files are all there is: an answer that is not in them will not come.
  overdueBefore: Number.POSITIVE_INFINITY,
  logTime,
  campaign: distributedScan,
});

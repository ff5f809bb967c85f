/** The oracle: what one pass over the same records says, and what each object must leave in the windows table. */

import { leastEvidenceOf } from '../../lib/detections/least-evidence.ts';
import { type DetectionSettings, detectionSettings } from '../../lib/detections/settings.ts';
import { Collector } from '../../lib/evidence/builder.ts';
import { hashKey } from '../../lib/evidence/keyed-hash.ts';
import type { Finding } from '../../lib/finding/model.ts';
import { readFlowLog } from '../../lib/flowlog/read.ts';
import { bufferSource } from '../../lib/flowlog/source.ts';
import { Networks } from '../../lib/net/networks.ts';
import { judgeAll } from '../../lib/pipeline/judge-all.ts';
import { objectId } from '../../lib/store/keys.ts';
import { WindowItems } from '../../lib/store/window-items.ts';

const SETTINGS: DetectionSettings = detectionSettings();

/** The findings of one pass over all files, in order, as of a log time. */
export async function findingsOf(files: readonly Uint8Array[], secret: string, logTime: number): Promise<Finding[]> {
  const collector = new Collector({ key: hashKey(secret) });
  for (const file of files) await readFlowLog(bufferSource('all', file), collector);
  const context = {
    settings: SETTINGS,
    secret,
    networks: new Networks(),
    logTime,
    overdueBefore: logTime - SETTINGS.settleSeconds,
  };
  return [...(await judgeAll(collector, context))];
}

/** The items of the windows table that an object leaves, by their place: what was seen, encoded. */
export async function windowsOf(
  bucket: string,
  key: string,
  file: Uint8Array,
  secret: string,
): Promise<Map<string, Uint8Array>> {
  const collector = new Collector({ key: hashKey(secret) });
  await readFlowLog(bufferSource(key, file), collector);
  const items = new WindowItems({
    objectId: objectId(bucket, key),
    now: 0,
    retentionDays: 1,
    settleSeconds: SETTINGS.settleSeconds,
    least: leastEvidenceOf(SETTINGS),
    networks: new Networks(),
    key: hashKey(secret),
  });
  const fragments = [...collector.sources()].flatMap(({ panes, ...source }) =>
    panes.map((pane) => ({ ...source, ...pane })),
  );
  const own = [...items.fragments(fragments)];
  return new Map(
    [...own, ...items.droppable.map(({ item }) => item)].map(({ pk, sk, data }) => [`${pk} ${sk}`, data as Uint8Array]),
  );
}

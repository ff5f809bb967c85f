/** What must be found: the same files, each read once, in order, by the engine alone, without cloud or faults. */

import { detectionSettings } from '../../lib/detections/settings.ts';
import { Collector } from '../../lib/evidence/builder.ts';
import { hashKey } from '../../lib/evidence/keyed-hash.ts';
import { isVoid } from '../../lib/finding/lifecycle.ts';
import type { Finding } from '../../lib/finding/model.ts';
import { readFlowLog } from '../../lib/flowlog/read.ts';
import { bufferSource } from '../../lib/flowlog/source.ts';
import { judgeAll } from '../../lib/pipeline/judge-all.ts';
import type { LogObject } from './workload.ts';

/** Findings by what is the same whatever secret keys their ids. */
export type Said = ReadonlyMap<string, string>;

/** The findings of one pass over the files. For a damaged file, those of its readable part. */
export async function expectedOf(objects: readonly LogObject[], now: number): Promise<Said> {
  const collector = new Collector({ key: hashKey('local') });
  for (const { key, body } of objects) await readFlowLog(bufferSource(key, body), collector);
  const findings = await judgeAll(collector, {
    settings: detectionSettings('medium'),
    secret: 'local',
    overdueBefore: Number.POSITIVE_INFINITY,
    logTime: now,
  });
  return saidOf([...findings]);
}

/** Findings that stand, in a form that can be compared: ids are keyed, and who ended one when is no matter here. */
export function saidOf(findings: readonly Finding[]): Said {
  return new Map(
    findings
      .filter((finding) => !isVoid(finding))
      .map(({ id: _id, status: _status, closedBecause: _closedBecause, campaign, ...finding }) => [
        `${finding.firstSeen} ${finding.kind} ${finding.source?.address ?? finding.targets.sample[0]}`,
        JSON.stringify({ ...finding, isOfCampaign: campaign !== undefined }, (_, value: unknown) => sorted(value)),
      ]),
  );
}

/** What arrived and what did not: findings that are missing, that nobody expected, and that say something else. */
export function differences(expected: Said, found: Said): { missing: string[]; added: string[]; other: string[] } {
  return {
    missing: [...expected.keys()].filter((name) => !found.has(name)),
    added: [...found.keys()].filter((name) => !expected.has(name)),
    other: [...expected].flatMap(([name, text]) => {
      const said = found.get(name);
      return said === undefined || said === text ? [] : [`${name}: ${changesOf(text, said)}`];
    }),
  };
}

/** The fields in which two findings differ, with both values. */
function changesOf(expected: string, found: string): string {
  const [one, other] = [JSON.parse(expected), JSON.parse(found)];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .map((field) => [field, JSON.stringify(one[field]), JSON.stringify(other[field])])
    .filter(([, before, after]) => before !== after)
    .map(([field, before, after]) => `${field} is ${after}, expected ${before}`)
    .join('; ');
}

const sorted = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

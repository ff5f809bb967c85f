/** The stack on the local cloud and the command line's engine say the same of the same files, split, shuffled and repeated. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { detectionSettings } from '../../lib/detections/settings.ts';
import { Collector } from '../../lib/evidence/builder.ts';
import { hashKey } from '../../lib/evidence/keyed-hash.ts';
import { isVoid } from '../../lib/finding/lifecycle.ts';
import type { Finding } from '../../lib/finding/model.ts';
import { readFlowLog } from '../../lib/flowlog/read.ts';
import { bufferSource } from '../../lib/flowlog/source.ts';
import { judgeAll } from '../../lib/pipeline/judge-all.ts';
import { atLength } from '../tier.ts';
import { type RunningStack, startStack } from './fixture/stack.ts';

const FOLDER = join(import.meta.dirname, '../data/shapes');
/**
 * A campaign and an outside scan that stays connected. The long run adds a vertical, a block and an open-port sweep,
 * and a crawler.
 */
const FILES = [
  'd1-distributed-vertical',
  'x10-scan-then-login',
  ...atLength([], ['v1-fast-vertical', 'b1-block', 'h4-sweep-all-answer', 'x6-crawler']),
];
const PARTS = 3;
const HOUR = 3600;
/** Limits in milliseconds. An idle machine needs a tenth. */
const MINUTE = 60_000;

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack('no-digest', {}, 'as deployed');
}, 300_000);
afterAll(() => stack.stop());

/** The last hour whose quiet outside sources a run of settle looks through: logs that stop are taken to be an hour late. */
const settledHour = (now: number): number => Math.floor((now - HOUR - 900) / HOUR) - 1;

/** The lines of a log, moved by whole hours so that its last record lies in an epoch hour. */
function moved(name: string, hour: number): { readonly header: string; readonly lines: readonly string[] } {
  const [header = '', ...lines] = gunzipSync(readFileSync(join(FOLDER, `${name}.log.gz`)))
    .toString()
    .trimEnd()
    .split('\n');
  const columns = header.split(' ');
  const [start, end] = [columns.indexOf('start'), columns.indexOf('end')];
  const last = lines.reduce((latest, line) => Math.max(latest, Number(line.split(' ')[end])), 0);
  const shift = (hour - Math.floor(last / HOUR)) * HOUR;
  const later = lines.map((line) => {
    const values = line.split(' ');
    for (const at of [start, end]) values[at] = String(Number(values[at]) + shift);
    return values.join(' ');
  });
  return { header, lines: later };
}

/**
 * The part that does not depend on the secret of the ids or on whether the last run closed the finding, by source, or
 * by the campaign's kind and first target.
 */
const said = (findings: readonly Finding[]): Record<string, unknown> =>
  Object.fromEntries(
    findings
      .map(({ id: _id, status: _status, closedBecause: _closedBecause, campaign, ...finding }) => [
        `${finding.firstSeen} ${finding.kind} ${finding.source?.address ?? finding.targets.sample[0]}`,
        { ...finding, isMember: campaign !== undefined },
      ])
      .sort(),
  );

test('the same findings, whatever the queue delivers', async () => {
  const now = Math.floor(Date.now() / 1000);
  const collector = new Collector({ key: hashKey('local') });
  const objects: { key: string; body: Uint8Array }[] = [];
  for (const name of FILES) {
    // The numbers of an open finding are those of its last change, and the exact ones are in an earlier version.
    const isCampaign = name.startsWith('d1');
    const { header, lines } = moved(name, settledHour(now) - (isCampaign ? 0 : 3));
    await readFlowLog(bufferSource(name, Buffer.from([header, ...lines].join('\n'))), collector);
    for (let part = 0; part < PARTS; part++) {
      const some = lines.filter((_, at) => (at * 7919) % PARTS === part).reverse();
      const body = gzipSync([header, ...some].join('\n'));
      objects.push({ key: `AWSLogs/${name}-${part}.log.gz`, body });
    }
  }
  const shuffled = objects.toSorted((a, b) =>
    a.key.split('').reverse().join('') < b.key.split('').reverse().join('') ? -1 : 1,
  );
  for (const { key, body } of [...shuffled, ...shuffled.slice(0, 5)]) await stack.put(key, body);
  await stack.cloud.idle(5 * MINUTE);
  // What outside sources did is looked at ten minutes after it was read.
  stack.putForward(700);
  await stack.settle();
  await stack.cloud.idle(3 * MINUTE);
  // Once more, for what fell due only then.
  await stack.settle();
  await stack.cloud.idle(3 * MINUTE);
  expect(await stack.take('IngestDeadLetters')).toHaveLength(0);
  const expected = [
    ...(await judgeAll(collector, {
      settings: detectionSettings('medium'),
      secret: 'local',
      overdueBefore: Number.POSITIVE_INFINITY,
      logTime: now,
    })),
  ];
  const standing = (await stack.findings()).map(({ finding }) => finding).filter((finding) => !isVoid(finding));
  expect(expected.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(atLength(['distributed-scan', 'vertical-scan'], ['block-scan', 'open-port-sweep'])),
  );
  expect(said(standing)).toEqual(said(expected));
}, 720_000);

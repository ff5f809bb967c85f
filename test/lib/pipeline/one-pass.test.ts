/** Campaigns and what the traffic of others shows, through the tables: the findings of one pass over all files. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Embedded, startEmbedded } from '../store/fixture/tables.ts';
import {
  byId,
  campaignsOf,
  deployForCampaigns,
  errors,
  finder,
  HOUR,
  horizontally,
  live,
  MINUTE,
  mixed,
  NOON,
  nothing,
  onePass,
  SCANNER,
  SMALL,
  settleHourly,
  shares,
  source,
  standingOf,
  users,
  vertically,
} from './fixture/crowds.ts';
import type { Deployment } from './fixture/deployment.ts';
import { file, probe, scan } from './fixture/flow-logs.ts';

let embedded: Embedded;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await deployForCampaigns(embedded);
});

describe('the findings of one pass over all files', () => {
  const member = scan('rejected', { from: source(103), to: '10.0.12.2', count: 10, first: 500, end: NOON + 600 });
  const dead = errors(NOON + 600, '10.0.7.14');
  const swept = errors(NOON + 600, '10.0.7.15');
  const story: readonly string[] = [
    ...vertically(),
    ...vertically({ to: '10.0.12.1', firstSource: 50, at: NOON + 35 * MINUTE }),
    ...vertically({ to: '10.0.12.2', firstSource: 100 }),
    ...member,
    ...horizontally(),
    ...finder(NOON + 600),
    // Nobody asked the second of these servers but five.
    ...dead.asked,
    ...dead.sent,
    ...swept.asked.slice(0, 5),
    ...swept.sent,
  ];

  test('campaigns, a member, a hidden service that answers, and errors, in files that are split, shuffled and repeated', async () => {
    const parts = [0, 1].map((part) => mixed(story).filter((_, at) => at % 2 === part));
    const now = NOON + 2 * HOUR + 16 * MINUTE;
    for (const part of [1, 0, 1]) await deployment.ingest(`part-${part}`, file(parts[part]!), now);
    await settleHourly(deployment, 1, 3);
    const expected = await onePass(deployment, story, NOON + 4 * HOUR + 20 * MINUTE);
    expect(expected.map(({ kind }) => kind).sort()).toEqual([
      ...new Array<string>(4).fill('distributed-scan'),
      'horizontal-scan',
      'vertical-scan',
      'vertical-scan',
    ]);
    expect(byId(await standingOf(deployment))).toEqual(byId(expected));
  });

  test('a public service, of whose conversations each file has one half', async () => {
    const lines = [...finder(NOON + 600), ...users(3, NOON + 900)];
    const isRequest = (half: string) => half.endsWith('ingress');
    const now = NOON + HOUR + 16 * MINUTE;
    await deployment.ingest('requests', file(lines.filter(isRequest)), now);
    await deployment.ingest('answers', file(lines.filter((half) => !isRequest(half))), now);
    await settleHourly(deployment, 0, 2);
    expect(byId(await standingOf(deployment))).toEqual(
      byId(await onePass(deployment, lines, NOON + 3 * HOUR + 20 * MINUTE)),
    );
  });

  test('a hidden service that others begin to use hours later', async () => {
    const lines = [finder(NOON + 600), [], [], users(3, NOON + 3 * HOUR + 600)];
    await live(deployment, [...lines, ...nothing(3)]);
    expect(byId(await standingOf(deployment))).toEqual(
      byId(await onePass(deployment, lines.flat(), NOON + 7 * HOUR + 16 * MINUTE)),
    );
  });

  test('a campaign beside which a loud source is sampled that has no part in it', async () => {
    const loud = Array.from({ length: 400 }, (_, n) =>
      probe({ from: SCANNER, to: `10.0.50.${n % 200}`, port: n < 200 ? 22 : 23, end: NOON + 100 + n }, 'REJECT'),
    );
    await live(deployment, [[...vertically(), ...loud], ...nothing(3)]);
    const [campaign] = await campaignsOf(deployment);
    const [expected] = (await onePass(deployment, [...vertically(), ...loud], NOON + 4 * HOUR)).filter(
      ({ source: by }) => !by,
    );
    expect(campaign!.dataQuality).toEqual(expected!.dataQuality);
  });

  test('a campaign that ends with the last second of an hour', async () => {
    const [sources, each] = [SMALL.campaignSources, SMALL.campaignPorts / SMALL.campaignSources];
    const lines = shares({ sources, each, at: NOON }).map((contact, n) =>
      probe({ ...contact, end: NOON + 1 + Math.floor((n * 3599) / (sources * each - 1)) }, 'REJECT'),
    );
    await live(deployment, [lines, ...nothing(3)]);
    expect(byId(await standingOf(deployment))).toEqual(
      byId(await onePass(deployment, lines, NOON + 4 * HOUR + 16 * MINUTE)),
    );
  });
});

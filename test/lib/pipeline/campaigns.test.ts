/** Campaigns through the tables: opened once, announced once, closed once. Also their members, and floods. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fragment } from '../../../lib/evidence/evidence.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import { Networks } from '../../../lib/net/networks.ts';
import { judgeCampaigns } from '../../../lib/pipeline/campaigns.ts';
import { TableEvidence } from '../../../lib/pipeline/table-evidence.ts';
import type { WindowsStore } from '../../../lib/store/windows-store.ts';
import { interfere } from '../store/fixture/faults.ts';
import { contact, fragment } from '../store/fixture/findings.ts';
import { type Database, itemsOf, startMemory } from '../store/fixture/tables.ts';
import {
  byId,
  campaignsOf,
  deployForCampaigns,
  findingsOf,
  HOST,
  HOUR,
  live,
  MINUTE,
  NOON,
  nothing,
  onePass,
  quiet,
  settleHourly,
  shares,
  source,
  standingOf,
  talking,
  vertically,
} from './fixture/crowds.ts';
import { type Deployment, type DeploymentOptions, SECRET } from './fixture/deployment.ts';
import { answer, file, line, probe, scan } from './fixture/flow-logs.ts';

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
const deploy = async (options: DeploymentOptions = {}) => {
  deployment = await deployForCampaigns(embedded, options);
};
beforeEach(() => deploy());

const eventsOf = (id: string) =>
  deployment
    .told()
    .filter((told) => told.id === id)
    .map(({ event }) => event);

describe('a campaign', () => {
  test('is opened once, announced once, and closed after the gap', async () => {
    await live(deployment, [vertically()]);
    const [campaign, ...others] = await campaignsOf(deployment);
    expect(others).toEqual([]);
    expect(campaign).toMatchObject({ status: 'open', severity: 'medium', sources: { count: 6 } });
    expect(eventsOf(campaign!.id)).toEqual(['opened']);
    await settleHourly(deployment, 1, 3);
    await deployment.deliverAll(NOON + 5 * HOUR);
    expect(await campaignsOf(deployment)).toMatchObject([
      { id: campaign!.id, status: 'closed', closedBecause: 'ended' },
    ]);
    expect(eventsOf(campaign!.id)).toEqual(['opened', 'closed']);
    expect(await findingsOf(deployment)).toHaveLength(1);
  });

  test('that goes on for hours is one, told once, and not told to have ended while it goes on', async () => {
    // The alert function does not wait until the settle function is done.
    const deliveries: Promise<unknown>[] = [];
    deployment.queue.push = (...refs) => {
      for (const ref of refs) deliveries.push(deployment.deliver(ref, NOON + 10 * HOUR + deliveries.length));
      return 0;
    };
    const hours = [0, 1, 2].map((hour) =>
      vertically({ at: NOON + hour * HOUR, minutes: 59, firstPort: 1 + hour * 24 }),
    );
    await live(deployment, hours);
    await Promise.all(deliveries);
    const [campaign, ...others] = await campaignsOf(deployment);
    expect(others).toEqual([]);
    expect(eventsOf(campaign!.id)).toEqual(['opened']);
    await live(deployment, nothing(3), 3);
    await Promise.all(deliveries);
    expect(byId(await standingOf(deployment))).toEqual(
      byId(await onePass(deployment, hours.flat(), NOON + 6 * HOUR + 16 * MINUTE)),
    );
    expect(eventsOf(campaign!.id)).toEqual(['opened', 'closed']);
  });

  test('whose beginning comes late goes on under another id, and says so', async () => {
    await live(deployment, [[], vertically({ at: NOON + HOUR + 10 * MINUTE, minutes: 40 })]);
    const [before] = await campaignsOf(deployment);
    const late = vertically({ at: NOON + 55 * MINUTE, minutes: 4, firstPort: 900 });
    const now = NOON + 3 * HOUR + 16 * MINUTE;
    await deployment.ingest('late', file([...late, ...quiet(now)]), now);
    expect((await deployment.settle(now + 20 * MINUTE)).failures).toEqual([]);
    const [after, ...others] = (await standingOf(deployment)).filter(({ source: by }) => !by);
    expect(others).toEqual([]);
    expect(after!.id).not.toBe(before!.id);
    expect((await findingsOf(deployment)).find(({ id }) => id === before!.id)).toMatchObject({
      closedBecause: 'merged',
      mergedInto: after!.id,
    });
  });

  describe('that late answers disprove', () => {
    const contacts = shares({});

    /** A campaign, with a member that is a finding of its own, and then the answers to most of it. */
    async function disproved(): Promise<Finding> {
      await deploy({ minSeverity: 'low' });
      const member = scan('rejected', { from: source(3), to: HOST, count: 10, first: 500, end: NOON + 600 });
      await live(deployment, [[...contacts.map((of) => probe(of)), ...member]]);
      const [campaign] = await campaignsOf(deployment);
      expect(campaign).toMatchObject({ status: 'open' });
      expect((await findingsOf(deployment)).find(({ source: by }) => by)).toMatchObject({ campaign: campaign!.id });
      const answers = contacts.slice(0, 16).map((of) => answer({ ...of, end: of.end + 1 }));
      await live(deployment, [answers], 1);
      return campaign!;
    }

    test('is closed as refuted, and told so', async () => {
      const { id } = await disproved();
      expect(await campaignsOf(deployment)).toMatchObject([{ id, closedBecause: 'refuted' }]);
      expect(eventsOf(id)).toEqual(['opened', 'closed']);
    });

    test('leaves its members on their own', async () => {
      await disproved();
      expect((await standingOf(deployment)).map(({ campaign }) => campaign)).toEqual([undefined]);
    });
  });

  test('that an analyst closed stays closed', async () => {
    await live(deployment, [vertically()]);
    const [stored] = await deployment.stored();
    const version = { fragments: stored!.fragments, judgedAt: stored!.judgedAt };
    await deployment.findings.close(stored!, { closedBecause: 'analyst' }, version, NOON + 2 * HOUR);
    const now = NOON + 2 * HOUR + 16 * MINUTE;
    await deployment.ingest('more', file([...vertically({ at: NOON + HOUR, firstPort: 300 }), ...quiet(now)]), now);
    await deployment.settle(now);
    expect(await campaignsOf(deployment)).toMatchObject([{ closedBecause: 'analyst' }]);
  });
});

describe('hour by hour, campaigns', () => {
  const FIRST = NOON / HOUR;
  /** Fragments of an hour. `hour` counts from noon. */
  type Activity = (hour: number) => readonly Fragment[];

  /** Four sources that share out 24 ports of a target in an hour, all of the hour long. */
  const share = (target: string, hour: number, firstSource: number): Fragment[] =>
    Array.from({ length: 4 }, (_, s) => outsider(firstSource + s, hour, target, 6, s));

  function outsider(number: number, hour: number, target: string, ports: number, offset = 0): Fragment {
    const contacts = Array.from({ length: ports }, (_, n) => {
      const place = n * 4 + offset;
      const end = (FIRST + hour) * HOUR + 60 + place * 145;
      return contact({ target, port: 1 + hour * 24 + place, hash: n, firstStart: end, firstEnd: end, lastEnd: end });
    });
    return fragment({ scope: 'internet', address: source(number), inside: false, hour: FIRST + hour, contacts });
  }

  /** What judges, with the windows of the activity. */
  function optionsFor(activity: Activity) {
    const outsideSources = async (hour: number, bucket: number) => (bucket === 0 ? activity(hour - FIRST) : []);
    return {
      windows: { outsideSources } as unknown as WindowsStore,
      findings: deployment.findings,
      requestAlert: async () => {},
      settings: deployment.settings,
      networks: new Networks(),
      secret: SECRET,
      minSeverity: 'medium' as const,
      windowDays: 8,
    };
  }

  /** Judges each of some hours twice, as the settle function does. */
  async function judgeHours(activity: Activity, hours: number): Promise<void> {
    const options = optionsFor(activity);
    for (let hour = FIRST; hour < FIRST + hours; hour++) {
      const now = (hour + 1) * HOUR + 16 * MINUTE;
      for (const judged of [hour - 1, hour])
        await judgeCampaigns(
          options,
          { hour: judged, last: judged },
          { logTime: now, now, reader: new TableEvidence(options) },
        );
    }
  }

  test('are kept apart in what they rest on, so that each can be brought up to date', async () => {
    // The longer one ends when the other begins. Without it fewer hours are read, and so fewer fragments.
    const activity: Activity = (hour) => [
      ...(hour >= 0 && hour <= 2 ? share(HOST, hour, 0) : []),
      ...(hour >= 2 && hour <= 5 ? share('10.0.12.99', hour, 100) : []),
      ...(hour === 0 || hour === 1
        ? Array.from({ length: 60 }, (_, n) => outsider(1000 + n, hour, '10.0.60.1', 1))
        : []),
    ];
    await judgeHours(activity, 9);
    const found = (await campaignsOf(deployment)).map(({ targets, contacts, status }) => [
      targets.sample[0],
      contacts.failed,
      status,
    ]);
    expect(found.sort()).toEqual([
      [HOST, 72, 'closed'],
      ['10.0.12.99', 96, 'closed'],
    ]);
  });

  test('that go on for more than a day are not new ones each hour', async () => {
    await judgeHours((hour) => (hour >= 0 ? share(HOST, hour, 0) : []), 29);
    const found = await campaignsOf(deployment);
    expect(found.length).toBeLessThanOrEqual(2);
    expect(found.map(({ closedBecause }) => closedBecause)).not.toContain('refuted');
  });

  test('that go on for a day after an hour that came late are judged in as many runs as it takes', async () => {
    const activity: Activity = (hour) => (hour >= 0 && hour <= 20 ? share(HOST, hour, 0) : []);
    const now = (FIRST + 26) * HOUR;
    const judgeLate = async (hasTime: () => boolean) => {
      const options = optionsFor(activity);
      const run = { logTime: now, now, reader: new TableEvidence(options) };
      return judgeCampaigns(options, { hour: FIRST, last: FIRST + 24 }, run, hasTime);
    };
    await judgeLate(() => true);
    const inOneRun = await campaignsOf(deployment);
    expect(inOneRun).toMatchObject([{ contacts: { failed: 21 * 24 }, status: 'closed' }]);

    await deploy();
    const ends: string[] = [];
    for (let runs = 1; (await judgeLate(() => false)).isStopped; runs++) {
      const [campaign] = await campaignsOf(deployment);
      expect(campaign!.status).toBe('open');
      ends.push(campaign!.lastSeen);
      expect(runs).toBeLessThan(10);
    }
    // Each run got further than the one before.
    expect(ends.length).toBeGreaterThan(3);
    expect(ends).toEqual([...new Set(ends)].sort());
    expect(byId(await campaignsOf(deployment))).toEqual(byId(inOneRun));
  });

  test('that overlap for a day after an hour that came late are judged in as many runs as it takes', async () => {
    // Eight campaigns of four hours. Each begins in the last hour of the one before.
    const overlapping: Activity = (hour) =>
      Array.from({ length: 8 }, (_, n) => n)
        .filter((n) => hour >= n * 3 && hour <= n * 3 + 3)
        .flatMap((n) => share(`10.0.12.${n + 1}`, hour, 100 * n));
    const withLate: Activity = (hour) => [
      ...overlapping(hour),
      ...(hour >= 0 && hour <= 1 ? share('10.0.13.1', hour, 900) : []),
    ];
    const now = (FIRST + 30) * HOUR;
    const judgeLate = async (activity: Activity, grants: number) => {
      const options = optionsFor(activity);
      const run = { logTime: now, now, reader: new TableEvidence(options) };
      let asked = 0;
      return judgeCampaigns(options, { hour: FIRST, last: FIRST + 28 }, run, () => asked++ < grants);
    };
    const endsIn = async (activity: Activity, grants: number): Promise<unknown> => {
      await deploy();
      await judgeHours(overlapping, 29);
      let runs = 1;
      while ((await judgeLate(activity, grants)).isStopped) expect(runs++).toBeLessThan(12);
      return byId(await campaignsOf(deployment));
    };
    const isEnded = ({ closedBecause }: Finding) => closedBecause === 'ended';
    for (const activity of [overlapping, withLate]) {
      const inOneRun = await endsIn(activity, Number.POSITIVE_INFINITY);
      expect((await campaignsOf(deployment)).filter(isEnded).length).toBe(activity === withLate ? 9 : 8);
      expect(await endsIn(activity, 2)).toEqual(inOneRun);
      expect(await endsIn(activity, 0)).toEqual(inOneRun);
    }
  });

  test('that grow by little each hour are one', async () => {
    // Much in the first hour, then less each hour than would be worth writing.
    const activity: Activity = (hour) => [
      ...(hour >= 0 && hour <= 7 ? share(HOST, hour, 0) : []),
      ...(hour === 0 ? Array.from({ length: 60 }, (_, n) => outsider(200 + n, 30 + n, HOST, 6)) : []).map((item) =>
        atHour(item, 0),
      ),
    ];
    await judgeHours(activity, 11);
    expect(await campaignsOf(deployment)).toMatchObject([{ contacts: { failed: 8 * 24 + 360 }, status: 'closed' }]);
  });

  /** The same contacts in another hour. */
  function atHour(item: Fragment, hour: number): Fragment {
    const shift = (FIRST + hour - item.hour) * HOUR;
    const contacts = item.contacts.map((each) => ({
      ...each,
      firstStart: each.firstStart + shift,
      firstEnd: each.firstEnd + shift,
      lastEnd: each.lastEnd + shift,
    }));
    return { ...item, hour: FIRST + hour, contacts };
  }
});

describe('members', () => {
  const member = (end: number) => scan('rejected', { from: source(3), to: HOST, count: 10, first: 500, end });

  test('that were announced before keep their id, and then name the campaign', async () => {
    await deploy({ minSeverity: 'low' });
    await deployment.ingest('member', file(member(NOON + 45 * MINUTE)), NOON + 50 * MINUTE);
    await deployment.deliverAll(NOON + 50 * MINUTE);
    const [before] = await findingsOf(deployment);
    expect(before).toMatchObject({ severity: 'low', status: 'open' });
    expect(before!.campaign).toBeUndefined();
    await live(deployment, [vertically()]);
    const [campaign] = await campaignsOf(deployment);
    expect((await findingsOf(deployment)).find(({ id }) => id === before!.id)).toMatchObject({
      campaign: campaign!.id,
    });
    expect(eventsOf(before!.id)).toEqual(['opened']);
    expect(eventsOf(campaign!.id)).toEqual(['opened']);
    expect(await findingsOf(deployment)).toHaveLength(2);
  });

  test('that are found after the campaign are not announced', async () => {
    await deploy({ minSeverity: 'low' });
    await live(deployment, [vertically()]);
    const now = NOON + HOUR + 20 * MINUTE;
    await deployment.ingest('member', file([...member(NOON + 45 * MINUTE), ...quiet(now)]), now);
    await deployment.deliverAll(now);
    const [campaign] = await campaignsOf(deployment);
    expect((await findingsOf(deployment)).find(({ source: by }) => by)).toMatchObject({ campaign: campaign!.id });
    expect(deployment.told().map(({ id }) => id)).toEqual([campaign!.id]);
  });

  test('that stay connected raise an alert of their own', async () => {
    // Silence is an answer by the time that the campaign is found, so both are found in one run.
    const at = NOON + 45 * MINUTE;
    const stays = Array.from({ length: 10 }, (_, n) => ({
      from: source(3),
      to: HOST,
      port: 5432,
      end: at + 5 + n * 35,
    }));
    const lines = [
      ...vertically(),
      ...scan('unanswered', { from: source(3), to: HOST, count: 10, first: 500, end: at }),
      ...talking(stays.flatMap((contact) => [probe(contact), answer(contact)])),
    ];
    await deployment.ingest('all', file(lines), NOON + 52 * MINUTE);
    expect(await findingsOf(deployment)).toEqual([]);
    await live(deployment, [[]]);
    const intruder = (await findingsOf(deployment)).find(({ source: by }) => by);
    expect(intruder).toMatchObject({ severity: 'high' });
    expect(eventsOf(intruder!.id)).toEqual(['opened']);
  });
});

describe('a flood', () => {
  const sizeOf = (item: Record<string, unknown>) =>
    Object.entries(item).reduce(
      (sum, [name, value]) =>
        sum + name.length + (value instanceof Uint8Array ? value.length : JSON.stringify(value).length),
      0,
    );
  const itemSizes = async () =>
    [
      ...(await itemsOf(deployment.client, deployment.names.windows)),
      ...(await itemsOf(deployment.client, deployment.names.findings)),
    ].map(sizeOf);

  test('of three hundred loud sources in one file hides no campaign, and items stay small', async () => {
    // One record of a connection from SYN to FIN each: nobody need judge them.
    const flood = Array.from({ length: 90_000 }, (_, n) =>
      line({
        from: source(1000 + (n % 300)),
        to: `10.1.${Math.floor(n / 4800)}.${Math.floor(n / 300) % 16}`,
        fromPort: 50_000,
        toPort: 443 + Math.floor(n / 4800),
        flags: 3,
        end: NOON + 50 * MINUTE + (n % 300),
      }).replace(' 6 1 40 ', ' 6 8 4000 '),
    );
    await live(deployment, [[...vertically(), ...flood]]);
    expect(await campaignsOf(deployment)).toMatchObject([{ targets: { sample: [HOST] }, sources: { count: 6 } }]);
    expect(Math.max(...(await itemSizes()))).toBeLessThan(100 * 1024);
  });

  test('of thousands of members is one item of a size that can be written', async () => {
    const from = (n: number) => `2001:db8:aaaa:bbbb:cccc:dddd:${n.toString(16).padStart(4, '0')}:ffff`;
    const lines = Array.from({ length: 8000 }, (_, n) =>
      line({
        from: from(1 + (n % 2000)),
        to: '2600::88',
        fromPort: 50_000,
        toPort: 1 + n,
        flags: 2,
        end: NOON + 60 + Math.floor(n / 3),
        action: 'REJECT',
      }),
    );
    await deployment.ingest('all', file(lines), NOON + HOUR);
    await settleHourly(deployment, 0, 2);
    const [campaign] = (await deployment.stored()).filter(({ roll }) => roll);
    expect(campaign!.finding).toMatchObject({ sources: { count: 2000 } });
    expect(campaign!.roll!.members.length).toBeLessThan(2000);
    expect(Math.max(...(await itemSizes()))).toBeLessThan(100 * 1024);
  });

  test('of members without a finding is not read again member by member', async () => {
    const counts = interfere(deployment.client);
    const queries = async (sources: number) => {
      const host = `10.0.13.${sources}`;
      const before = counts.get('Query') ?? 0;
      const hour = sources;
      await deployment.ingest(
        `members-${sources}`,
        file(vertically({ to: host, sources, at: NOON + hour * HOUR })),
        NOON + (hour + 1) * HOUR,
      );
      const now = NOON + (hour + 1) * HOUR + 16 * MINUTE;
      await deployment.ingest(`quiet-${sources}`, file(quiet(now)), now);
      await deployment.settle(now);
      expect((await campaignsOf(deployment)).map(({ targets }) => targets.sample[0])).toContain(host);
      return (counts.get('Query') ?? 0) - before;
    };
    const few = await queries(6);
    // The closing of the first is not to be counted with the second.
    await deployment.settle(NOON + 12 * HOUR);
    const many = await queries(66);
    // Sixty members more: a look at each would be all right, ten are not.
    expect(many - few).toBeLessThan(60 * 2);
  });
});

/** `detect --why` and `findings why`: how far an address was from each threshold. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Finding, isoTime } from '../../lib/finding/model.ts';
import type { Explanation } from '../../lib/finding/why.ts';
import { WatchesStore } from '../../lib/store/watches-store.ts';
import { findingOf } from '../lib/finding/samples.ts';
import { type Deployment, newDeployment } from '../lib/pipeline/fixture/deployment.ts';
import { answer, file, probe, SCANNER, scan, TARGET } from '../lib/pipeline/fixture/flow-logs.ts';
import { type Embedded, startEmbedded } from '../lib/store/fixture/tables.ts';
import { expectValidOutput } from '../output-schema.ts';
import { runner } from './deployed.ts';
import { findingsOf, type Run, runHere } from './run-cli.ts';

const DATA = join(import.meta.dirname, '../data');
const explained = (run: Run): readonly Explanation[] => {
  const printed = findingsOf(run) as unknown as Explanation[];
  expectValidOutput('findings-why', printed);
  return printed;
};
const benignOf = (shape: string): string =>
  JSON.parse(readFileSync(join(DATA, 'shapes', `${shape}.json`), 'utf8')).benign[0].source.split(' ')[0];
const why = async (log: string, address: string): Promise<Explanation> => {
  const run = await runHere(['detect', join(DATA, `${log}.log.gz`), '--why', address, '--format', 'ndjson']);
  expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/^[\d,]+ records in 1 file\n$/) });
  expect(explained(run)).toHaveLength(1);
  return explained(run)[0]!;
};

describe('detect --why', () => {
  test('of a scanner names the thresholds that were met, and the scan', async () => {
    const { windows, scans, contacts } = await why('lab/pod-nmap-1024', '10.0.7.105');
    expect(contacts).toMatchObject({ failed: 1019, answered: 5, waiting: 0 });
    expect(windows[0]).toMatchObject({
      test: 'failed-ports-of-one-target-5m',
      shared: '10.0.12.30',
      failures: { value: 1019, threshold: 8 },
      perSuccess: { value: 407.6, threshold: 3 },
      lacks: [],
      nearness: 1,
      contexts: [{ context: 'failed', contacts: 1019, failure: 1 }, { context: 'answered, then left' }],
    });
    expect(scans).toMatchObject([{ kind: 'vertical-scan', severity: 'high' }]);
  });

  test('of a crawler says that its successes outweigh its failures', async () => {
    const { windows, scans } = await why('shapes/x6-crawler', benignOf('x6-crawler'));
    expect(scans).toEqual([]);
    expect(windows.every(({ lacks }) => lacks.length > 0)).toBe(true);
    const sweep = windows.find(({ test }) => test === 'failed-targets-on-one-port-5m')!;
    expect(sweep.failures.value).toBeGreaterThan(sweep.failures.threshold);
    expect(sweep.lacks).toEqual(['ratio', 'walk']);
  });

  test('of a stale configuration counts recurring failures, and says that they do not count', async () => {
    const path = join(DATA, 'shapes/fp10-stale-discovery.log.gz');
    const { stdout } = await runHere(['detect', path, '--why', benignOf('fp10-stale-discovery')]);
    expect(stdout).toContain('\nNo threshold was met. The nearest first:\n\nTEST ');
    expect(stdout).toMatch(/recurring failures?: not counted, because there are not more than \d+\n/);
    expect(stdout).toMatch(/contacts? "failed patiently": for a scan, each 1, at most severity low\n/);
  });

  test('of a campaign explains its members', async () => {
    const log = join(DATA, 'shapes/d1-distributed-vertical.log.gz');
    const ndjson = async (...args: string[]) => {
      const { stdout, code } = await runHere(['detect', log, '--format', 'ndjson', ...args]);
      expect(code).toBe(0);
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    const findings = (await ndjson()) as Finding[];
    const campaign = findings.find(({ kind }) => kind === 'distributed-scan')!;
    const entries = await ndjson('--why', campaign.id);
    const [entry] = entries;
    expectValidOutput('findings-why', entries);
    expect(entry).toMatchObject({
      finding: { id: campaign.id, kind: 'distributed-scan' },
      shared: [campaign.targets.sample[0]],
      sources: { count: campaign.sources!.count },
    });
    expect(entry.tests.map(({ test }: { test: string }) => test)).toEqual(campaign.reasons.map(({ test }) => test));
    const members = entry.members as { address: string; share?: number }[];
    expect(members.map(({ address }) => address)).toEqual(campaign.sources!.sample);
    for (const { share } of members) expect(share).toBeGreaterThanOrEqual(4);
    const { stdout } = await runHere(['detect', log, '--why', campaign.id]);
    expect(stdout).toContain('Its members are found together.');
    expect(stdout).not.toContain('WHAT WOULD HAVE PREVENTED IT');
  });

  test('of a finding about one source says the same as of its address', async () => {
    const log = join(DATA, 'lab/pod-nmap-1024.log.gz');
    const { stdout } = await runHere(['detect', log, '--format', 'ndjson']);
    const { id, source } = JSON.parse(stdout.split('\n')[0]!) as Finding;
    const said = await runHere(['detect', log, '--why', id]);
    expect(said).toMatchObject({ code: 0, stdout: (await runHere(['detect', log, '--why', source!.address])).stdout });
  });

  test('of an id that no finding has ends with 1', async () => {
    const log = join(DATA, 'lab/pod-nmap-1024.log.gz');
    const id = '0'.repeat(24);
    expect(await runHere(['detect', log, '--why', id])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(`no finding ${id} in these logs. Without --why, detect prints the ids`),
    });
  });

  test('of an address that began nothing says so', async () => {
    const log = join(DATA, 'lab/pod-nmap-1024.log.gz');
    expect((await runHere(['detect', log, '--why', '10.99.0.1'])).stdout).toBe(
      'no contact that 10.99.0.1 began is known. It may be a target, or the log may lack it\n',
    );
  });

  test.each([
    [['--why', 'host'], '--why must be an IPv4 or IPv6 address, or the id of a finding, got "host"'],
    [['--why', '10.0.0.1', '--format', 'csv'], '--why prints table, ndjson, json, and not csv'],
    [['--why', '10.0.0.1', '--report', 'x.html'], 'cannot be used with option'],
  ])('with %j ends with 2', async (args, message) => {
    const log = join(DATA, 'lab/pod-nmap-1024.log.gz');
    expect(await runHere(['detect', log, ...args])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(message),
    });
  });
});

describe('findings why', () => {
  let embedded: Embedded;
  let run: (...args: string[]) => Promise<Run>;
  let table: string;
  let findings: string;
  const END = Math.floor(Date.now() / 1000) - 7200;

  beforeAll(async () => {
    embedded = await startEmbedded();
    const deployment = await newDeployment(embedded);
    table = deployment.names.windows;
    findings = deployment.names.findings;
    run = runner(embedded, findings);
    const tried = scan('rejected', { count: 6, end: END });
    const answered = [probe({ port: 443, end: END }, 'ACCEPT'), answer({ port: 443, end: END, packets: 14 })];
    await deployment.ingest('some', file([...tried, ...answered]), END + 300);
    // The log goes on, so that all answers are overdue.
    await deployment.ingest('later', file([probe({ from: '10.0.1.1', port: 443, end: END + 3600 })]), END + 3900);
    expect(await deployment.stored()).toEqual([]);
  });
  afterAll(() => embedded.stop());

  const ask = async (...args: string[]) => run('findings', 'why', SCANNER, '--windows-table', table, ...args);

  test('reads the evidence of a source that was not reported, in the scope that has it', async () => {
    const asked = await ask('--format', 'ndjson');
    expect(asked).toMatchObject({ code: 0, stderr: expect.stringContaining('Thresholds are the defaults') });
    const [explanation] = explained(asked);
    expect(explanation).toMatchObject({
      source: { address: SCANNER, scope: '123456789012' },
      contacts: { failed: 6, answered: 1 },
      scans: [],
      findings: [],
    });
    expect(explanation!.windows[0]).toMatchObject({
      test: 'failed-ports-of-one-target-5m',
      shared: TARGET,
      failures: { value: 6, threshold: 8 },
      lacks: ['failures', 'walk'],
    });
  });

  test('compares with the thresholds of a watch that is about the source', async () => {
    const store = new WatchesStore(embedded.client(), findings);
    const times = { from: isoTime(END - 3600), until: isoTime(END + 3600) };
    const watch = {
      id: 'w1',
      owner: 'a',
      reason: 'b',
      sensitivity: 'high',
      source: `${SCANNER}/32`,
      ...times,
    } as const;
    await store.put(watch);
    const asked = await ask('--format', 'ndjson');
    expect(asked.stderr).toContain(
      'a watch may be about 10.0.7.105 in this time, so thresholds are those of the watch.',
    );
    expect(explained(asked)[0]!.windows[0]).toMatchObject({ failures: { value: 6, threshold: 6 } });
    await store.put({ ...watch, from: isoTime(END - 8000), until: isoTime(END - 7300) });
    expect(explained(await ask('--format', 'ndjson'))[0]!.windows[0]).toMatchObject({ failures: { threshold: 8 } });
  });

  test('prints it for people', async () => {
    const { stdout } = await ask('--scope', '123456789012', '--since', '6h');
    expect(stdout).toContain(`${SCANNER} (inside, scope 123456789012) from `);
    expect(stdout).toContain('\nWHAT WAS REPORTED\n  no finding\n');
    expect(stdout).toMatch(/failed-ports-of-one-target-5m +lateral +10\.0\.12\.30 .* 6 of 8 .* failures, the walk\n/);
  });

  test('the evidence also draws a finding, once there is one', async () => {
    const more = await newDeployment(embedded);
    await more.ingest('scan', file(scan('rejected', { count: 30, end: END })), END + 300);
    const { finding } = (await more.stored())[0]!;
    const tables = ['--table', more.names.findings, '--windows-table', more.names.windows];
    const shown = await run('findings', 'show', finding.id, ...tables);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toContain('\nTIMELINE (30 contacts that the source began');
    expect(shown.stdout).toMatch(
      /\nTARGETS BY PORT\n[^\n]+failed\/answered\n {2}10\.0\.12\.30 (?: +x){12} {2}30\/0\n {2}and 18 more ports\n/,
    );
    expect(shown.stdout).toMatch(/\nWHAT WOULD HAVE SUPPRESSED IT\n/);
    const asked = await run('findings', 'why', SCANNER, ...tables);
    expect(asked.stdout).toMatch(
      new RegExp(`\\nWHAT WAS REPORTED\\n {2}high vertical-scan from .*, open, id ${finding.id}\\n`),
    );
    const blind = await run('findings', 'show', finding.id, '--table', more.names.findings);
    expect(blind).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('no picture: the evidence is in the windows table'),
    });
    const gone = await run('findings', 'show', finding.id, '--table', more.names.findings, '--windows-table', 'none');
    expect(gone).toMatchObject({ code: 0, stderr: expect.stringMatching(/^no picture: /) });
  });

  test('knows nothing in another time, in another scope, or of another address', async () => {
    const nothing =
      /^no contact that 10\.0\.7\.105 began is known from \S+Z to \S+Z\. It may be a target, or the log may lack it\n$/;
    expect((await ask('--until', '2d')).stdout).toMatch(nothing);
    expect((await ask('--scope', 'other')).stdout).toMatch(nothing);
    expect((await run('findings', 'why', '198.51.100.9', '--windows-table', table)).stdout).toContain('198.51.100.9');
  });

  test.each([
    [['host', '--windows-table', 'x'], 'SOURCE must be an IPv4 or IPv6 address, or the id of a finding, got "host"'],
    [['10.0.0.1'], 'the evidence is in the windows table. Give --stack NAME, --local, or --windows-table NAME'],
    [['198.51.100.7', '--windows-table', 'x', '--since', '40d'], 'may be 31 days apart for an outside address'],
    [['10.0.0.1', '--windows-table', 'x', '--since', '1d', '--until', '9d'], '--until is before --since'],
    [['9d0ab14e681bdf08386e67fe', '--since', '1d'], '--since, --until and --scope go with an address'],
  ])('with %j ends with 2', async (args, message) => {
    expect(await run('findings', 'why', ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});

describe('findings why ID', () => {
  let embedded: Embedded;
  let run: (...args: string[]) => Promise<Run>;
  let deployment: Deployment;
  let tables: string[];
  const SOURCES = 20;
  const EACH = 6;
  const START = Math.floor(Date.now() / 3_600_000) * 3600 - 7200 + 600;
  const contacts = Array.from({ length: SOURCES * EACH }, (_, n) => ({
    from: `10.0.7.${1 + (n % SOURCES)}`,
    to: `10.0.12.${1 + n}`,
    port: 22,
    end: START + n * 5,
  }));

  beforeAll(async () => {
    embedded = await startEmbedded();
    deployment = await newDeployment(embedded);
    tables = ['--table', deployment.names.findings, '--windows-table', deployment.names.windows];
    run = runner(embedded, deployment.names.findings);
    await deployment.ingest('part', file(contacts.map((each) => probe(each, 'REJECT'))), START + 660);
    const later = probe({ from: '10.0.200.1', to: '10.0.200.2', port: 443, end: START + 2400 });
    await deployment.ingest('later', file([later]), START + 2460);
    await deployment.settle(START + 2520);
  });
  afterAll(() => embedded.stop());

  const campaign = async () => (await deployment.stored()).find(({ finding }) => finding.sources)!.finding;
  const explainedFinding = (printed: Run) => {
    const entries = findingsOf(printed) as unknown as Record<string, unknown>[];
    expectValidOutput('findings-why', entries);
    expect(entries).toHaveLength(1);
    return entries[0]!;
  };

  test('explains a campaign: each threshold, what its members divided, and how far each was from its own', async () => {
    const { id, lastSeen } = await campaign();
    const asked = await run('findings', 'why', id, ...tables, '--format', 'ndjson');
    expect(asked.code).toBe(0);
    expect(explainedFinding(asked)).toMatchObject({
      finding: { id, kind: 'distributed-scan', severity: 'high', direction: 'lateral', lastSeen, state: 'open' },
      tests: [
        { test: 'campaign-sources-3h', threshold: 12, isCeiling: false, final: SOURCES },
        { test: 'campaign-targets-3h', threshold: 48, margin: expect.any(Number), final: SOURCES * EACH },
        { test: 'campaign-overlap-3h', value: 1, threshold: 1.5, isCeiling: true, margin: 0.5 },
      ],
      shared: ['22/6'],
      members: Array.from({ length: SOURCES }, () => ({
        share: EACH,
        failed: EACH,
        nearest: { failures: { value: EACH, threshold: 8 }, nearness: expect.any(Number) },
      })),
      prevention: expect.arrayContaining([
        `campaign-sources-3h: detection.campaignSources of at least ${SOURCES + 1} (was 12)`,
      ]),
    });
  });

  test('prints a campaign for people', async () => {
    const { stdout } = await run('findings', 'why', (await campaign()).id, ...tables);
    expect(stdout).toMatch(/^high lateral distributed scan by 20 sources from \S+ to \S+, open, id [0-9a-f]{24}\n/);
    expect(stdout).toMatch(/\ncampaign-sources-3h +\d+ +at least 12 +(?:just met|\d+ above) +20\n/);
    expect(stdout).toMatch(/\ncampaign-overlap-3h +1 +at most 1\.5 +0\.5 below +-\n/);
    expect(stdout).toContain('\nWHAT THEY DIVIDED\n  shared: TCP port 22\n');
    expect(stdout).toMatch(/\n10\.0\.7\.1 +6 +6 +failed-remote-access-1h: 6 of 8 failures\n/);
    expect(stdout).toContain('\nWHAT WOULD HAVE PREVENTED IT (each alone)\n  campaign-sources-3h: ');
  });

  test('names the members of a campaign without evidence, and says what is missing', async () => {
    const asked = await run('findings', 'why', (await campaign()).id, '--table', deployment.names.findings);
    expect(asked).toMatchObject({
      code: 0,
      stderr:
        'no shares of the members: the evidence is in the windows table. Give --stack, --local or --windows-table\n',
    });
    expect(asked.stdout).toContain('\nMEMBERS (20 of 20, those with the most contacts first)\n  10.0.7.1\n');
  });

  test('of the address of a member names the campaign', async () => {
    const { id } = await campaign();
    const { stdout } = await run('findings', 'why', '10.0.7.1', ...tables);
    expect(stdout).toContain(`id ${id}. It is one of 20 sources: "findings why ${id}" explains them\n`);
    const asked = await run('findings', 'why', '10.0.7.1', ...tables, '--format', 'ndjson');
    expect(explained(asked)).toMatchObject([{ findings: [{ id, members: SOURCES }] }]);
  });

  test('explains a scan by the evidence of its source, in its time', async () => {
    const old = START - 20 * 86_400;
    const other = await newDeployment(embedded, { windowDays: 40 });
    await other.ingest('scan', file(scan('rejected', { count: 30, end: old })), old + 300);
    const { finding } = (await other.stored())[0]!;
    const names = ['--table', other.names.findings, '--windows-table', other.names.windows];
    const asked = await run('findings', 'why', finding.id, ...names, '--format', 'ndjson');
    expect(explained(asked)).toMatchObject([
      { source: { address: SCANNER }, contacts: { failed: 30 }, findings: [{ id: finding.id }] },
    ]);
  });

  test('explains a finding of signals alone: rules, events, and what would have prevented it', async () => {
    const {
      source: _,
      direction: __,
      ...rest
    } = findingOf({
      kind: 'tool-execution',
      id: 'aaaaaaaaaaaaaaaaaaaaaaaa',
      protocols: [],
      reasons: [
        {
          test: 'known-tool',
          value: 2,
          threshold: 1,
          text: 'nmap -sS started in pod ci/build (and 1 more event like it)',
        },
        { test: 'short-lived-containers', value: 12, threshold: 10, text: '12 short-lived containers' },
      ],
      actor: { kind: 'pod', name: 'build', namespace: 'ci', user: 'al ice', at: '2026-09-01T12:00:00Z' },
      signals: {
        count: 3,
        sample: [
          {
            at: '2026-09-01T12:00:00Z',
            type: 'tool-execution',
            actor: 'build',
            summary: 'nmap -sS\u001b',
            eventId: 'e-1',
          },
        ],
      },
    });
    const finding = { ...rest, source: null };
    const detection = { finding, anchorHour: 1, targets: [], open: [], toCheck: [], overDays: false };
    await deployment.findings.upsert(detection, { fragments: 1, judgedAt: 1 }, false, Date.now() / 1000);
    const { stdout, stderr } = await run('findings', 'why', finding.id, '--table', deployment.names.findings);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/\nRULES THAT MATCHED\nRULE .*\nknown-tool +2 +at least 1 +nmap -sS started/);
    expect(stdout).toContain('\nEVENTS (the strongest 1 of 3)\n');
    expect(stdout).toMatch(/\n2026-09-01T12:00:00Z +tool-execution +build +nmap -sS\? +e-1\n/);
    expect(stdout).toContain(
      "  known-tool: no setting, since one such event is enough\n  short-lived-containers: fewer than 10. It has no setting\n  or the suppression --namespace ci --user 'al ice' --kind tool-execution\n",
    );
    const asked = await run('findings', 'why', finding.id, '--table', deployment.names.findings, '--format', 'ndjson');
    expect(explainedFinding(asked)).toMatchObject({ tests: [{ margin: 1 }, { margin: 2 }], signals: { count: 3 } });
  });

  test('that is unknown ends with 1', async () => {
    expect(await run('findings', 'why', 'b'.repeat(24), ...tables)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`no finding ${'b'.repeat(24)} in `),
    });
  });
});

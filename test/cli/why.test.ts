/** `detect --why` and `findings why`: how far an address was from each threshold. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isoTime } from '../../lib/finding/model.ts';
import type { Explanation } from '../../lib/finding/why.ts';
import { WatchesStore } from '../../lib/store/watches-store.ts';
import { newDeployment } from '../lib/pipeline/fixture/deployment.ts';
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

  test('of an address that began nothing says so', async () => {
    const log = join(DATA, 'lab/pod-nmap-1024.log.gz');
    expect((await runHere(['detect', log, '--why', '10.99.0.1'])).stdout).toBe(
      'no contact that 10.99.0.1 began is known. It may be a target, or the log may lack it\n',
    );
  });

  test.each([
    [['--why', 'host'], '--why must be an IPv4 or IPv6 address, got "host"'],
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
    [['host', '--windows-table', 'x'], 'SOURCE must be an IPv4 or IPv6 address, got "host"'],
    [['10.0.0.1'], 'the evidence is in the windows table. Give --stack NAME, --local, or --windows-table NAME'],
    [['198.51.100.7', '--windows-table', 'x', '--since', '40d'], 'may be 31 days apart for an outside address'],
    [['10.0.0.1', '--windows-table', 'x', '--since', '1d', '--until', '9d'], '--until is before --since'],
  ])('with %j ends with 2', async (args, message) => {
    expect(await run('findings', 'why', ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});

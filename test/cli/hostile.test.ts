/** What an attacker chose, in logs, names and arguments, on its way to a terminal: it stays text, on its line. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { isoTime } from '../../lib/finding/model.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { SuppressionsStore } from '../../lib/store/suppressions-store.ts';
import { HOSTILE } from '../lib/finding/samples.ts';
import { START } from '../lib/flowlog/sample-logs.ts';
import { detection } from '../lib/store/fixture/findings.ts';
import { type Embedded, startEmbedded } from '../lib/store/fixture/tables.ts';
import { runner } from './deployed.ts';
import { findingsOf, type Run, runHere } from './run-cli.ts';
import { folderWith, scanLog } from './scan-files.ts';

const TEXTS = HOSTILE.filter(Boolean).map((text) => [text]);
/** Characters that a terminal interprets or does not show, except the end of a line. */
const OBEYED = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u;
const expectTame = ({ stdout, stderr }: Run) => {
  expect(stdout).not.toMatch(OBEYED);
  expect(stderr).not.toMatch(OBEYED);
};
const linesOf = (text: string) => text.split('\n').length;

/** A scan by one host, in Parquet, where any column may contain any text. Every free column has the same text. */
function parquetScan(text: string): Uint8Array {
  const count = 30;
  const column = (name: string, value: (n: number) => string) => ({
    name,
    type: 'STRING' as const,
    data: Array.from({ length: count }, (_, n) => value(n)),
  });
  const fixed = { version: '7', interface_id: 'eni-1', srcaddr: '10.0.7.7', dstaddr: '10.0.8.8', srcport: '41000' };
  const rest = { protocol: '6', packets: '1', bytes: '44', action: 'REJECT', log_status: 'OK', tcp_flags: '2' };
  const free = ['instance_id', 'vpc_id', 'ecs_cluster_name', 'ecs_service_name', 'ecs_task_id', 'interface_type'];
  const buffer = parquetWriteBuffer({
    columnData: [
      ...Object.entries({ ...fixed, ...rest, flow_direction: 'egress' }).map(([name, value]) =>
        column(name, () => value),
      ),
      column('dstport', (n) => String(1000 + n)),
      ...['start', 'end'].map((name) => column(name, (n) => String(START + n))),
      ...free.map((name) => column(name, () => text)),
      // A longer one is taken for none.
      column('account_id', () => text.slice(0, 20)),
    ],
    codec: 'UNCOMPRESSED',
  });
  return new Uint8Array(buffer);
}

describe('detect', () => {
  test.each(TEXTS)('of a log with %j for names prints it as text, in every format', async (text) => {
    const folder = folderWith({ 'scan.parquet': parquetScan(text), 'calm.parquet': parquetScan('calm') });
    for (const format of ['table', 'ndjson', 'json', 'ocsf', 'ocsf-1.3', 'ocsf-1.6']) {
      const hostile = await runHere(['detect', `${folder}/scan.parquet`, '--format', format]);
      const calm = await runHere(['detect', `${folder}/calm.parquet`, '--format', format]);
      expectTame(hostile);
      expect([hostile.code, linesOf(hostile.stdout), linesOf(hostile.stderr)]).toEqual([
        0,
        linesOf(calm.stdout),
        linesOf(calm.stderr),
      ]);
    }
    const [finding] = findingsOf(await runHere(['detect', `${folder}/scan.parquet`, '--format', 'ndjson']));
    // Nothing is lost but white space and controls, which would shift columns.
    expect(finding.source.ecs.cluster).toBe(text.toWellFormed().replace(/[\s\p{Cc}]+/gu, '%20'));
  });

  test.each(TEXTS)('of lines that cannot be read shows %j as text', async (text) => {
    const folder = folderWith({
      'a.log': `${scanLog('10.0.0.9').split('\n').slice(0, 3).join('\n')}\n${text} 1 2 3\n`,
    });
    const run = await runHere(['detect', folder]);
    expectTame(run);
    expect(run.stderr).toContain('skipped');
  });

  test('of files with hostile names, and of folders that hold them, shows the names as text', async () => {
    const names = HOSTILE.filter((text) => text && !/[\0/]/.test(text) && text.isWellFormed()).map(
      (text) => `${text}.log`,
    );
    const folder = folderWith(Object.fromEntries(names.map((name) => [name, 'no flow log at all\n'])));
    const run = await runHere(['detect', folder]);
    expectTame(run);
    // Two lines for each file: what is wrong, and the line that shows it. Then the sum.
    expect(run.stderr.trimEnd().split('\n')).toHaveLength(2 * names.length + 1);
  });
});

describe('arguments', () => {
  test.each(TEXTS)('%j are printed as text', async (text) => {
    const folder = folderWith({ 'a.log': scanLog('10.0.0.9') });
    const runs = [
      [text],
      ['detect', `${folder}/${text.replaceAll('\0', '')}`],
      ['detect', folder, '--format', `x${text}`],
      ['detect', folder, '--internal', `x${text}`],
      ['detect', folder, '--fields', `x${text}`],
      ['detect', folder, '--config', `${folder}/${text.replaceAll('\0', '')}`],
      ['findings', 'list', '--since', `x${text}`],
      ['suppress', 'add', '--source', `x${text}`],
      ['suppress', `x${text}`],
    ];
    for (const args of runs) {
      const run = await runHere(args);
      expectTame(run);
      expect([args, run.code === 0]).toEqual([args, false]);
    }
  });
});

describe('what a table holds', () => {
  let embedded: Embedded;
  let run: (...args: string[]) => Promise<Run>;
  const now = Date.now() / 1000;
  beforeAll(async () => {
    embedded = await startEmbedded();
    const { findings: table } = await embedded.tables();
    run = runner(embedded, table);
    const findings = new FindingsStore({ client: embedded.client(), table, retentionDays: 365 });
    const suppressions = new SuppressionsStore(embedded.client(), table);
    // Half a character does not survive the conversion to text.
    for (const [n, text] of HOSTILE.map((text) => text.toWellFormed()).entries()) {
      const names = { cluster: text, service: text, taskId: text };
      const source = { address: `10.0.7.${n}`, scope: `s${text}`, instanceId: text, ecs: names };
      const times = { firstSeen: isoTime(now - 60), lastSeen: isoTime(now), detectedAt: isoTime(now) };
      const said = { by: text, at: isoTime(now), text };
      const review = {
        acknowledged: said,
        notes: [said],
        verdict: 'benign',
        verdictGiven: { ...said, severity: 'low' },
      } as const;
      const judged = detection({ id: String(n).padStart(24, '0'), source, ...times, ...review });
      await findings.upsert(judged, { fragments: 1, judgedAt: now }, false, now);
      const expires = isoTime(now + 3600);
      await suppressions.add({
        id: `${n}${text}`,
        source: '10.0.0.0/8',
        target: text,
        owner: text,
        reason: text,
        expires,
      });
    }
  });
  afterAll(() => embedded.stop());

  test.each(['table', 'ndjson', 'json', 'ocsf', 'ocsf-1.3', 'ocsf-1.6'])('is listed as text, as %s', async (format) => {
    const listed = await run('findings', 'list', '--format', format);
    expectTame(listed);
    if (format === 'ndjson') expect(findingsOf(listed)).toHaveLength(HOSTILE.length);
    if (format === 'table') expect(listed.stdout.trimEnd().split('\n')).toHaveLength(HOSTILE.length + 1);
  });

  test.each(HOSTILE.map((text, n) => [text, n] as const))('is explained as text: %j', async (_, n) => {
    const shown = await run('findings', 'show', String(n).padStart(24, '0'));
    expectTame(shown);
    expect(shown.stdout).toContain(`source 10.0.7.${n}`);
  });

  test('is listed as text in suppressions, one line each', async () => {
    const listed = await run('suppress', 'list');
    // Columns are parted by tabs.
    expectTame({ ...listed, stdout: listed.stdout.replaceAll('\t', ' ') });
    for (const line of listed.stdout.trimEnd().split('\n')) expect(line.split('\t')).toHaveLength(6);
    expect(listed.stdout.trimEnd().split('\n')).toHaveLength(HOSTILE.length);
  });
});

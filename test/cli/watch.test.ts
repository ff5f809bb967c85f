/** `sweepwatch findings watch`: follows what is new and what changed, and ends with Ctrl-C. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changesOf, type WatchOptions, watchFindings } from '../../cli/commands/watch-findings.ts';
import { type Finding, isoTime } from '../../lib/finding/model.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { expectValidFinding } from '../finding-schema.ts';
import { detection, finding } from '../lib/store/fixture/findings.ts';
import { type Embedded, startEmbedded } from '../lib/store/fixture/tables.ts';
import { runner } from './deployed.ts';
import type { Run } from './run-cli.ts';

let embedded: Embedded;
let store: FindingsStore;
let table: string;
let run: (...args: string[]) => Promise<Run>;
const now = Date.now() / 1000;
const times = { firstSeen: isoTime(now - 600), lastSeen: isoTime(now - 500), detectedAt: isoTime(now - 550) };

beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  ({ findings: table } = await embedded.tables());
  run = runner(embedded, table);
  store = new FindingsStore({ client: embedded.client(), table, retentionDays: 365 });
});

let fragments = 1;
const write = (digit: string, parts: Partial<Finding> = {}) =>
  store.upsert(
    { ...detection({ id: digit.repeat(24), ...times, ...parts }), anchorHour: Math.floor((now - 600) / 3600) },
    { fragments: fragments++, judgedAt: now },
    false,
    now,
  );

/** Watches while something happens, and returns what was printed. */
async function watching(format: WatchOptions['format'], happens: readonly (() => Promise<unknown>)[]): Promise<string> {
  const stop = new AbortController();
  let printed = '';
  const stdout = (text: string) => {
    printed += text;
  };
  const terminal = { stdout, stderr: stdout, isInteractive: false };
  const watched = watchFindings({ since: '1h', every: 0.05, format, table }, terminal, stop.signal);
  for (const happen of happens) {
    const before = printed;
    await happen();
    while (printed === before) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  stop.abort();
  expect(await watched).toBe(0);
  return printed;
}

test('prints what is there, then each change, a line each', async () => {
  await write('1');
  const printed = await watching('table', [
    async () => undefined,
    () => write('2', { severity: 'low', direction: 'inbound' }),
    () => write('1', { severity: 'critical' }),
    () => write('1', { severity: 'critical', status: 'closed', closedBecause: 'ended' }),
  ]);
  expect(printed.split('\n').map((line) => line.replace(/^\S+ +/, '').replace(/ +/g, ' '))).toEqual([
    `high vertical-scan lateral 10.0.7.105 open ${'1'.repeat(24)} new`,
    `low vertical-scan inbound 10.0.7.105 open ${'2'.repeat(24)} new`,
    `critical vertical-scan lateral 10.0.7.105 open ${'1'.repeat(24)} severity was high`,
    `critical vertical-scan lateral 10.0.7.105 ended ${'1'.repeat(24)} was open`,
    '',
  ]);
});

test('prints whole findings for programs', async () => {
  const printed = await watching('ndjson', [() => write('1'), () => write('1', { confidence: 5, severity: 'low' })]);
  const findings = printed
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text));
  for (const each of findings) expectValidFinding(each);
  expect(findings.map(({ severity }) => severity)).toEqual(['high', 'low']);
});

describe('what changed', () => {
  test.each<[string, Partial<Finding>, string[]]>([
    ['nothing', {}, []],
    ['only the time of the last probe', { lastSeen: '2026-11-21T10:09:00Z' }, []],
    ['its size', { contacts: { ...finding().contacts, failed: 1200 } }, ['1,200 failed']],
    ['a service', { openPorts: { count: 1, sample: [] } }, ['1 service answered']],
    ['a note', { notes: [{ by: 'a', at: '2026-11-21T10:09:00Z', text: 'n' }] }, ['a note']],
  ])('is named: %s', (_, parts, changes) => {
    expect(changesOf(finding(), finding(parts))).toEqual(changes);
  });
});

test('ends with 0 at Ctrl-C', async () => {
  await write('1');
  const entry = fileURLToPath(new URL('../../cli/sweepwatch.mjs', import.meta.url));
  const child = spawn(process.execPath, [entry, 'findings', 'watch', '--table', table], { env: { ...process.env } });
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
    if (printed.includes('new\n')) child.kill('SIGINT');
  });
  const [code] = await once(child, 'close');
  expect([code, printed.split('\n').length]).toEqual([0, 2]);
});

test('with a table that does not exist ends at once, and refuses a pace that is too fast', async () => {
  expect(await run('findings', 'watch', '--table', 'missing')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no table missing in us-east-1'),
  });
  expect(await run('findings', 'watch', '--every', '1')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Expected a number of seconds from 5 to 3600.'),
  });
});

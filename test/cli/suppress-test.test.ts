/** `sweepwatch suppress test`: what a rule would have silenced. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { announcedAs } from '../../lib/pipeline/deliver.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { Outbox } from '../../lib/store/outbox.ts';
import { detection } from '../lib/store/fixture/findings.ts';
import { type Embedded, itemsOf, startEmbedded } from '../lib/store/fixture/tables.ts';
import { runner } from './deployed.ts';
import type { Run } from './run-cli.ts';

let embedded: Embedded;
let table: string;
let run: (...args: string[]) => Promise<Run>;
const now = Date.now() / 1000;
const ago = (days: number) => `${new Date((now - days * 86_400) * 1000).toISOString().slice(0, 19)}Z`;

beforeAll(async () => {
  embedded = await startEmbedded();
  table = (await embedded.tables()).findings;
  run = runner(embedded, table);
  const store = new FindingsStore({ client: embedded.client(), table, retentionDays: 365 });
  const outbox = new Outbox(embedded.client(), table);
  const put = async (id: string, values: object, told?: 'alert' | 'silent') => {
    const made = detection({ id, ...values });
    await store.upsert(made, { fragments: 1, judgedAt: 1 }, told !== undefined, now);
    if (!told) return;
    const stored = (await outbox.lease((await store.byId(id))!, now, 60))!;
    await outbox.told(
      stored,
      told === 'alert' ? announcedAs(made.finding, now) : undefined,
      told === 'silent' ? 'r' : undefined,
    );
  };
  const at = (days: number) => ({ firstSeen: ago(days), lastSeen: ago(days), detectedAt: ago(days) });
  const source = (address: string) => ({ source: { address, scope: '111122223333' } });
  await put('a'.repeat(24), { ...at(2), ...source('10.0.3.22'), severity: 'high' }, 'alert');
  await put('b'.repeat(24), { ...at(3), ...source('10.0.3.23'), severity: 'medium' }, 'silent');
  await put('c'.repeat(24), { ...at(4), ...source('10.0.3.24'), severity: 'medium' });
  await put('d'.repeat(24), { ...at(5), ...source('10.0.4.22'), severity: 'high' }, 'alert');
  await put('e'.repeat(24), { ...at(40), ...source('10.0.3.22'), severity: 'high' }, 'alert');
  await put('f'.repeat(24), { ...at(2), ...source('10.0.3.25'), severity: 'high', test: true }, 'alert');
});
afterAll(() => embedded.stop());

test('the findings of 30 days that a rule covers are counted by severity, and their alerts are named', async () => {
  const { code, stdout, stderr } = await run('suppress', 'test', '--source', '10.0.3.0/24');
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
  expect(stdout).toMatch(/^3 findings of 4 since \S+ would have been covered by 10\.0\.3\.0\/24\n/);
  expect(lines).toContainEqual(['SEVERITY', 'FINDINGS', 'ALERTED', 'ALREADY SILENT']);
  expect(lines).toContainEqual(['high', '1', '1', '0']);
  expect(lines).toContainEqual(['medium', '2', '0', '1']);
  expect(lines).toContainEqual(['all', '3', '1', '1']);
  expect(stdout).toContain('Alerts about these would not have been sent:');
  expect(lines).toContainEqual([ago(2), 'high', expect.any(String), '10.0.3.22', 'a'.repeat(24)]);
  expect(stdout).not.toContain('d'.repeat(24));
});

test('a longer time finds more, and JSON has all of it', async () => {
  const { stdout } = await run('suppress', 'test', '--source', '10.0.3.0/24', '--since', '60d', '--format', 'json');
  expect(JSON.parse(stdout)).toMatchObject({
    scope: { source: '10.0.3.0/24' },
    findings: 5,
    covered: [
      { severity: 'high', findings: 2, alerted: 2, alreadySilent: 0 },
      { severity: 'medium', findings: 2, alerted: 0, alreadySilent: 1 },
      { severity: 'all', findings: 4, alerted: 2, alreadySilent: 1 },
    ],
    findingsCovered: [
      { id: 'e'.repeat(24), alerted: true, suppressedBy: null },
      { id: 'c'.repeat(24), alerted: false },
      { id: 'b'.repeat(24), alerted: false, suppressedBy: 'r' },
      { id: 'a'.repeat(24), alerted: true },
    ],
  });
});

test('a rule that covers nothing says so, and no test adds a rule', async () => {
  expect((await run('suppress', 'test', '--source', '10.9.9.9/32')).stdout).toMatch(
    /^0 findings of 4 since \S+ would have been covered by 10\.9\.9\.9\/32\n$/,
  );
  const items = await itemsOf(embedded.client(), table);
  expect(items.filter(({ pk }) => pk === 'suppressions')).toEqual([]);
});

test.each([
  [['--ports', '22'], '--source must be given unless instance'],
  [['--source', '10.0.3.22'], '--source must be a CIDR'],
  [['--source', '10.0.3.22/32', '--since', 'soon'], '--since must be a date'],
])('wrong usage ends with 2: %j', async (args, message) => {
  expect(await run('suppress', 'test', ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
});

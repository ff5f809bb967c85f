/** Parts of PowerShell scripts (event 4104) that arrive in several deliveries, in any order and again. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { judgeGathered } from '../../../lib/signals/gathered.ts';
import { HostLogReader } from '../../../lib/signals/host/index.ts';
import { ScriptBlocks } from '../../../lib/signals/host/script-blocks.ts';
import { readPayload } from '../../../lib/signals/payload.ts';
import { loadSigmaRules } from '../../../lib/signals/sigma/load.ts';
import type { Signal } from '../../../lib/signals/signal.ts';
import { SignalsStore } from '../../../lib/store/signals-store.ts';
import fc from '../../properties.ts';
import { newDeployment } from '../pipeline/fixture/deployment.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { subscription } from './payloads.ts';

let memory: Database;
beforeAll(async () => {
  memory = await startMemory();
});
afterAll(() => memory.stop());

const STREAM = { group: '/hosts', stream: 'i-0ff2a0c6a833fe1a6' };
const TIME = Date.parse('2026-11-21T19:19:35Z');
const FILLER = 'Write-Output "x"\n'.repeat(20);
const CALL = 'Invoke-Portscan -Hosts 10.0.0.0/24\n';

/** A part as the Windows event log writes it, some milliseconds after the one before. */
const part = (block: string, number: number, total: number, text: string, user = 'SHOP\\ann'): string =>
  JSON.stringify({
    EventID: 4104,
    Channel: 'Microsoft-Windows-PowerShell/Operational',
    Hostname: 'WIN-1',
    '@timestamp': new Date(TIME + number * 7).toISOString(),
    User: user,
    ScriptBlockText: text,
    ScriptBlockId: block,
    MessageNumber: number,
    MessageTotal: total,
  });

const partsOf = (block: string, texts: readonly string[]): string[] =>
  texts.map((text, at) => part(block, at + 1, texts.length, text));
const payloadOf = (lines: readonly string[]) => readPayload(subscription(lines, STREAM)).gathered;
const judged = (...deliveries: readonly (readonly string[])[]): readonly Signal[] =>
  judgeGathered(deliveries.filter((lines) => lines.length).map(payloadOf)).signals;

/** What `detect` reads from files, in their order. */
function readFiles(...files: readonly (readonly string[])[]): Signal[] {
  const blocks = new ScriptBlocks();
  const signals: Signal[] = [];
  for (const lines of files) {
    const reader = new HostLogReader(STREAM.stream, [], blocks);
    for (const line of lines) signals.push(...reader.read(line));
    signals.push(...reader.finish());
  }
  return [...signals, ...new HostLogReader('', [], blocks).finishScripts()];
}

const sorted = (signals: readonly Signal[]) => signals.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1));

/** Scripts that call, define, mention in comments and texts, or do nothing of the kind. */
const script = fc
  .array(
    fc.constantFrom(
      FILLER,
      CALL,
      `<# ${CALL}${FILLER}#>\n`,
      `# ${CALL}`,
      `@'\n${CALL}'@\n`,
      'function Invoke-Portscan {}\n',
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((pieces) => pieces.join(''));

/** The cuts may go through the middle of a word. */
const cutScript = fc
  .tuple(script, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 }))
  .map(([text, places]) => {
    const cuts = [...new Set(places.map((place) => 1 + Math.floor(place * (text.length - 2))))].sort((a, b) => a - b);
    return [0, ...cuts].map((from, at) => text.slice(from, cuts[at]));
  });

const deliveries = fc.array(cutScript, { minLength: 1, maxLength: 4 }).chain((scripts) => {
  const all = scripts.flatMap((texts, at) => partsOf(`b-${at}`, texts));
  return fc
    .shuffledSubarray([...all, ...all], { minLength: all.length })
    .map((shuffled) => [...shuffled, ...all.filter((one) => !shuffled.includes(one))])
    .chain((lines) =>
      fc
        .array(fc.nat({ max: 3 }), { minLength: lines.length, maxLength: lines.length })
        .map((places) => ({ all, pieces: [0, 1, 2, 3].map((piece) => lines.filter((_, at) => places[at] === piece)) })),
    );
});

describe('any order, split and repetition of the parts says what one delivery of them says', () => {
  test('in the evidence of a deployment', () => {
    fc.assert(
      fc.property(deliveries, ({ all, pieces }) => {
        expect(sorted(judged(...pieces))).toEqual(sorted(judged(all)));
      }),
      { numRuns: 300 },
    );
  });

  test('in files', () => {
    fc.assert(
      fc.property(deliveries, ({ all, pieces }) => {
        const plain = (signals: readonly Signal[]) => JSON.parse(JSON.stringify(sorted(signals)));
        expect(plain(readFiles(...pieces))).toEqual(plain(readFiles(all)));
      }),
      { numRuns: 300 },
    );
  });

  test('stored in a table, where each payload may come twice', async () => {
    await fc.assert(
      fc.asyncProperty(deliveries, async ({ all, pieces }) => {
        const { windows } = await memory.tables();
        const store = new SignalsStore({ client: memory.client(), table: windows, retentionDays: 8 });
        for (const [at, lines] of [...pieces, pieces[0]!].entries())
          if (lines.length)
            await store.write(payloadOf(lines), { digest: `d${at % pieces.length}`, received: TIME }, TIME / 1000);
        const hour = Math.floor(TIME / 3_600_000);
        const { gathered } = await store.read({ from: hour, to: hour });
        const plain = (signals: readonly Signal[]) => JSON.parse(JSON.stringify(sorted(signals)));
        expect(plain(judgeGathered(gathered).signals)).toEqual(plain(judged(all)));
      }),
      { numRuns: 20 },
    );
  });
});

describe('a call that is cut in two', () => {
  const parts = partsOf('b', [`${FILLER}Invoke-Port`, 'scan -Hosts 10.0.0.0/24']);

  test('is a finding of a deployment once the second delivery is there, in either order', async () => {
    for (const order of [parts, parts.toReversed()]) {
      const deployment = await newDeployment(memory, { hasSignals: true });
      const now = TIME / 1000 + 60;
      await deployment.takeSignals(subscription([order[0]!], STREAM), now);
      await deployment.settle(now + 600);
      expect(await deployment.stored()).toEqual([]);
      await deployment.takeSignals(subscription([order[1]!], STREAM), now + 601);
      await deployment.settle(now + 1200);
      expect((await deployment.stored()).map(({ finding }) => finding)).toMatchObject([
        { kind: 'tool-execution', severity: 'medium', actor: { user: 'SHOP\\ann' } },
      ]);
    }
  });
});

describe('a script that never becomes whole', () => {
  test('is judged by the runs of its parts, at low severity where the beginning is missing', () => {
    const lines = partsOf('b', [CALL, FILLER, CALL, FILLER, `${CALL}${FILLER}`]);
    const found = judged([lines[4]!], [lines[0]!], [lines[2]!]);
    expect(sorted(found)).toMatchObject([
      { eventId: 'script:WIN-1:b', severity: 'medium' },
      { eventId: 'script:WIN-1:b:3', severity: 'low' },
      { eventId: 'script:WIN-1:b:5', severity: 'low' },
    ]);
    for (const { dataQuality } of found) expect(dataQuality).toEqual(['Some parts of the script are missing.']);
  });

  test('is kept up to a million characters of a payload, and judged alone beyond', () => {
    const text = 'x'.repeat(60_000);
    const lines = Array.from({ length: 18 }, (_, at) => part(`b-${at}`, 2, 3, at === 17 ? `${text}\n${CALL}` : text));
    const { gathered, unread } = readPayload(subscription(lines, STREAM));
    expect(gathered.hosts[0]!.parts).toHaveLength(16);
    expect(unread).toMatchObject([{ reason: 'split-script', count: 2 }]);
    expect(judgeGathered([gathered]).signals).toMatchObject([{ severity: 'low' }]);
  });
});

test('a long script is stored in parts, and the end of it is not lost', async () => {
  const { windows } = await memory.tables();
  const store = new SignalsStore({ client: memory.client(), table: windows, retentionDays: 8 });
  const lines = [part('long', 1, 1, `${'Write-Output "x"\n'.repeat(20_000)}${CALL}`)];
  expect(await store.write(payloadOf(lines), { digest: 'd', received: TIME }, TIME / 1000)).toMatchObject({
    dropped: 0,
  });
  const hour = Math.floor(TIME / 3_600_000);
  const { gathered } = await store.read({ from: hour, to: hour });
  expect(judgeGathered(gathered).signals).toMatchObject([{ severity: 'medium', dataQuality: [] }]);
});

test('parts of different hosts and blocks are different scripts', () => {
  const one = part('a', 1, 2, 'Invoke-Port');
  const other = part('c', 2, 2, 'scan -Hosts 10.0.0.0/24');
  expect(judged([one], [other])).toEqual([]);
  const elsewhere = part('a', 2, 2, 'scan -Hosts 10.0.0.0/24').replace('WIN-1', 'WIN-2');
  expect(judged([one], [elsewhere])).toEqual([]);
});

test('a rule of the user that fits one part is credited in the whole script', () => {
  const text = `title: Sweeper\nid: 11111111-2222-4333-8444-555555555555\nauthor: Ann\nlevel: high\nlogsource:\n  product: windows\n  category: ps_script\ndetection:\n  selection:\n    ScriptBlockText|contains: Start-OwnSweep\n  condition: selection\n`;
  const { rules } = loadSigmaRules([{ name: 'rule.yml', text }]);
  const parts = partsOf('b', [FILLER, 'Start-OwnSweep 10.0.0.0/24\n', FILLER]);
  const pieces = parts.map((line) => readPayload(subscription([line], STREAM), rules).gathered);
  for (const order of [pieces, pieces.toReversed()])
    expect(judgeGathered(order).signals).toMatchObject([
      { severity: 'high', summary: expect.stringContaining('Sigma rule "Sweeper"'), dataQuality: [] },
    ]);
});

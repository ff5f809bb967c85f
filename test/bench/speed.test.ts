/** The benchmark around its clocks: what counts as right, as met, and what is written. */
import { describe, expect, test } from '@jest/globals';
import { quantile, ratioOf, spreadOf } from '../../bench/speed/alternate.ts';
import { answerText, judge } from '../../bench/speed/answer.ts';
import { bundleOf, type FunctionName } from '../../bench/speed/assembly.ts';
import { BUDGETS, BUNDLE_BYTES, memoryLimit, speedBudget, verdictOf } from '../../bench/speed/budgets.ts';
import { documentOf } from '../../bench/speed/document.ts';
import { installDuckdb } from '../../bench/speed/duckdb.ts';
import type { Section } from '../../bench/speed/part.ts';
import { plotOf } from '../../bench/speed/plot.ts';
import { run, runNode } from '../../bench/speed/run.ts';
import { sharedAssembly } from '../deployments/assembly.ts';

describe('the bundles', () => {
  test.each(Object.entries(BUNDLE_BYTES))('%s stays within %d bytes', (name, bytes) => {
    expect(bundleOf(sharedAssembly(), name as FunctionName).bytes).toBeLessThanOrEqual(bytes);
  });
});

describe('an answer', () => {
  const label = { name: 'a scan', source: '10.0.0.1', kind: 'vertical-scan', direction: 'lateral' } as const;
  const line = (address: string | null, severity = 'high') =>
    JSON.stringify({ source: address && { address }, kind: label.kind, direction: label.direction, severity });

  test('is right with every scan and no other alarm', () => {
    expect(judge(`${line('10.0.0.1')}\n${line('203.0.113.9', 'low')}\n`, [label])).toEqual({
      found: 1,
      asked: 1,
      wrong: [],
    });
  });

  test('is wrong where a scan is missing, or somebody else alarms', () => {
    const answer = judge(`${line('10.0.0.2')}\n${line(null)}`, [label]);
    expect(answerText(answer)).toBe(
      '0 of 1; WRONG: a scan by 10.0.0.1 is not found; high vertical-scan by 10.0.0.2, whom no label names; high vertical-scan by many sources, whom no label names',
    );
    expect(judge(`${line('10.0.0.1')}\n${line('10.0.0.2')}`, [label], true).wrong).toEqual([]);
  });
});

describe('figures', () => {
  test('median and spread', () => {
    expect(spreadOf([3, 1, 2, 10])).toEqual({ median: 2.5, least: 1, most: 10 });
    expect(quantile([0, 1, 2, 3, 4], 0.95)).toBeCloseTo(3.8);
  });

  test('a ratio is that of the rounds', () => {
    const rounds = (...all: number[]) => all.map((seconds) => ({ net: 0, run: { seconds } as never }));
    expect(ratioOf(rounds(2, 30, 4), rounds(1, 10, 4))).toBe(2);
  });

  test('a budget is met, or missed by so much', () => {
    const overGunzip = speedBudget('ordinary', 'v5', 'gunzip');
    expect(verdictOf(overGunzip, 1.5).cells.slice(2)).toEqual(['1.5 times', '1.5 times', 'met']);
    expect(verdictOf(overGunzip, 1.8).cells.at(-1)).toBe('missed by 20 %');
    const overDuckdb = speedBudget('scattered', 'v2', 'duckdb');
    expect(verdictOf(overDuckdb, undefined).cells.slice(2)).toEqual(['0.5 times (aim)', '-', 'not measured']);
    expect([memoryLimit(1), memoryLimit(3)]).toEqual([256, 352]);
  });
});

describe('DuckDB', () => {
  test('is left out, with the reason, when it cannot be installed', () => {
    const lines: string[] = [];
    installDuckdb((line) => lines.push(line), [process.execPath, '-e', 'process.exit(3)']);
    installDuckdb((line) => lines.push(line), ['no-such-npm', 'ci']);
    expect(lines[0]).toMatch(/^DuckDB is not installed. Running ".+" in bench\/ /);
    expect(lines.filter((_, at) => at % 2)).toEqual([
      expect.stringContaining('could not be installed (exit status 3)'),
      expect.stringMatching(/could not be installed .*leaves it out/),
    ]);
  });
});

describe('a plot', () => {
  const plot = (...ys: number[]) =>
    plotOf({
      title: 'Time',
      lines: [{ name: 'one', points: ys.map((y, at) => ({ x: 10 ** at, y })) }],
      xText: String,
      yText: (y) => `${y} s`,
    });
  const placesOf = (svg: string) =>
    [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)] as const);

  test('has a point for each value, further up for a larger one, and equal steps for equal factors', () => {
    const places = placesOf(plot(1, 10, 100));
    const stepsOf = (which: 0 | 1) => [1, 2].map((at) => places[at]![which] - places[at - 1]![which]);
    const [across, up] = [stepsOf(0), stepsOf(1)];
    expect(across[0]).toBeCloseTo(across[1]!, 0);
    expect(up[0]).toBeCloseTo(up[1]!, 0);
    expect(Math.max(...up)).toBeLessThan(0);
  });

  test('names its marks, and can be drawn of one value', () => {
    expect(plot(2, 30)).toContain('>50 s</text>');
    for (const place of placesOf(plot(5)).flat()) expect(Number.isFinite(place)).toBe(true);
  });
});

describe('the document', () => {
  const order = [
    { name: 'speed', title: 'Speed' },
    { name: 'memory', title: 'Memory' },
  ];
  const section = (measured: number): Section => ({
    verdicts: [verdictOf(BUDGETS.memory, measured)],
    tables: [{ title: '', header: ['input', 'peak'], rows: [['one', String(measured)]] }],
    text: 'Said of it.',
  });
  const speed = { ...section(1), verdicts: [verdictOf(speedBudget('ordinary', 'v2', 'gunzip'), 1.25)] };

  test('keeps the parts that were not run, and puts all in their order', () => {
    const first = documentOf('', [{ ...order[1]!, section: section(300) }], order, 'on a day');
    const both = documentOf(first, [{ ...order[0]!, section: speed }], order, 'on another');
    expect(both.match(/^## .*/gm)).toEqual(['## Budgets', '## Speed', '## Memory']);
    expect(both).toContain('| memory | resident memory, one worker, any input | 256 MB | 300 MB | missed by 18 % |');
    expect(both).toContain('--only memory`, on a day');
    const again = documentOf(both, [{ ...order[1]!, section: section(200) }], order, 'on a third');
    expect(again).toContain('| 200 MB | met |');
    expect(again).not.toContain('300 MB');
    expect(documentOf(again, [], order, '')).toBe(again);
    const figure = { file: 'one.svg', alternative: 'One over two.', svg: '' };
    const drawn = documentOf(again, [{ ...order[1]!, section: { ...section(1), figure } }], order, '');
    expect(drawn).toContain('\n\n![One over two.](one.svg)\n\nSaid of it.');
  });
});

describe('a child process', () => {
  test('tells what it said, how it ended, and what it took', async () => {
    const node = await runNode(['--eval', 'console.log("out"); console.error("err"); process.exitCode = 3']);
    expect(node).toMatchObject({ stdout: 'out\n', stderr: 'err\n', code: 3 });
    expect(node.peakBytes).toBeGreaterThan(10 * 2 ** 20);
    expect(node.processorSeconds).toBeGreaterThan(0);
    expect(await run('sh', ['-c', 'exit 0'])).toMatchObject({
      code: 0,
      peakBytes: undefined,
      processorSeconds: undefined,
    });
  });
});

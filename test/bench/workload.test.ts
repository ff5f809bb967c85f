/** The generated workloads: the same again from the same seed, well-formed, and `detect` finds what is hidden in them. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { judge } from '../../bench/speed/answer.ts';
import { contactFlood, noiseFlood, sourceFlood } from '../../bench/workload/floods.ts';
import { LAYOUT_NAMES, LAYOUTS } from '../../bench/workload/layout.ts';
import { linesOf } from '../../bench/workload/lines.ts';
import { type OrdinaryOptions, ordinary } from '../../bench/workload/ordinary.ts';
import { scatteredTraffic } from '../../bench/workload/scattered.ts';
import { single } from '../../bench/workload/single.ts';
import { deliveriesOf, type Workload } from '../../bench/workload/workload.ts';
import { runCli } from '../cli/run-cli.ts';

const textOf = (workload: Workload): Buffer => Buffer.concat([...linesOf(workload, deliveriesOf(workload))]);
const hashOf = (workload: Workload): string => createHash('sha256').update(textOf(workload)).digest('hex');
const detect = (log: Buffer) => runCli(['detect', '-', '--format', 'ndjson'], log);
const small = (options: Partial<OrdinaryOptions> = {}): Workload =>
  ordinary({ seed: 'test', records: 20_000, interfaces: 180, ...options });

describe('a workload', () => {
  test('is the same again from the same seed, and another from another', () => {
    expect(hashOf(small())).toBe(hashOf(small()));
    expect(hashOf(small({ seed: 'other' }))).not.toBe(hashOf(small()));
  });

  test('has as many records as were asked for, each with all its fields', () => {
    for (const layout of LAYOUT_NAMES) {
      const [header, ...lines] = textOf(small({ layout })).toString().trimEnd().split('\n');
      const { fields } = LAYOUTS[layout];
      expect(header).toBe(fields.join(' '));
      expect(new Set(fields).size).toBe(fields.length);
      expect(lines.length / 20_000).toBeCloseTo(1, 2);
      expect(lines.filter((line) => line.split(' ').length !== fields.length)).toEqual([]);
    }
  });

  test('says the same in any layout', () => {
    const rowsOf = (layout: OrdinaryOptions['layout']) => {
      const [header = '', ...lines] = textOf(small({ layout: layout! }))
        .toString()
        .trimEnd()
        .split('\n');
      const columns = LAYOUTS.v5.fields.slice(1).map((field) => header.split(' ').indexOf(field));
      return lines.map((line) => {
        const cells = line.split(' ');
        return columns.map((column) => cells[column]).join(' ');
      });
    };
    expect(rowsOf('permuted')).toEqual(rowsOf('v5'));
    expect(rowsOf('v7')).toEqual(rowsOf('v5'));
  });

  test('has no two rows of one interface and interval apart, unless it is in no order', () => {
    const runsOf = (order: Workload['order']) => {
      const runs = textOf(small({ order, layout: 'v2' }))
        .toString()
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(' '))
        .map((cells) => `${cells[2]} ${cells[10]}`);
      const changes = runs.filter((run, index) => run !== runs[index - 1]);
      return { changes: changes.length, distinct: new Set(runs).size };
    };
    const { changes, distinct } = runsOf('delivered');
    expect(changes).toBe(distinct);
    expect(runsOf('random').changes).toBeGreaterThan(2 * distinct);
  });

  test('of one record has one', () => {
    expect(textOf(single()).toString().trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('detect finds what is hidden, and nothing else of medium severity or above', () => {
  const workloads: readonly (readonly [string, () => Workload])[] = [
    ...LAYOUT_NAMES.map((layout) => [layout, () => small({ layout })] as const),
    ['IPv6', () => small({ isIpv6: true })],
    ['a day in no order', () => small({ intervals: 1440, order: 'random' })],
    ['a scan in each delivery', () => small({ intervals: 25, scans: 'each-delivery' })],
    ['noise', () => noiseFlood({ seed: 'test', count: 5000 })],
    ['one source, many contacts', () => contactFlood({ seed: 'test', count: 20_000 })],
    ['scattered traffic', () => scatteredTraffic({ seed: 'test', records: 150_000 })],
    ['many clients', () => sourceFlood({ seed: 'test', count: 100, refused: 0.1 })],
  ];

  test.each(workloads)('%s', async (_, make) => {
    const workload = make();
    const { code, stdout, stderr } = await detect(textOf(workload));
    expect(stderr).not.toContain('skipped');
    expect(judge(stdout, workload.labels)).toEqual({
      found: workload.labels.length,
      asked: workload.labels.length,
      wrong: [],
    });
    expect(code).toBe(0);
  });
});

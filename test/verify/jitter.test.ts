/** Jitter changes the form of a log but not its meaning. A few shapes are replayed with one seed. */
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { randomOf, shuffled } from '../../bench/random.ts';
import { judgeShapes } from '../../verify/coverage/coverage.ts';
import { jitter } from '../../verify/coverage/jitter.ts';
import { replay, seedsOf } from '../../verify/coverage/jitter-run.ts';
import { readdressAll, readdressing } from '../../verify/coverage/readdress.ts';
import { allShapes } from '../../verify/coverage/shapes.ts';
import { isPrivate, readRecords } from '../../verify/peers/record.ts';

const QUICK = [
  'h2-sweep-outside',
  'fp6-backscatter',
  'v1-fast-vertical',
  'v5-paranoid-vertical',
  'x4-ipv6-vertical',
  'x7-vertical-72h',
];
const shapes = allShapes().filter(({ name, format }) => QUICK.includes(name) && format === 'v5');
const named = (name: string) => shapes.find((shape) => shape.name === name)!;
const linesOf = (files: readonly Uint8Array[]) =>
  files.flatMap((file) => Buffer.from(file).toString().trimEnd().split('\n').slice(1));

describe('new addresses', () => {
  const readdress = readdressing(randomOf('addresses'));
  const hosts = [
    ...Array.from({ length: 256 }, (_, n) => `10.0.1.${n}`),
    ...Array.from({ length: 256 }, (_, n) => `10.0.${n}.7`),
    ...Array.from({ length: 256 }, (_, n) => `${n}.7.7.7`),
    ...Array.from({ length: 16 }, (_, n) => `2a05:d010:3bf4:3d0${n.toString(16)}::12c5`),
  ];

  test('are one for one, inside for inside, outside for outside', () => {
    const moved = hosts.map(readdress);
    expect(new Set(moved).size).toBe(new Set(hosts).size);
    expect(moved.map(isPrivate)).toEqual(hosts.map(isPrivate));
    expect(hosts.map(readdress)).toEqual(moved);
  });

  test('keep networks together', () => {
    const network = (address: string, octets: number) => readdress(address).split('.').slice(0, octets).join('.');
    expect(new Set(hosts.slice(0, 256).map((host) => network(host, 3))).size).toBe(1);
    expect(new Set(hosts.slice(256, 512).map((host) => network(host, 2))).size).toBe(1);
    const wide = readdressAll('10.0.16.0/20 10.0.1.9', readdress);
    expect(wide).toMatch(/^\d+\.\d+\.\d+\.0\/20 /);
    expect(wide.endsWith(` ${readdress('10.0.1.9')}`)).toBe(true);
    expect(Number(wide.split('.')[2]) % 16).toBe(0);
  });

  test('keep a row of hosts in its order or against it', () => {
    const row = hosts.slice(0, 256).map((host) => Number(readdress(host).split('.')[3]));
    const steps = new Set(row.slice(1).map((host, at) => host - row[at]!));
    expect([[1], [-1]]).toContainEqual([...steps]);
  });

  test('leave alone what is special', () => {
    for (const address of [
      '169.254.169.254',
      '224.0.0.251',
      '255.255.255.255',
      '127.0.0.1',
      '0.0.0.0',
      'fe80::1',
      'ff02::1',
      '-',
    ])
      expect(readdress(address)).toBe(address);
  });
});

describe('a jittered log', () => {
  const shape = named('v1-fast-vertical');
  const log = readFileSync(shape.path);
  const once = jitter(log, shape, 'seed');

  test('is the same for the same seed, and another for another', () => {
    const hex = (files: readonly Uint8Array[]) => files.map((file) => Buffer.from(file).toString('hex'));
    expect(hex(jitter(log, shape, 'seed').files)).toEqual(hex(once.files));
    expect(hex(jitter(log, shape, 'other').files)).not.toEqual(hex(once.files));
  });

  test('lost at most a twentieth of its rows, and repeats none', () => {
    const rows = linesOf([gunzipSync(log)]).length;
    const kept = linesOf(once.files).length;
    expect(kept).toBeLessThanOrEqual(rows);
    expect(kept).toBeGreaterThan(0.94 * rows);
  });

  test('has labels that moved with it', () => {
    const [label] = once.labels;
    const probes = once.files
      .flatMap((file) => readRecords(file))
      .filter(({ source, target }) => label!.sources.includes(source) && target === label!.targets);
    expect(probes.length).toBeGreaterThan(1000);
    expect(Math.min(...probes.map(({ end }) => end))).toBeGreaterThanOrEqual(label!.first - 1);
    expect(Math.max(...probes.map(({ start }) => start))).toBeLessThanOrEqual(label!.last + 1);
    expect(once.original.get(label!.sources[0]!)).toBe(shape.labels[0]!.sources[0]);
  });

  test('does not stretch a slow scan beyond what is promised', () => {
    const slow = named('x7-vertical-72h');
    for (let seed = 1; seed <= 10; seed++) {
      const [label] = jitter(readFileSync(slow.path), slow, `${seed}`).labels;
      expect(label!.last - label!.first).toBeLessThanOrEqual(72 * 3600);
    }
  });

  test('does not compress a short log below five minutes', () => {
    const header = 'srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';
    const rows = [
      '10.0.0.1 10.0.0.2 1 2 6 1 44 1000 1060 REJECT OK',
      '10.0.0.1 10.0.0.2 1 2 6 1 44 1280 1340 REJECT OK',
    ];
    const short = gzipSync([header, ...rows].join('\n'));
    for (let seed = 1; seed <= 10; seed++) {
      const kept = jitter(short, { labels: [], benign: [] }, `${seed}`).files.flatMap((file) => readRecords(file));
      if (kept.length < 2) continue;
      const length = Math.max(...kept.map(({ end }) => end)) - Math.min(...kept.map(({ start }) => start));
      expect(length).toBeGreaterThanOrEqual(299);
    }
  });

  test('is judged as the original was', async () => {
    for (const { shape, score } of await judgeShapes(shapes))
      expect((await replay(shape, score, 1)).failures).toEqual([]);
  });
});

describe('the generator', () => {
  test('shuffles without loss', () => {
    const items = Array.from({ length: 100 }, (_, n) => n);
    const mixed = shuffled(items, randomOf('x'));
    expect(mixed).not.toEqual(items);
    expect(mixed.toSorted((a, b) => a - b)).toEqual(items);
  });

  test('takes one seed or a range of them', () => {
    expect(seedsOf('7')).toEqual([7]);
    expect(seedsOf('1..4')).toEqual([1, 2, 3, 4]);
    expect(seedsOf('4..1')).toEqual([]);
    expect(seedsOf('x')).toEqual([]);
  });
});

/** Quiet outside sources that add up: distinct failures count, repetitions and others' do not. */
import { expect, test } from '@jest/globals';
import { encodeFragments } from '../../../lib/evidence/encode.ts';
import type { Fragment } from '../../../lib/evidence/evidence.ts';
import { sourcesAddingUp } from '../../../lib/pipeline/adding-up.ts';
import { PackedSources } from '../../../lib/store/packed-sources.ts';
import { contact, fragment, HOUR } from '../store/fixture/findings.ts';

const KEY = [1, 2] as const;
const [REJECTED, ESTABLISHED] = [1 | 8 | 8192, 1 | 4 | 16 | 8192];
const of = (address: string, hour: number, ports: readonly number[], seen = REJECTED): Fragment => {
  const end = hour * 3600 + 60;
  return fragment({
    scope: 'internet',
    address,
    inside: false,
    hour,
    contacts: ports.map((port) => contact({ port, seen, firstStart: end, firstEnd: end, lastEnd: end })),
  });
};
const bucket = (...packs: Fragment[][]) =>
  new PackedSources(
    [HOUR, HOUR + 1],
    packs.map((pack) => encodeFragments(pack, KEY)),
    KEY,
  );
const suspects = (quiet: PackedSources, suspicious: number) =>
  sourcesAddingUp(quiet, suspicious).map(({ address, fragments }) => [address, fragments.length]);

test('failures of several hours and files add up, those with the most first', () => {
  const quiet = bucket(
    [of('198.51.100.1', HOUR, [1, 2]), of('198.51.100.2', HOUR, [1, 2])],
    [of('198.51.100.1', HOUR + 1, [3]), of('198.51.100.2', HOUR + 1, [3, 4])],
    [of('198.51.100.3', HOUR + 1, [1, 2])],
  );
  // What lies together must be of one hour.
  expect(suspects(quiet, 3)).toEqual([
    ['198.51.100.2', 2],
    ['198.51.100.1', 2],
  ]);
});

test('a contact that fails again and again counts once', () => {
  const quiet = bucket([of('198.51.100.1', HOUR, [1, 2])], [of('198.51.100.1', HOUR + 1, [1, 2])]);
  expect(suspects(quiet, 3)).toEqual([]);
  expect(suspects(quiet, 2)).toEqual([['198.51.100.1', 2]]);
});

test('what succeeded does not count, and comes along with what failed', () => {
  const quiet = bucket([of('198.51.100.1', HOUR, [1, 2])], [of('198.51.100.1', HOUR + 1, [3, 4], ESTABLISHED)]);
  expect(suspects(quiet, 3)).toEqual([]);
  expect(suspects(quiet, 2)).toEqual([['198.51.100.1', 2]]);
});

test('among a hundred thousand others one that adds up is found, and nobody else', () => {
  const others = Array.from({ length: 100 }, (_, pack) =>
    Array.from({ length: 1000 }, (_, n) => of(`${20 + pack}.${n >> 8}.${n & 255}.7`, HOUR, [1 + (n % 3)])),
  );
  const slow = [1, 2, 3, 4].map((port) => [of('198.51.100.1', HOUR, [port])]);
  expect(suspects(bucket(...others, ...slow), 4)).toEqual([['198.51.100.1', 4]]);
});

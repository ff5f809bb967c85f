/** The same traffic as another network, day, delivery and loss would have logged it, from one seed. */
import { gunzipSync } from 'node:zlib';
import { type Random, randomOf, shuffled } from '../../bench/random.ts';
import { type Readdress, readdressAll, readdressing } from './readdress.ts';
import type { Label, Labels } from './shapes.ts';

/** A log that was jittered, its labels that were too, and what was done. */
export interface Jittered extends Labels {
  readonly files: readonly Uint8Array[];
  readonly what: string;
  /** The address before, by the address after. */
  readonly original: ReadonlyMap<string, string>;
}

const HOUR = 3600;
const DAY = 24 * HOUR;
/** The detector promises scans of 25 contacts in 72 h: a stretched one must keep that pace to be asked for. */
const PROMISED = { contacts: 25, seconds: 72 * HOUR } as const;
const FASTEST = 0.5;
const SLOWEST = 2;
/** The shortest horizon, seconds: habits need that long to show, so no log is compressed to less. */
const SHORTEST_LOG = 300;
/** Files of one interval may come this late, seconds. */
const DELIVERY_HORIZON = 720;
const MOST_FILES = 5;
const MOST_LOST = 0.05;
const MOST_SHIFT = 1000 * DAY;
const ADDRESS_COLUMNS = ['srcaddr', 'dstaddr', 'pkt-srcaddr', 'pkt-dstaddr'];

/** Jitters one log. `seed` should contain the log's name, so that no two logs are changed in the same way. */
export function jitter(log: Uint8Array, labels: Labels, seed: string): Jittered {
  const random = randomOf(seed);
  const [header, ...rows] = gunzipSync(log).toString('latin1').trimEnd().split('\n') as [string, ...string[]];
  const columns = header.split(' ');
  const readdress = remembering(readdressing(random));
  const shift = random.whole(-MOST_SHIFT, MOST_SHIFT);
  const loss = random.next() * MOST_LOST;
  const cells = rows.map((row) => row.split(' '));
  const [start, end] = [columns.indexOf('start'), columns.indexOf('end')];
  const zero = cells.reduce((least, row) => Math.min(least, Number(row[start!])), Number.POSITIVE_INFINITY);
  const length = cells.reduce((most, row) => Math.max(most, Number(row[end!])), zero) - zero;
  const factor = factorFor(labels.labels, length, random);
  const retime = (time: number): number => zero + shift + (time - zero) * factor;

  const addresses = ADDRESS_COLUMNS.map((name) => columns.indexOf(name)).filter((index) => index >= 0);
  const kept = cells.filter(() => random.next() >= loss);
  for (const row of kept) {
    for (const index of addresses) row[index] = readdress.move(row[index]!);
    for (const index of [start!, end!]) row[index] = String(Math.round(retime(Number(row[index]))));
  }
  const order = reorder(kept, (row) => Number(row[end!]), random);
  const files = split(order.rows, random).map((some) =>
    Buffer.from(`${[header, ...some.map((row) => row.join(' '))].join('\n')}\n`, 'latin1'),
  );
  const what = `${factor.toFixed(2)} times as long, shifted ${Math.round(shift / DAY)} days, ${order.what}, ${files.length} files, ${(loss * 100).toFixed(1)} % lost`;
  const remaining = contactsOf(kept, columns);
  return {
    files,
    what,
    original: readdress.original,
    benign: labels.benign,
    labels: labels.labels.map((label) => countAgain(moveLabel(label, readdress.move, retime), remaining)),
  };
}

/**
 * How much longer everything takes, evenly in the logarithm of 0.5 to 2, with two limits. A slow scan is not stretched
 * until fewer than 25 of its contacts fit into 72 h, because that is where the promise ends. A log is not compressed to
 * less than the 5 minutes that the shortest horizon looks back over, because in less nothing can show to be a habit.
 */
function factorFor(labels: readonly Label[], length: number, random: Random): number {
  const limits = labels
    .filter(({ contacts = 0 }) => contacts >= PROMISED.contacts)
    .map(({ contacts, first, last }) => {
      const secondsFor25 = ((last - first) * (PROMISED.contacts - 1)) / (contacts! - 1);
      return PROMISED.seconds / secondsFor25;
    });
  const slowest = Math.min(SLOWEST, ...limits);
  const fastest = Math.min(1, Math.max(FASTEST, SHORTEST_LOG / length));
  return fastest * (slowest / fastest) ** random.next();
}

/** Lines in any order, or displaced by no more than a file may be late. */
function reorder<T>(rows: readonly T[], time: (row: T) => number, random: Random): { rows: T[]; what: string } {
  if (random.next() < 0.5) return { rows: shuffled(rows, random), what: 'in any order' };
  const late = rows.map((row) => ({ row, at: time(row) + random.next() * DELIVERY_HORIZON }));
  return { rows: late.sort((a, b) => a.at - b.at).map(({ row }) => row), what: 'up to 12 minutes late' };
}

function split<T>(rows: readonly T[], random: Random): T[][] {
  const files = Array.from({ length: random.whole(1, MOST_FILES) }, (): T[] => []);
  for (const row of rows) files[random.whole(0, files.length - 1)]!.push(row);
  return files.filter((some) => some.length);
}

const moveLabel = (label: Label, move: Readdress, retime: (time: number) => number): Label => ({
  ...label,
  sources: label.sources.map(move),
  ...(label.sources_v2 && { sources_v2: label.sources_v2.map(move) }),
  targets: readdressAll(label.targets, move),
  first: retime(label.first),
  last: retime(label.last),
});

/** A slow scan that lost records may have lost contacts, and with them the claim to be found. */
const countAgain = (label: Label, remaining: ReadonlyMap<string, ReadonlySet<string>>): Label =>
  label.contacts === undefined || label.sources.length > 1
    ? label
    : { ...label, contacts: Math.min(label.contacts, remaining.get(label.sources[0]!)?.size ?? 0) };

/** Distinct (target, port) by source address of the packet. */
function contactsOf(rows: readonly (readonly string[])[], columns: readonly string[]): Map<string, Set<string>> {
  const at = (preferred: string, other: string) => {
    const index = columns.indexOf(preferred);
    return index < 0 ? columns.indexOf(other) : index;
  };
  const [source, target] = [at('pkt-srcaddr', 'srcaddr'), at('pkt-dstaddr', 'dstaddr')];
  const port = columns.indexOf('dstport');
  const contacts = new Map<string, Set<string>>();
  for (const row of rows) {
    const known = contacts.get(row[source]!) ?? new Set();
    contacts.set(row[source]!, known.add(`${row[target]} ${row[port]}`));
  }
  return contacts;
}

function remembering(readdress: Readdress): { move: Readdress; original: ReadonlyMap<string, string> } {
  const original = new Map<string, string>();
  return {
    original,
    move: (address) => {
      const moved = readdress(address);
      original.set(moved, address);
      return moved;
    },
  };
}

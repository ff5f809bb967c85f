/**
 * The inventory as lines of text that compress well: whole, or as what changed since an earlier state of it. Nearly all
 * interfaces are still there five minutes later, so that changes are a small fraction.
 */
import { type Cidr, cidrAround, formatCidr } from '../net/cidr.ts';
import type { Inventory, Span, VpcRecord } from './inventory.ts';

/** Names in one line. Longer groups are cut, because a line is never divided between items of a table. */
const NAMES_IN_LINE = 500;

/** An inventory, with the time of its newest snapshot in epoch seconds. */
export interface InventoryAt {
  readonly at: number;
  readonly inventory: Inventory;
}

/** Times of snapshots: beginnings and ends in turn, epoch seconds. */
type Times = readonly number[];

/** Everything about a VPC but names, or names with the same times. */
interface Line {
  readonly vpc: string;
  readonly owner?: string | undefined;
  readonly subnets?: string;
  readonly seen?: readonly (readonly [account: string, times: Times])[];
  readonly held?: string;
  readonly times?: Times;
  readonly interfaces?: string;
  readonly last?: number;
}

/** Everything that an inventory remembers. The lines may be read in any order, and all are needed. */
export const linesOfInventory = ({ records }: Inventory): string[] => records.flatMap(linesOf);

/** What changed since an earlier state: names that came or went. */
export function linesOfChange(before: InventoryAt, { at, inventory }: InventoryAt): string[] {
  const known = new Map(before.inventory.records.map((record) => [record.vpcId, record]));
  const later = laterBy(before.at, at);
  return inventory.records.flatMap((record) => {
    const held = new Map(known.get(record.vpcId)?.held);
    const interfaces = new Map(known.get(record.vpcId)?.interfaces);
    const isSame = (name: string, spans: readonly Span[]) => {
      const earlier = held.get(name);
      return earlier !== undefined && textOf(later.spans(earlier)) === textOf(spans);
    };
    return linesOf({
      ...record,
      held: [...(record.held ?? [])].filter(([name, spans]) => !isSame(name, spans)),
      interfaces: [...(record.interfaces ?? [])].filter(([id, last]) => {
        const earlier = interfaces.get(id);
        return earlier === undefined || later.last(earlier) !== last;
      }),
    });
  });
}

/** Adds lines to an inventory. @throws if one is not of the form that is written here. */
export function addLines(inventory: Inventory, lines: Iterable<string>): void {
  for (const line of lines) inventory.addRecord(recordOf(line));
}

/**
 * The inventory at a later time, by what {@link linesOfChange} wrote. Names without a change are still held if they were.
 * @throws as {@link addLines}
 */
export function changedInventory(before: InventoryAt, at: number, lines: Iterable<string>): Inventory {
  const changes = Array.from(lines, recordOf);
  const changed = new Map<string, Set<string>>();
  for (const { vpcId, held = [], interfaces = [] } of changes) {
    const names = changed.get(vpcId) ?? new Set();
    changed.set(vpcId, names);
    for (const [name] of [...held, ...interfaces]) names.add(name);
  }
  const after = before.inventory.empty;
  const later = laterBy(before.at, at);
  for (const { vpcId, held = [], interfaces = [], ...rest } of before.inventory.records) {
    const isChanged = (name: string) => changed.get(vpcId)?.has(name) === true;
    after.addRecord({
      ...{ ...rest, vpcId },
      held: Array.from(held, ([name, spans]) => [name, isChanged(name) ? spans : later.spans(spans)] as const),
      interfaces: Array.from(interfaces, ([id, last]) => [id, isChanged(id) ? last : later.last(last)] as const),
    });
  }
  for (const change of changes) after.addRecord(change);
  return after;
}

/** What is still held at a later snapshot, unless something says otherwise. Equal times stay one list. */
function laterBy(before: number, at: number) {
  const known = new Map<readonly Span[], readonly Span[]>();
  const spansAt = (spans: readonly Span[]): readonly Span[] =>
    spans.map((span) => (span.to === before ? { ...span, to: at } : span));
  return {
    last: (last: number) => (last === before ? at : last),
    spans(spans: readonly Span[]): readonly Span[] {
      const later = known.get(spans) ?? spansAt(spans);
      known.set(spans, later);
      return later;
    },
  };
}

function linesOf({ vpcId: vpc, owner, subnets = [], seen = [], held = [], interfaces = [] }: VpcRecord): string[] {
  const times = Map.groupBy(held, ([, spans]) => textOf(spans));
  const lasts = Map.groupBy(interfaces, ([, last]) => last);
  const lines: Line[] = [
    {
      ...{ vpc, owner, subnets: subnets.map(formatCidr).join(' ') },
      seen: Array.from(seen, ([account, spans]) => [account, timesOf(spans)] as const),
    },
    ...[...times.values()].flatMap((group) =>
      inLines(group.map(([name]) => name)).map((text) => ({ vpc, held: text, times: timesOf(group[0]![1]) })),
    ),
    ...[...lasts].flatMap(([last, group]) =>
      inLines(group.map(([id]) => id)).map((text) => ({ vpc, interfaces: text, last })),
    ),
  ];
  return lines.map((line) => JSON.stringify(line));
}

/** Neighbours compress best. */
function inLines(names: readonly string[]): string[] {
  const sorted = names.toSorted();
  return Array.from({ length: Math.ceil(sorted.length / NAMES_IN_LINE) }, (_, at) =>
    sorted.slice(at * NAMES_IN_LINE, (at + 1) * NAMES_IN_LINE).join(' '),
  );
}

function recordOf(line: string): VpcRecord {
  const { vpc, owner, subnets, seen = [], held, times = [], interfaces, last = 0 } = JSON.parse(line) as Line;
  if (!vpc) throw new Error('a line of the inventory names no VPC');
  const spans = spansOf(times);
  return {
    ...{ vpcId: vpc, owner },
    subnets: namesIn(subnets).map(blockOf),
    seen: seen.map(([account, of]) => [account, spansOf(of)] as const),
    held: namesIn(held).map((name) => [name, spans] as const),
    interfaces: namesIn(interfaces).map((id) => [id, last] as const),
  };
}

const namesIn = (text = ''): string[] => (text ? text.split(' ') : []);

const timesOf = (spans: readonly Span[]): number[] =>
  spans.toSorted((a, b) => a.from - b.from).flatMap(({ from, to }) => [from, to]);

const textOf = (spans: readonly Span[]): string => timesOf(spans).join(' ');

const spansOf = (times: Times): Span[] =>
  Array.from({ length: times.length / 2 }, (_, at) => ({ from: times[2 * at]!, to: times[2 * at + 1]! }));

function blockOf(text: string): Cidr {
  const cidr = cidrAround(text);
  if (!cidr) throw new Error(`the inventory has a block that is not understood: ${text}`);
  return cidr;
}

/** The inventory as text, whole and as changes, and without what is too old to matter. */
import { describe, expect, test } from '@jest/globals';
import { HELD_SECONDS, Inventory, type VpcRecord } from '../../../lib/evidence/inventory.ts';
import { addLines, changedInventory, linesOfChange, linesOfInventory } from '../../../lib/evidence/inventory-text.ts';
import { type Cidr, formatCidr, parseCidr } from '../../../lib/net/cidr.ts';
import { ACCOUNT, HOUR } from './snapshots.ts';

const NOON = Date.UTC(2026, 8, 1, 12) / 1000;
const blocks = (...texts: string[]) => texts.map((text) => parseCidr(text) as Cidr);
const SUBNETS = [{ vpcId: 'vpc-1', owner: ACCOUNT, cidrs: blocks('10.0.9.0/24', '2001:db8::/64') }];
const held = (address: string, vpcId = 'vpc-1') => ({
  ...{ id: `eni-${address}`, vpcId, owner: ACCOUNT, addresses: [address], prefixes: [] as string[] },
});

/** Everything that an inventory remembers, in an order of its own. */
function contentOf({ records }: Inventory): unknown {
  const sorted = (entries: Iterable<readonly [string, unknown]> = []) =>
    [...entries].sort(([a], [b]) => a.localeCompare(b)).map((entry) => JSON.stringify(entry));
  const plain = ({ vpcId, owner, subnets = [], seen, held: names, interfaces }: VpcRecord) => ({
    ...{ vpcId, owner, subnets: subnets.map(formatCidr).sort() },
    ...{ seen: sorted(seen), held: sorted(names), interfaces: sorted(interfaces) },
  });
  return records.map(plain).sort((a, b) => a.vpcId.localeCompare(b.vpcId));
}

/** Hourly snapshots of two VPCs, in which hosts come and go by chance. */
function churning(hours: number): { readonly at: number; readonly inventory: Inventory }[] {
  let seed = 7;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  let inventory = new Inventory();
  inventory.addSubnets(SUBNETS);
  const live = new Set(Array.from({ length: 60 }, (_, n) => n));
  return Array.from({ length: hours }, (_, hour) => {
    for (let n = 0; n < 80; n++) if (random() < 0.05) live.has(n) ? live.delete(n) : live.add(n);
    const at = NOON + hour * HOUR;
    inventory = inventory.since(at - 20 * HOUR);
    inventory.addSubnets(SUBNETS);
    inventory.addInterfaces(at, [
      ...[...live].map((n) => held(`10.0.9.${n}`, n % 3 ? 'vpc-1' : 'vpc-2')),
      { ...held('2001:db8::9'), prefixes: ['10.0.9.128/28', '2001:db8::1:0/112'] },
    ]);
    return { at, inventory };
  });
}

test('what was written is read back, in any order of lines', () => {
  const { inventory } = churning(30).at(-1)!;
  const lines = linesOfInventory(inventory);
  for (const order of [lines, lines.toReversed(), [...lines, ...lines]]) {
    const read = new Inventory();
    addLines(read, order);
    expect(contentOf(read)).toEqual(contentOf(inventory));
  }
});

test('changes since any earlier state make the later one, and are few', () => {
  const states = churning(12);
  for (const [at, before] of states.entries())
    for (const after of states.slice(at)) {
      const lines = linesOfChange(before, after);
      expect(contentOf(changedInventory(before, after.at, lines))).toEqual(contentOf(after.inventory));
      if (before === after) expect(lines).toHaveLength(2);
    }
});

test('a line that is cut short is refused', () => {
  const [line] = linesOfInventory(churning(1)[0]!.inventory);
  expect(() => addLines(new Inventory(), [line!.slice(0, -5)])).toThrow(SyntaxError);
  expect(() => addLines(new Inventory(), ['{}'])).toThrow('names no VPC');
  expect(() => addLines(new Inventory(), ['{"vpc":"vpc-1","subnets":"10.0.0.0/99"}'])).toThrow('not understood');
});

describe('what is too old', () => {
  const SOURCE = { scope: ACCOUNT, identity: { interfaceId: 'eni-10.0.9.9', fields: {} } };
  const inventory = new Inventory();
  inventory.addSubnets(SUBNETS);
  for (let at = NOON - 200 * HOUR; at <= NOON; at += HOUR)
    inventory.addInterfaces(at, [held('10.0.9.9'), ...(at < NOON - 150 * HOUR ? [held('10.0.9.70')] : [])]);
  const isDark = (of: Inventory, address: string, at: number) => of.around(SOURCE)?.(address, at, at + 5);

  test('is forgotten, and nothing is dark until three days have passed since', () => {
    const later = inventory.since(NOON - 100 * HOUR);
    expect(later.size).toBeLessThan(inventory.size);
    expect(later.records[0]!.held).toHaveLength(1);
    for (const hours of [10, 20, 27]) expect(isDark(later, '10.0.9.70', NOON - hours * HOUR)).toBe(true);
    expect(isDark(later, '10.0.9.70', NOON - 100 * HOUR + HELD_SECONDS - 1)).toBe(false);
    expect(isDark(inventory, '10.0.9.70', NOON - 100 * HOUR + HELD_SECONDS - 1)).toBe(true);
  });

  test('is forgotten with its VPC once nothing else is left', () => {
    expect(inventory.since(NOON + 3 * HOUR).vpcs).toBe(0);
  });
});

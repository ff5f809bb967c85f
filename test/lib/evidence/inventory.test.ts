/** Which addresses snapshots of interfaces prove to be dark. */
import { describe, expect, test } from '@jest/globals';
import type { Identity } from '../../../lib/evidence/interfaces.ts';
import { ACCOUNT, HOUR, holding, interfaceOf, inventoryOf, snapshotText, subnetOf, times } from './snapshots.ts';

const NOON = Date.UTC(2026, 8, 1, 12) / 1000;
const OTHER = '444455556666';
const SUBNETS = [subnetOf('10.0.9.0/24')];
/** Every other hour, from more than three days before noon until after it. */
const TIMES = times(NOON - 76 * HOUR, NOON + 4 * HOUR);
const HOST = holding(['10.0.9.9']);

type Interfaces = readonly unknown[];
/** Snapshots at these times, with the host and the interfaces of that time. */
const snapshots = (at: readonly number[], also: (time: number) => Interfaces = () => [], subnets = SUBNETS) =>
  at.map((time) => snapshotText(time, [HOST, ...also(time)], subnets));

const sourceIn = (vpcId: string, scope = ACCOUNT) => ({
  scope,
  identity: { interfaceId: 'eni-source', fields: { 'vpc-id': vpcId } } as Identity,
});
const SOURCE = sourceIn('vpc-1');

/** Whether an address was dark for a source at noon. */
function isDark(
  files: readonly string[],
  target = '10.0.9.77',
  {
    source = SOURCE,
    at = NOON,
    domains = {},
  }: Partial<{ source: Pick<typeof SOURCE, 'scope'>; at: number; domains: Record<string, string[]> }> = {},
): boolean {
  return inventoryOf(files, domains).around(source)?.(target, at, at + 5) ?? false;
}

test('an address of a subnet that no interface holds for three days is dark, and held ones are not', () => {
  expect(isDark(snapshots(TIMES))).toBe(true);
  expect(isDark(snapshots(TIMES), '10.0.9.9')).toBe(false);
});

test('the order of the files does not matter', () => {
  const files = snapshots(TIMES, (time) => (time < NOON - 72 * HOUR ? [holding(['10.0.9.70'])] : []));
  for (const order of [files, files.toReversed(), [...files.slice(20), ...files.slice(0, 20)]]) {
    expect(isDark(order)).toBe(true);
    expect(isDark(order, '10.0.9.70')).toBe(false);
  }
});

describe('an interface that is gone', () => {
  const goneSince = (hours: number) =>
    snapshots(TIMES, (time) => (time <= NOON - hours * HOUR ? [holding(['10.0.9.77'])] : []));

  test('leaves an address that is not dark for three days, as those of pods and tasks', () => {
    expect(isDark(goneSince(2))).toBe(false);
    expect(isDark(goneSince(72))).toBe(false);
  });

  test('between the last snapshot that had it and the next one may have been there, so both must be older', () => {
    expect(isDark(goneSince(74))).toBe(false);
    expect(isDark(goneSince(76))).toBe(true);
  });
});

test('an interface that came just after a contact may have been there before the snapshot', () => {
  const since = (hours: number) =>
    snapshots(TIMES, (time) => (time >= NOON + hours * HOUR ? [holding(['10.0.9.77'])] : []));
  expect(isDark(since(2))).toBe(false);
  expect(isDark(since(4))).toBe(true);
});

describe('snapshots prove nothing', () => {
  test('if they do not reach three days back', () => {
    expect(isDark(snapshots(TIMES.filter((time) => time >= NOON - 72 * HOUR)))).toBe(true);
    expect(isDark(snapshots(TIMES.filter((time) => time >= NOON - 70 * HOUR)))).toBe(false);
  });

  test('about the time after the last of them', () => {
    expect(isDark(snapshots(TIMES.filter((time) => time <= NOON)))).toBe(false);
    expect(isDark(snapshots(TIMES.filter((time) => time <= NOON + 2 * HOUR)))).toBe(true);
  });

  test('over a pause of more than two hours, until three days after it', () => {
    const files = snapshots([
      ...times(NOON - 200 * HOUR, NOON - 100 * HOUR),
      ...times(NOON - 97 * HOUR, NOON + 10 * HOUR),
    ]);
    expect(isDark(files, undefined, { at: NOON - 101 * HOUR })).toBe(true);
    expect(isDark(files, undefined, { at: NOON - 99 * HOUR })).toBe(false);
    expect(isDark(files, undefined, { at: NOON - 30 * HOUR })).toBe(false);
    expect(isDark(files, undefined, { at: NOON - 24 * HOUR })).toBe(true);
  });

  test('without subnets', () => {
    expect(isDark(TIMES.map((time) => snapshotText(time, [HOST], [])))).toBe(false);
  });
});

describe('all that an interface holds counts', () => {
  const held = (changes: Readonly<Record<string, unknown>>) => {
    const subnets = [
      subnetOf('10.0.9.0/24', {
        Ipv6CidrBlockAssociationSet: [
          { Ipv6CidrBlock: '2001:db8:1:1::/64', Ipv6CidrBlockState: { State: 'associated' } },
          { Ipv6CidrBlock: '2001:db8:1:2::/64', Ipv6CidrBlockState: { State: 'disassociated' } },
        ],
      }),
    ];
    return snapshots(TIMES, () => [interfaceOf('eni-1', changes)], subnets);
  };

  test('secondary addresses', () => {
    const files = snapshots(TIMES, () => [holding(['10.0.9.20', '10.0.9.77'])]);
    expect(isDark(files)).toBe(false);
    expect(isDark(files, '10.0.9.78')).toBe(true);
  });

  test('IPv6 addresses in any spelling', () => {
    const files = held({ Ipv6Addresses: [{ Ipv6Address: '2001:0db8:1:1:0:0:0:77' }] });
    expect(isDark(files, '2001:db8:1:1::77')).toBe(false);
    expect(isDark(files, '2001:db8:1:1::78')).toBe(true);
    expect(isDark(files, '2001:db8:1:2::78')).toBe(false);
  });

  test('an IPv6 source, whose address is in no private scope', () => {
    const source = sourceIn('vpc-1', 'internet');
    expect(isDark(held({ Ipv6Address: '2001:db8:1:1::5' }), '2001:db8:1:1::78', { source })).toBe(true);
  });

  test('delegated prefixes of both families', () => {
    const files = held({
      Ipv4Prefixes: [{ Ipv4Prefix: '10.0.9.64/28' }],
      Ipv6Prefixes: [{ Ipv6Prefix: '2001:db8:1:1:a::/80' }],
    });
    expect(isDark(files, '10.0.9.64')).toBe(false);
    expect(isDark(files, '10.0.9.79')).toBe(false);
    expect(isDark(files, '10.0.9.80')).toBe(true);
    expect(isDark(files, '2001:db8:1:1:a::1')).toBe(false);
    expect(isDark(files, '2001:db8:1:1:b::1')).toBe(true);
  });

  test('whatever the state of the interface', () => {
    expect(isDark(snapshots(TIMES, () => [holding(['10.0.9.77'], { Status: 'available' })]))).toBe(false);
  });
});

test('the five addresses that AWS keeps in a subnet are not dark', () => {
  const files = snapshots(TIMES, undefined, [subnetOf('10.0.9.0/25'), subnetOf('10.0.9.128/25')]);
  const kept = [0, 1, 2, 3, 127, 128, 129, 130, 131, 255];
  for (const host of kept) expect([host, isDark(files, `10.0.9.${host}`)]).toEqual([host, false]);
  for (const host of [4, 126, 132, 254]) expect([host, isDark(files, `10.0.9.${host}`)]).toEqual([host, true]);
});

test('addresses outside the subnets of the inventory are not dark', () => {
  for (const target of ['10.0.10.5', '192.0.2.7', '2001:db8::7', 'not an address'])
    expect(isDark(snapshots(TIMES), target)).toBe(false);
});

describe('equal addresses', () => {
  /** Two VPCs with the same addresses, of which only the second one has 10.0.9.77. */
  const both = (owner: string) =>
    TIMES.map((time) =>
      snapshotText(
        time,
        [HOST, holding(['10.0.9.77'], { VpcId: 'vpc-2', OwnerId: owner })],
        [...SUBNETS, subnetOf('10.0.9.0/24', { SubnetId: 'subnet-other', VpcId: 'vpc-2', OwnerId: owner })],
      ),
    );

  test('of two accounts do not mix', () => {
    expect(isDark(both(OTHER))).toBe(true);
    expect(isDark(both(OTHER), undefined, { source: sourceIn('vpc-2', OTHER) })).toBe(false);
    expect(isDark(both(OTHER), '10.0.9.9')).toBe(false);
    expect(isDark(both(OTHER), '10.0.9.9', { source: sourceIn('vpc-2', OTHER) })).toBe(true);
  });

  test('of two VPCs of an account must be free in both, because evidence merges them', () => {
    expect(isDark(both(ACCOUNT))).toBe(false);
    expect(isDark(both(ACCOUNT), '10.0.9.78')).toBe(true);
  });

  test('of two routing domains do not mix', () => {
    const domains = { one: ['vpc-1'], two: ['vpc-2'] };
    expect(isDark(both(ACCOUNT), undefined, { source: sourceIn('vpc-1', 'one'), domains })).toBe(true);
    expect(isDark(both(ACCOUNT), undefined, { source: sourceIn('vpc-2', 'two'), domains })).toBe(false);
  });
});

describe('addresses of another VPC', () => {
  const files = TIMES.map((time) =>
    snapshotText(
      time,
      [HOST, holding(['10.1.0.9'], { VpcId: 'vpc-2' })],
      [...SUBNETS, subnetOf('10.1.0.0/24', { SubnetId: 'subnet-2', VpcId: 'vpc-2' })],
    ),
  );
  const domains = { prod: ['vpc-1', 'vpc-2'] };

  test('are dark in the same routing domain only, because others may not be the ones that are reached', () => {
    expect(isDark(files, '10.1.0.77')).toBe(false);
    expect(isDark(files, '10.1.0.77', { source: sourceIn('vpc-1', 'prod'), domains })).toBe(true);
  });

  test('are dark for a source of that domain whose VPC the log does not tell', () => {
    expect(isDark(files, '10.1.0.77', { source: { scope: 'prod' }, domains })).toBe(true);
    expect(isDark(files, '10.1.0.77', { source: { scope: ACCOUNT } })).toBe(false);
  });
});

test('a log without the VPC of interfaces names them, and the inventory knows their VPC', () => {
  const source = (interfaceId: string) => ({ scope: ACCOUNT, identity: { interfaceId, fields: {} } });
  expect(isDark(snapshots(TIMES), undefined, { source: source('eni-10.0.9.9') })).toBe(true);
  expect(isDark(snapshots(TIMES), undefined, { source: source('eni-of-nobody') })).toBe(false);
});

test('an account to which a subnet is shared sees only its own interfaces, so its snapshots do not count', () => {
  const shared = (interfaces: Interfaces) =>
    TIMES.map((time) => snapshotText(time, interfaces, [subnetOf('10.0.9.0/24', { OwnerId: OTHER })]));
  const own = holding(['10.0.9.9']);
  expect(isDark(shared([own]))).toBe(false);
  expect(isDark(shared([own, holding(['10.0.9.8'], { OwnerId: OTHER })]))).toBe(true);
});

test('tells for how many VPCs and when dark addresses are known', () => {
  const inventory = inventoryOf(snapshots(TIMES, () => [holding(['10.5.0.4'], { VpcId: 'vpc-5' })]));
  expect(inventory.vpcs).toBe(2);
  expect(inventory.known).toEqual([[{ from: NOON - 4 * HOUR, to: NOON + 4 * HOUR }]]);
  expect(inventoryOf(snapshots([NOON])).known).toEqual([]);
});

/** Records to evidence: any split of the records over files, in any order, merges to what one pass gives. */

import { describe, expect, test } from '@jest/globals';
import { CONTACTS_PER_PANE, type SourceEvidence } from '../../../lib/evidence/evidence.ts';
import type { GroupFloor, LeastEvidence } from '../../../lib/evidence/least-evidence.ts';
import { describeQuality, SKIPPED_RECORDS } from '../../../lib/evidence/quality.ts';
import { outcomeOf, SEEN_OWN_TARGET } from '../../../lib/evidence/seen.ts';
import fc from '../../properties.ts';
import { collect, horizontal, merged, NOON, probe, type Row, row, SCANNER, vertical } from '../scan/traffic.ts';

const HOUR = 3600;

/** Evidence without what depends on the split: a file that shows only a source's answers has no fragment to name it in. */
function normal(sources: Iterable<SourceEvidence>): unknown {
  return [...sources]
    .map(({ panes, identity: _identity, ...source }) => ({
      ...source,
      panes: panes.map(({ fragments: _fragments, ...pane }) => ({
        ...pane,
        contacts: pane.contacts
          // Which file shows that a private target is ours says nothing that its number does not.
          .map((contact) => ({ ...contact, seen: contact.seen & ~SEEN_OWN_TARGET }))
          .toSorted((a, b) => a.hash - b.hash || a.port - b.port),
      })),
    }))
    .sort((a, b) => (`${a.scope}|${a.address}` < `${b.scope}|${b.address}` ? -1 : 1));
}

const hosts = ['10.0.0.1', '10.0.0.2', '10.0.9.9', '203.0.113.7'];
const services = [22, 53, 443, 8080];
const halves: fc.Arbitrary<Row> = fc
  .record({
    client: fc.constantFrom(...hosts),
    server: fc.constantFrom(...hosts),
    service: fc.constantFrom(...services),
    port: fc.constantFrom(40_000, 50_000),
    protocol: fc.constantFrom(6, 6, 6, 17, 1),
    isRequest: fc.boolean(),
    flags: fc.constantFrom([2, 18], [2, 4], [0, 0], [3, 19], [1, 4]),
    action: fc.constantFrom('ACCEPT', 'REJECT'),
    at: fc.integer({ min: NOON - 200, max: NOON + 200 }),
    length: fc.constantFrom(0, 10, 60),
  })
  .filter(({ client, server }) => client !== server)
  .map(({ client, server, service, port, protocol, isRequest, flags, action, at, length }) => {
    const common = {
      protocol,
      start: at,
      end: at + length,
      action,
      'tcp-flags': protocol === 6 ? flags[isRequest ? 0 : 1]! : '-',
    };
    const [srcaddr, srcport, dstaddr, dstport] = isRequest
      ? [client, port, server, service]
      : [server, service, client, port];
    const isForeign = srcaddr === '203.0.113.7';
    return row({
      ...common,
      srcaddr,
      srcport,
      dstaddr,
      dstport,
      'interface-id': `eni-${isForeign ? dstaddr : srcaddr}`,
      'flow-direction': isForeign ? 'ingress' : 'egress',
    });
  });

describe('files', () => {
  test('in any number, order and repetition merge to what one pass over all records gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(halves, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 60 }),
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        async (rows, order) => {
          const whole = await collect([rows.map(([half]) => half)]);
          const files = order.map((file) => rows.filter(([, of]) => of === file).map(([half]) => half));
          const parts = files.filter((file) => file.length);
          expect(normal(await merged([...parts, parts[0]!]))).toEqual(normal(whole.sources()));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('that together exceed the limit merge to the same sample as one pass', async () => {
    const rows = vertical(3 * CONTACTS_PER_PANE, { every: 0, sourcePort: 61_000 });
    const thirds = [0, 1, 2].map((third) => rows.filter((_, at) => at % 3 === third));
    const whole = [...(await collect([rows])).sources()].filter(({ address }) => address === SCANNER);
    const parts = (await merged(thirds)).filter(({ address }) => address === SCANNER);
    expect(whole[0]!.panes[0]!.contacts).toHaveLength(CONTACTS_PER_PANE);
    expect(normal(parts)).toEqual(normal(whole));
    expect(describeQuality(parts[0]!.panes[0]!.quality).join()).toContain('uniform sample');
  });
});

async function outcomesOf(files: readonly (readonly Row[])[], source = SCANNER): Promise<string[]> {
  const evidence = (await merged(files)).find(({ address }) => address === source);
  return (evidence?.panes ?? []).flatMap((pane) => pane.contacts.map((contact) => outcomeOf(contact.seen)));
}

describe('the halves of a contact', () => {
  const atSource = (port: number, fate: 'reset' | 'established' | 'rejected' | 'unanswered') =>
    probe({ to: '10.0.9.9', port, at: NOON, fate });
  const atTarget = (port: number, fate: 'reset' | 'established' | 'rejected' | 'unanswered') =>
    probe({ to: '10.0.9.9', port, at: NOON + 1, fate, seenBy: 'target' });

  test.each(['reset', 'established'] as const)('in two files, in either order, make it %s', async (fate) => {
    const [request, reply] = atSource(22, fate);
    expect(await outcomesOf([[request!], [reply!]])).toEqual([fate]);
    expect(await outcomesOf([[reply!], [request!]])).toEqual([fate]);
    expect(await outcomesOf([[request!, reply!]])).toEqual([fate]);
  });

  test('seen at both interfaces, with opposite actions, are one rejected contact', async () => {
    const source = atSource(22, 'unanswered');
    const target = atTarget(22, 'rejected');
    for (const files of [[source, target], [target, source], [[...target, ...source]]])
      expect(await outcomesOf(files)).toEqual(['rejected']);
  });

  test('seen by many retries are one contact', async () => {
    const rows = Array.from({ length: 9 }, (_, n) =>
      probe({ to: '10.0.9.9', port: 22, at: NOON + n, sourcePort: 50_000 + n }),
    );
    expect(await outcomesOf([rows.flat()])).toEqual(['reset']);
  });

  test('without the initiator in the file count as no failure', async () => {
    const [, reply] = atSource(22, 'reset');
    expect(await outcomesOf([[reply!]])).toEqual(['unresolved']);
  });

  test('are counted for the address in the packet, not for the interface that forwards', async () => {
    const rows = ['10.0.64.1', '10.0.64.2'].map((pod) =>
      row({
        srcaddr: '10.0.0.10',
        'pkt-srcaddr': pod,
        dstaddr: '10.0.0.99',
        'pkt-dstaddr': '10.0.80.1',
        'interface-id': 'eni-node',
      }),
    );
    const sources = await merged([rows]);
    expect(sources.map(({ address }) => address)).toEqual(['10.0.64.1', '10.0.64.2']);
    expect(sources.map(({ panes }) => panes[0]!.contacts[0]!.target)).toEqual(['10.0.80.1', '10.0.80.1']);
  });

  test('that are only the reset of a client, to a service it knows, are nothing to keep', async () => {
    const rows = [row({ srcport: 50_000, dstport: 443, 'tcp-flags': 4 })];
    expect(await merged([rows])).toEqual([]);
  });

  test('of a record from an address to itself, or to multicast, do not exist', async () => {
    const rows = [
      row({ dstaddr: SCANNER }),
      row({ dstaddr: '224.0.0.251', protocol: 17 }),
      row({ srcaddr: 'fe80::1', dstaddr: 'ff02::1' }),
    ];
    expect(await merged([rows])).toEqual([]);
  });
});

describe('late replies of a service', () => {
  test('to many ephemeral ports of one client, rejected, are no contacts of the service', async () => {
    const rows = Array.from({ length: 60 }, (_, n) =>
      row({
        srcaddr: '10.0.0.8',
        srcport: 443,
        dstaddr: '10.0.0.9',
        dstport: 33_000 + n * 100,
        'tcp-flags': [0, 1, 4, 5][n % 4]!,
        action: 'REJECT',
        'interface-id': 'eni-client',
        'flow-direction': 'ingress',
      }),
    );
    const failures = (await outcomesOf([rows], '10.0.0.8')).filter((outcome) => outcome !== 'unresolved');
    expect(failures).toEqual([]);
    expect((await outcomesOf([rows], '10.0.0.9')).every((outcome) => outcome === 'unresolved')).toBe(true);
  });
});

describe('a stealth FIN scan', () => {
  test('is seen by the resets of the closed ports', async () => {
    const rows = [1, 2, 3].flatMap((port) =>
      probe({ to: '10.0.9.9', port, at: NOON }).map((half, at) => (at === 0 ? { ...half, 'tcp-flags': 1 } : half)),
    );
    expect(await outcomesOf([rows])).toEqual(['reset', 'reset', 'reset']);
  });
});

describe('skipped records', () => {
  const skip = (interfaceId: string, start: number, end: number): Row => ({
    version: 7,
    'account-id': '111122223333',
    'interface-id': interfaceId,
    start,
    end,
    'log-status': 'SKIPDATA',
  });
  const qualities = async (rows: readonly Row[]) => {
    const [source] = [...(await collect([rows])).sources()].filter(({ address }) => address === SCANNER);
    return source!.panes.map((pane) => describeQuality(pane.quality).join().includes('SKIPDATA'));
  };
  const probes = [
    probe({ to: '10.0.9.9', port: 1, at: NOON }),
    probe({ to: '10.0.9.9', port: 2, at: NOON + HOUR }),
  ].flat();
  const atTarget = probe({ to: '10.0.9.9', port: 1, at: NOON, seenBy: 'target' });

  test('mark the hour of their interface only, whether they come before or after its records', async () => {
    expect(await qualities([...probes, skip(`eni-${SCANNER}`, NOON + 60, NOON + 120)])).toEqual([true, false]);
    expect(await qualities([skip(`eni-${SCANNER}`, NOON + HOUR, NOON + HOUR + 60), ...probes])).toEqual([false, true]);
  });

  test('mark every hour that they reach into', async () => {
    expect(await qualities([...probes, skip(`eni-${SCANNER}`, NOON + HOUR - 5, NOON + HOUR + 5)])).toEqual([
      true,
      true,
    ]);
  });

  test("of the source's target mark the source too, those of other addresses do not", async () => {
    expect(await qualities([...probes, ...atTarget, skip('eni-10.0.9.9', NOON, NOON + 60)])).toEqual([true, false]);
    expect(await qualities([...probes, skip('eni-other', NOON, NOON + 60)])).toEqual([false, false]);
  });

  test('without an interface mark nobody', async () => {
    expect(await qualities([...probes, skip('-', NOON, NOON + 60)])).toEqual([false, false]);
  });
});

test('log time is the end of the latest record, of placeholder rows too', async () => {
  expect((await collect([])).logTime).toBe(0);
  const rows = [row({ end: NOON + 50 }), row({ end: NOON + 10 })];
  expect((await collect([rows])).logTime).toBe(NOON + 50);
  const silent = {
    version: 7,
    'account-id': '1',
    'interface-id': 'eni-1',
    start: NOON,
    end: NOON + 300,
    'log-status': 'NODATA',
  };
  expect((await collect([[silent, ...rows]])).logTime).toBe(NOON + 300);
});

describe('of sources that have less than asked for', () => {
  const NEVER = Number.POSITIVE_INFINITY;
  const NOTHING: LeastEvidence = { failures: NEVER, inside: [], outside: [], shares: [], network: 12 };
  const groupOf = (groupBy: GroupFloor['groupBy'], floor: number, values: Partial<GroupFloor> = {}): GroupFloor => ({
    ...{ groupBy, floor, seconds: 300, isLateral: false },
    ...values,
  });
  const openOn = (floor: number) => ({ inside: [groupOf('port', floor, { isLateral: true })] });
  const addressesIn = async (rows: readonly Row[], least: Partial<LeastEvidence>) =>
    [...(await collect([rows])).sources({ ...NOTHING, ...least })].map(({ address }) => address).sort();

  test('those with fewer failures are left out, others are not', async () => {
    const rows = [...vertical(3, { from: '10.0.0.1' }), ...vertical(4, { from: '10.0.0.2' })];
    expect(await addressesIn(rows, { failures: 4 })).toEqual(['10.0.0.2']);
    expect(await addressesIn(rows, { failures: 3 })).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  test('failures of all hours count together', async () => {
    const rows = [NOON, NOON + HOUR].flatMap((at) => vertical(2, { from: '10.0.0.1', at }));
    expect(await addressesIn(rows, { failures: 4 })).toEqual(['10.0.0.1']);
    expect(await addressesIn(rows, { failures: 5 })).toEqual([]);
  });

  test('those outside stay for a share of a scan: ports of one target, or targets on one port', async () => {
    const rows = [
      ...vertical(3, { from: '203.0.113.1', seenBy: 'target' }),
      ...horizontal(4, { from: '203.0.113.2', seenBy: 'target' }),
    ];
    expect(await addressesIn(rows, { outside: [groupOf('target', 3)] })).toEqual(['203.0.113.1']);
    expect(await addressesIn(rows, { outside: [groupOf('port', 4)] })).toEqual(['203.0.113.2']);
    expect(await addressesIn(rows, { outside: [groupOf('target', 4), groupOf('port', 5)] })).toEqual([]);
  });

  test('those inside do not stay for a share', async () => {
    const rows = vertical(3, { from: '10.0.0.1' });
    expect(await addressesIn(rows, { outside: [groupOf('target', 1), groupOf('port', 1)] })).toEqual([]);
  });

  test('those inside that find one port open on many inside targets stay', async () => {
    const open = horizontal(4, { from: '10.0.0.1', fate: 'established' });
    expect(await addressesIn(open, openOn(4))).toEqual(['10.0.0.1']);
    expect(await addressesIn(open, openOn(5))).toEqual([]);
  });

  test('what is open counts port by port, inside, without UDP and without conversations', async () => {
    const few = (also: Parameters<typeof horizontal>[1]) =>
      addressesIn(horizontal(4, { from: '10.0.0.1', fate: 'established', ...also }), openOn(3));
    expect(await few({})).toEqual(['10.0.0.1']);
    expect(await few({ network: '203.0.113' })).toEqual([]);
    expect(await few({ protocol: 17 })).toEqual([]);
    expect(await few({ also: { packets: 50 } })).toEqual([]);
    const ports = [22, 80].flatMap((port) => horizontal(2, { from: '10.0.0.1', fate: 'established', port }));
    expect(await addressesIn(ports, openOn(3))).toEqual([]);
  });
});

describe('skipped records of an interval that claims to be of months', () => {
  test('mark its last day only', async () => {
    const probes = [0, 24, 25].flatMap((ago) => probe({ to: '10.0.9.9', port: 1, at: NOON - ago * HOUR }));
    const skip: Row = {
      version: 7,
      'account-id': '111122223333',
      'interface-id': `eni-${SCANNER}`,
      start: NOON - 9999 * HOUR,
      end: NOON,
      'log-status': 'SKIPDATA',
    };
    const [source] = [...(await collect([[...probes, skip]])).sources()].filter(({ address }) => address === SCANNER);
    expect(source!.panes.map(({ quality }) => (quality & SKIPPED_RECORDS) !== 0)).toEqual([false, true, true]);
  });
});

/** Which half of which contact a record is: by flags if there are any, otherwise by port roles. */
import { describe, expect, test } from '@jest/globals';
import * as seen from '../../../lib/evidence/seen.ts';
import { ACCEPT, type Action, NO_ACTION, NO_FLAGS, REJECT } from '../../../lib/flowlog/record.ts';
import { freshKernel } from './fresh-kernel.ts';

interface Given {
  protocol?: number;
  from: number;
  to: number;
  flags?: number;
  action?: Action;
  packets?: number;
  bytes?: number;
  ipv6?: boolean;
}

const { run } = freshKernel();

function halvesOf(given: Given): { forward: string[]; reverse: string[] } {
  const { protocol = 6, from, to, flags = NO_FLAGS, action = ACCEPT, packets = 1, bytes = 40, ipv6 } = given;
  // What an earlier record left behind must not show.
  run.classify(1, 0, 0, 99, 99, ACCEPT, NO_FLAGS, 1);
  const both = run.classify(protocol, from, to, packets, bytes, action, flags, ipv6 ? 0 : 1);
  return { forward: namesOf(both % 2 ** 20), reverse: namesOf(Math.floor(both / 2 ** 20)) };
}

function namesOf(bits: number): string[] {
  return Object.entries(seen)
    .filter(([name, bit]) => name.startsWith('SEEN_') && bits & (bit as number))
    .map(([name]) => name.slice(5))
    .sort();
}

const nothing: string[] = [];

describe('TCP with flags', () => {
  test.each([
    ['an ephemeral port', 51_000],
    ['port 53, chosen to look like an answer', 53],
    ['port 443, chosen to look like an answer', 443],
  ])('a SYN from %s is a probe by its sender', (_, from) => {
    for (const to of [22, 8080, 60_000])
      expect(halvesOf({ from, to, flags: 2 })).toEqual({ forward: ['ACCEPT', 'SYN', 'TCP'], reverse: nothing });
  });

  test('a rejected SYN, also with other bits of the same side, is a rejected probe', () => {
    for (const flags of [2, 3, 6, 7, 2 | 64])
      expect(halvesOf({ from: 50_000, to: 22, flags, action: REJECT })).toEqual({
        forward: [...((flags & 5) !== 0 ? ['CLOSED'] : []), 'REJECT', 'SYN', 'TCP'],
        reverse: nothing,
      });
  });

  test('a SYN-ACK answers the receiver of it, whatever the ports and the action', () => {
    for (const [from, to] of [
      [443, 50_000],
      [50_000, 443],
      [40_000, 40_001],
    ] as const)
      for (const flags of [18, 19, 22, 23])
        for (const action of [ACCEPT, REJECT])
          expect(halvesOf({ from, to, flags, action })).toEqual({
            forward: nothing,
            reverse: [...((flags & 5) !== 0 ? ['CLOSED'] : []), 'SYN_ACK', 'TCP'],
          });
  });

  test('SYN and FIN of one side complete a connection only with three packets or more', () => {
    expect(halvesOf({ from: 50_000, to: 22, flags: 3, packets: 3 }).forward).toContain('COMPLETED');
    expect(halvesOf({ from: 50_000, to: 22, flags: 3, packets: 2 }).forward).not.toContain('COMPLETED');
    expect(halvesOf({ from: 50_000, to: 22, flags: 6, packets: 9 }).forward).not.toContain('COMPLETED');
  });

  test('a bare reset answers its receiver, but is weak from a client port to a service port', () => {
    expect(halvesOf({ from: 22, to: 50_000, flags: 4 })).toEqual({ forward: nothing, reverse: ['RESET', 'TCP'] });
    expect(halvesOf({ from: 60_000, to: 50_000, flags: 4 }).reverse).toEqual(['RESET', 'TCP']);
    expect(halvesOf({ from: 60_000, to: 53, flags: 4 }).reverse).toEqual(['TCP', 'WEAK_RESET']);
    expect(halvesOf({ from: 8080, to: 443, flags: 4 }).reverse).toEqual(['TCP', 'WEAK_RESET']);
  });

  test('a reset after a conversation (FIN, or many packets) is a conversation, not the answer of a closed port', () => {
    expect(halvesOf({ from: 22, to: 50_000, flags: 5 }).reverse).toEqual(['REPLY', 'TCP']);
    expect(halvesOf({ from: 22, to: 50_000, flags: 4, packets: 3, bytes: 156 }).reverse).toEqual(['REPLY', 'TCP']);
  });

  test('resets alone are the answer of a closed port, however often it was asked', () => {
    expect(halvesOf({ from: 22, to: 50_000, flags: 4, packets: 3, bytes: 120 }).reverse).toEqual(['RESET', 'TCP']);
    expect(halvesOf({ from: 22, to: 50_000, flags: 4, packets: 3, bytes: 180, ipv6: true }).reverse).toEqual([
      'RESET',
      'TCP',
    ]);
  });

  test.each([0, 1, 4 | 1])('a late reply from 443 to an ephemeral port (flags %d, REJECT) is no probe', (flags) => {
    for (const to of [1024, 32_768, 61_000])
      expect(halvesOf({ from: 443, to, flags, action: REJECT, packets: 3 })).toEqual({
        forward: nothing,
        reverse: ['REPLY', 'TCP'],
      });
  });

  test('without a SYN the side of the higher port role initiated: a conversation under way, or a stealth probe', () => {
    for (const flags of [0, 1])
      expect(halvesOf({ from: 50_000, to: 443, flags })).toEqual({
        forward: ['ACCEPT', 'PROBE', 'TCP'],
        reverse: nothing,
      });
  });

  test('without a SYN and with ports of one role it is kept under both ends as unresolved, and a REJECT has no answer', () => {
    for (const [from, to] of [
      [40_000, 50_000],
      [2000, 3000],
      [22, 443],
    ] as const) {
      expect(halvesOf({ from, to, flags: 0 })).toEqual({
        forward: ['ACCEPT', 'TCP', 'UNRESOLVED_FORWARD'],
        reverse: ['TCP', 'UNRESOLVED_REVERSE'],
      });
      expect(halvesOf({ from, to, flags: 0, action: REJECT }).reverse).toEqual(nothing);
    }
  });
});

describe('TCP without flags', () => {
  test('port roles tell the initiator, and the record says that it guessed', () => {
    expect(halvesOf({ from: 50_000, to: 443 })).toEqual({
      forward: ['ACCEPT', 'PROBE', 'TCP', 'WITHOUT_FLAGS'],
      reverse: nothing,
    });
    expect(halvesOf({ from: 443, to: 50_000, bytes: 60 }).reverse).toEqual(['REPLY', 'TCP', 'WITHOUT_FLAGS']);
  });

  test.each([
    ['one packet of 40 bytes', { packets: 1, bytes: 40 }, 'RESET'],
    ['two packets of 40 bytes', { packets: 2, bytes: 80 }, 'RESET'],
    ['one packet of 60 bytes over IPv6', { packets: 1, bytes: 60, ipv6: true }, 'RESET'],
    ['one packet of 60 bytes over IPv4: a SYN-ACK has options', { packets: 1, bytes: 60 }, 'REPLY'],
    ['one packet that is shorter than any over IPv6', { packets: 1, bytes: 40, ipv6: true }, 'RESET'],
    ['three packets of 40 bytes', { packets: 3, bytes: 120 }, 'REPLY'],
    ['no packets at all', { packets: 0, bytes: 0 }, 'REPLY'],
  ])('a reply of %s', (_, sizes, expected) => {
    expect(halvesOf({ from: 80, to: 50_000, ...sizes }).reverse).toEqual([expected, 'TCP', 'WITHOUT_FLAGS']);
  });
});

describe('other protocols', () => {
  test('UDP goes by port roles, both ways', () => {
    expect(halvesOf({ protocol: 17, from: 50_000, to: 161 })).toEqual({
      forward: ['ACCEPT', 'PROBE'],
      reverse: nothing,
    });
    expect(halvesOf({ protocol: 17, from: 53, to: 50_000 })).toEqual({ forward: nothing, reverse: ['REPLY'] });
    expect(halvesOf({ protocol: 17, from: 53, to: 50_000, action: REJECT })).toEqual({
      forward: nothing,
      reverse: ['REPLY'],
    });
    expect(halvesOf({ protocol: 17, from: 123, to: 123 })).toEqual({
      forward: ['ACCEPT', 'UNRESOLVED_FORWARD'],
      reverse: ['UNRESOLVED_REVERSE'],
    });
  });

  test.each([1, 58])('ICMP (%d) is a request and a reply at once, unless it was rejected', (protocol) => {
    expect(halvesOf({ protocol, from: 0, to: 0 })).toEqual({
      forward: ['ACCEPT', 'PROBE'],
      reverse: ['UNRESOLVED_REVERSE'],
    });
    expect(halvesOf({ protocol, from: 0, to: 0, action: REJECT })).toEqual({
      forward: ['PROBE', 'REJECT'],
      reverse: nothing,
    });
  });

  test('a log without actions (transit gateway) is read as accepted', () => {
    expect(halvesOf({ from: 50_000, to: 22, flags: 2, action: NO_ACTION }).forward).toEqual(['ACCEPT', 'SYN', 'TCP']);
  });
});

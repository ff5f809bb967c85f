/**
 * Records of many hosts, each with an interface that always has the same texts, so that the result depends on no order.
 */
import type { Random } from '../../../bench/random.ts';
import { log, START, type Values } from '../flowlog/sample-logs.ts';

/** Columns with a direction, and without. */
export const DIRECTED = (
  'account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status ' +
  'vpc-id instance-id tcp-flags pkt-srcaddr pkt-dstaddr flow-direction'
).split(' ');
export const UNDIRECTED = DIRECTED.filter((field) => field !== 'flow-direction');

export const textOf = (rows: readonly Values[], fields = DIRECTED): Uint8Array => Buffer.from(log(rows, fields));

/** The nth host: inside, in a network of its own for each kind. */
export const hostAt = (network: string, at: number): string => `${network}.${at >> 8}.${at & 255}`;

/** A record as the interface of `from` writes it. */
export function sent(from: string, to: string, values: Values = {}): Values {
  return {
    'interface-id': `eni-${from}`,
    'vpc-id': `vpc-${from.length % 3}`,
    'instance-id': from.endsWith('7') ? '-' : `i-${from}`,
    srcaddr: from,
    dstaddr: to,
    'pkt-srcaddr': from,
    'pkt-dstaddr': to,
    packets: '1',
    bytes: '44',
    'flow-direction': 'egress',
    ...values,
  };
}

/** The answer to a record, as the same interface writes it. */
export const answered = (request: Values, values: Values = {}): Values => ({
  ...request,
  srcaddr: request.dstaddr!,
  dstaddr: request.srcaddr!,
  'pkt-srcaddr': request['pkt-dstaddr']!,
  'pkt-dstaddr': request['pkt-srcaddr']!,
  srcport: request.dstport ?? '443',
  dstport: request.srcport ?? '40000',
  'tcp-flags': '18',
  'flow-direction': 'ingress',
  ...values,
});

/** The same at another time. */
export const at = (second: number, row: Values): Values => ({
  ...row,
  start: String(START + second),
  end: String(START + second + 20),
});

/** Records between `hosts` hosts in any state, over some hours. */
export function crowd(count: number, hosts: number, random: Random): Values[] {
  return Array.from({ length: count }, () => {
    const isOutside = random.next() < 0.2;
    const from = hostAt('10.1', random.whole(1, hosts));
    const to = hostAt(isOutside ? '203.0' : '10.1', random.whole(1, hosts));
    const request = at(
      random.whole(0, 9000),
      sent(from, to, {
        srcport: String(random.whole(30_000, 60_000)),
        dstport: String(random.whole(1, 30)),
        'tcp-flags': ['2', '2', '2', '1', '-'][random.whole(0, 4)]!,
        action: random.next() < 0.3 ? 'REJECT' : 'ACCEPT',
      }),
    );
    return random.next() < 0.4 ? answered(request, { 'tcp-flags': random.next() < 0.5 ? '18' : '4' }) : request;
  });
}

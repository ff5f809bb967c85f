/**
 * Builds connections from flow records, for rules of systems that watch packets (Zeek, Snort, Slips) rather than flow
 * logs. The same approximation serves all of them: both directions and both interfaces of a 5-tuple are one connection
 * until it was idle for `IDLE`. The originator is the side that sent SYN without ACK, or else the side without the
 * service port.
 */
import { type FlowRecord, TCP } from './record.ts';

/** What a sensor on the wire would log of one connection. */
export interface Connection {
  readonly source: string;
  readonly target: string;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly protocol: number;
  /** End of the last record that shows it: when it is complete, and so what a sensor would log it with. */
  readonly at: number;
  /** TCP flags of the originator and of the responder, OR-ed. */
  readonly sent: number;
  readonly answered: number;
  /** Whether anything came back that was not rejected itself. */
  readonly hasReply: boolean;
}

const SYN = 2;
const RST = 4;
const ACK = 16;
/** Seconds: Zeek's default inactivity timeouts (5 min for TCP, 1 min for UDP and ICMP) and an aggregation interval. */
const IDLE = { tcp: 360, other: 120 } as const;

/** A SYN that no SYN-ACK answered: refused, dropped, or nobody there. */
export const isFailedAttempt = ({ protocol, sent, answered }: Connection): boolean =>
  protocol === TCP && (sent & SYN) !== 0 && (answered & SYN) === 0;

/** TCP without a completed handshake, or anything else without a reply. */
export const isNotEstablished = (connection: Connection): boolean =>
  connection.protocol === TCP
    ? (connection.sent & SYN) !== 0
      ? (connection.answered & SYN) === 0
      : !connection.hasReply || (connection.answered & RST) !== 0
    : !connection.hasReply;

/** Whether the target answered with a reset, the one refusal that a sensor sees on the wire. */
export const isReset = ({ protocol, answered }: Connection): boolean =>
  protocol === TCP && (answered & RST) !== 0 && (answered & SYN) === 0;

interface Side {
  readonly address: string;
  readonly port: number;
}

interface Open {
  readonly a: Side;
  readonly b: Side;
  readonly protocol: number;
  last: number;
  fromA: number;
  fromB: number;
  acceptedFromA: boolean;
  acceptedFromB: boolean;
  /** Who spoke first. */
  aFirst: boolean;
}

/** Several rules read the connections of the same records. */
const assembled = new WeakMap<readonly FlowRecord[], readonly Connection[]>();

/** The connections of records that are ordered by their end, ordered by {@link Connection.at}. */
export function connectionsOf(records: readonly FlowRecord[]): readonly Connection[] {
  const known = assembled.get(records);
  if (known) return known;
  const connections = assemble(records);
  assembled.set(records, connections);
  return connections;
}

function assemble(records: readonly FlowRecord[]): Connection[] {
  const open = new Map<string, Open>();
  const all: Open[] = [];
  for (const record of records) {
    const { packetSource, packetTarget, sourcePort, targetPort, protocol } = record;
    const forward = packetSource < packetTarget || (packetSource === packetTarget && sourcePort < targetPort);
    const key = forward
      ? `${packetSource} ${packetTarget} ${sourcePort} ${targetPort} ${protocol}`
      : `${packetTarget} ${packetSource} ${targetPort} ${sourcePort} ${protocol}`;
    let one = open.get(key);
    if (!one || record.start > one.last + (protocol === TCP ? IDLE.tcp : IDLE.other)) {
      const source = { address: packetSource, port: sourcePort };
      const target = { address: packetTarget, port: targetPort };
      one = {
        a: forward ? source : target,
        b: forward ? target : source,
        protocol,
        last: record.end,
        fromA: 0,
        fromB: 0,
        acceptedFromA: false,
        acceptedFromB: false,
        aFirst: forward,
      };
      open.set(key, one);
      all.push(one);
    }
    one.last = Math.max(one.last, record.end);
    if (forward) {
      one.fromA |= record.flags ?? 0;
      one.acceptedFromA ||= !record.rejected;
    } else {
      one.fromB |= record.flags ?? 0;
      one.acceptedFromB ||= !record.rejected;
    }
  }
  return all.map(close).sort((a, b) => a.at - b.at);
}

function close(one: Open): Connection {
  const byA = isOriginatorA(one);
  const [source, target] = byA ? [one.a, one.b] : [one.b, one.a];
  return {
    source: source.address,
    target: target.address,
    sourcePort: source.port,
    targetPort: target.port,
    protocol: one.protocol,
    at: one.last,
    sent: byA ? one.fromA : one.fromB,
    answered: byA ? one.fromB : one.fromA,
    hasReply: byA ? one.acceptedFromB : one.acceptedFromA,
  };
}

function isOriginatorA({ a, b, fromA, fromB, aFirst }: Open): boolean {
  const syn = (flags: number) => (flags & (SYN | ACK)) === SYN;
  const synAck = (flags: number) => (flags & (SYN | ACK)) === (SYN | ACK);
  if (syn(fromA) !== syn(fromB)) return syn(fromA);
  if (synAck(fromA) !== synAck(fromB)) return synAck(fromB);
  const service = (port: number) => port < 1024;
  if (service(a.port) !== service(b.port)) return service(b.port);
  return aFirst;
}

/** Tells who initiated the contact that a record is a half of, and what the half says about it. */
import {
  SEEN_ACCEPT,
  SEEN_CLOSED,
  SEEN_COMPLETED,
  SEEN_CONVERSATION,
  SEEN_EXCHANGE,
  SEEN_PATIENT,
  SEEN_PROBE,
  SEEN_REJECT,
  SEEN_REPLY,
  SEEN_RESET,
  SEEN_SYN,
  SEEN_SYN_ACK,
  SEEN_TCP,
  SEEN_UNRESOLVED_FORWARD,
  SEEN_UNRESOLVED_REVERSE,
  SEEN_WEAK_RESET,
  SEEN_WITHOUT_FLAGS,
} from '../../lib/evidence/seen.ts';
import { type FlowRecord, NO_FLAGS, REJECT } from '../../lib/flowlog/record.ts';
import { ACK, FIN, RST, SYN } from './tcp-flags.ts';

/** What of a record the classification reads. */
export type Classified = Pick<
  FlowRecord,
  'protocol' | 'sourcePort' | 'targetPort' | 'packets' | 'bytes' | 'action' | 'tcpFlags'
>;

const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;

const isIcmp = (protocol: number): boolean => protocol === ICMP || protocol === ICMPV6;

/**
 * What a record contributes: `forward` to the contact of its sender with its receiver, `reverse` to the contact of its
 * receiver with its sender. Zero contributes nothing. One object, reused for every record.
 */
export class Halves {
  forward = 0;
  reverse = 0;
}

/** Linux and Windows choose client ports from here on (NAT gateways and load balancers from 1024 on). */
const EPHEMERAL = 32_768;
const PRIVILEGED = 1024;
/** A reset has no options: 20 bytes of IPv4 header (40 of IPv6) and 20 of TCP. A SYN-ACK always has options. */
const RESET_BYTES_IPV4 = 40;
const RESET_BYTES_IPV6 = 60;
/**
 * Bytes of a SYN over IPv4: with MSS only (nmap), of old and new network stacks (Windows, Linux, macOS). 20
 * more over IPv6. The 40 of a bare SYN and the 52 of Windows are left out: acknowledgements and resets have those sizes
 * too.
 */
const SYN_BYTES: ReadonlySet<number> = new Set([44, 48, 60, 64]);
const IPV6_EXTRA_BYTES = 20;
/** A SYN is sent again at most so often before its sender gives up within one record. */
const SYN_RETRIES = 4;
/** This many packets are enough to find a port open and close the connection. More packets are a conversation. */
const PROBE_PACKETS = 10;
/** The retries of a client in one record, and bytes of an answer that is more than a banner. */
const PATIENT_PACKETS = 3;
const EXCHANGE_BYTES = 1000;

/** 0 for a privileged port, 1 for a registered one, 2 for an ephemeral one: the lower side of a flow is the service. */
const portRole = (port: number): number => (port < PRIVILEGED ? 0 : port < EPHEMERAL ? 1 : 2);

/** Classifies one record: by TCP flags where the log has them, else by port roles. */
export function classify(record: Classified, isIpv4: boolean, into: Halves): void {
  into.forward = 0;
  into.reverse = 0;
  const verdict = record.action === REJECT ? SEEN_REJECT : SEEN_ACCEPT;
  if (record.protocol === TCP) {
    if (record.tcpFlags === NO_FLAGS) classifyTcpWithoutFlags(record, isIpv4, verdict, into);
    else classifyTcp(record, isIpv4, verdict, into);
  } else if (isIcmp(record.protocol)) {
    // Neither type nor code is logged, so a request cannot be told from its reply: each half is both.
    into.forward = SEEN_PROBE | verdict;
    into.reverse = record.action === REJECT ? 0 : SEEN_UNRESOLVED_REVERSE;
  } else classifyDatagrams(record, verdict, into);
  if (record.packets > PROBE_PACKETS) {
    if (into.forward) into.forward |= SEEN_CONVERSATION;
    if (into.reverse) into.reverse |= SEEN_CONVERSATION;
  }
  if (into.forward && record.packets >= PATIENT_PACKETS) into.forward |= SEEN_PATIENT;
  if (into.forward && record.bytes >= EXCHANGE_BYTES) into.forward |= SEEN_EXCHANGE;
  if (into.reverse && record.bytes >= EXCHANGE_BYTES) into.reverse |= SEEN_EXCHANGE;
}

function classifyDatagrams(record: Classified, verdict: number, into: Halves): void {
  const { sourcePort, targetPort } = record;
  const arePrivileged = sourcePort < PRIVILEGED && targetPort < PRIVILEGED;
  if (arePrivileged && sourcePort !== targetPort) {
    // No client waits on a privileged port, so neither half answers the other. Only both halves together show that one
    // did.
    into.forward = SEEN_PROBE | verdict;
    into.reverse = record.action === REJECT ? 0 : SEEN_UNRESOLVED_REVERSE;
  } else byPortRoles(record, verdict, SEEN_REPLY, into);
}

function classifyTcp(record: Classified, isIpv4: boolean, verdict: number, into: Halves): void {
  const flags = record.tcpFlags;
  const closed = flags & (FIN | RST) ? SEEN_CLOSED : 0;
  if ((flags & (SYN | ACK)) === SYN) {
    const completed = flags & FIN && record.packets >= 3 ? SEEN_COMPLETED : 0;
    into.forward = SEEN_SYN | SEEN_TCP | verdict | closed | completed;
  } else if ((flags & (SYN | ACK)) === (SYN | ACK)) into.reverse = SEEN_SYN_ACK | SEEN_TCP | closed;
  else if ((flags & RST) !== 0 && (flags & FIN) === 0 && (record.packets <= 2 || isBare(record, isIpv4))) {
    const fromClient = portRole(record.sourcePort) > portRole(record.targetPort);
    into.reverse = (fromClient ? SEEN_WEAK_RESET : SEEN_RESET) | SEEN_TCP;
  } else byPortRoles(record, verdict | SEEN_TCP, SEEN_REPLY | SEEN_TCP, into);
}

/** Resets alone: a closed port sends one for each SYN, and Windows asks three times. */
const isBare = ({ packets, bytes }: Classified, isIpv4: boolean): boolean =>
  packets <= SYN_RETRIES && bytes <= packets * (isIpv4 ? RESET_BYTES_IPV4 : RESET_BYTES_IPV6);

function classifyTcpWithoutFlags(record: Classified, isIpv4: boolean, verdict: number, into: Halves): void {
  const resetBytes = record.packets * (isIpv4 ? RESET_BYTES_IPV4 : RESET_BYTES_IPV6);
  const isReset = record.packets > 0 && record.packets <= 2 && record.bytes <= resetBytes;
  const common = SEEN_TCP | SEEN_WITHOUT_FLAGS;
  if (portRole(record.sourcePort) === portRole(record.targetPort)) {
    if (isReset && record.action !== REJECT) {
      into.forward = SEEN_UNRESOLVED_FORWARD | verdict | common;
      into.reverse = SEEN_RESET | common;
      return;
    }
    if (isSynSized(record, isIpv4)) {
      into.forward = SEEN_PROBE | verdict | common;
      into.reverse = record.action === REJECT ? 0 : SEEN_UNRESOLVED_REVERSE | common;
      return;
    }
  }
  byPortRoles(record, verdict | common, (isReset ? SEEN_RESET : SEEN_REPLY) | common, into);
}

function isSynSized({ packets, bytes }: Classified, isIpv4: boolean): boolean {
  return packets > 0 && packets <= SYN_RETRIES && SYN_BYTES.has(bytes / packets - (isIpv4 ? 0 : IPV6_EXTRA_BYTES));
}

function byPortRoles(record: Classified, request: number, reply: number, into: Halves): void {
  const source = portRole(record.sourcePort);
  const target = portRole(record.targetPort);
  if (target < source) into.forward = SEEN_PROBE | request;
  else if (target > source) into.reverse = reply;
  else {
    into.forward = SEEN_UNRESOLVED_FORWARD | request;
    into.reverse = record.action === REJECT ? 0 : SEEN_UNRESOLVED_REVERSE | (request & (SEEN_TCP | SEEN_WITHOUT_FLAGS));
  }
}

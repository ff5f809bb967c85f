/** Decides who initiated the contact that a record belongs to, and what the record says about it. */
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
} from '../seen-bits';

const TCP: u32 = 6;
const ICMP: u32 = 1;
const ICMPV6: u32 = 58;

/** Flags of a record whose log has no flags, or "-". */
export const NO_FLAGS: i32 = -1;
const FIN: i32 = 1;
const SYN: i32 = 2;
const RST: i32 = 4;
const ACK: i32 = 16;

export const REJECT: u32 = 2;

/** Linux and Windows choose client ports starting here (NAT gateways and load balancers start at 1024). */
const EPHEMERAL: u32 = 32_768;
const PRIVILEGED: u32 = 1024;
/** A reset has no options: 20 bytes of IPv4 header (40 of IPv6) and 20 of TCP. A SYN-ACK always has options. */
const RESET_BYTES_IPV4: f64 = 40;
const RESET_BYTES_IPV6: f64 = 60;
const IPV6_EXTRA_BYTES: f64 = 20;
/** How often a sender repeats a SYN within one record before it stops. */
const SYN_RETRIES: f64 = 4;
/** This many packets are enough to find a port open and close the connection. More packets are a conversation. */
const PROBE_PACKETS: f64 = 10;
/** A client's retries within its own timeout: three SYNs in five seconds (RFC 6298), eleven in two minutes. */
const PATIENT_PACKETS: f64 = 3;
/** A TLS handshake with its certificates is longer. Banners of SSH, SMTP or FTP are shorter. */
const EXCHANGE_BYTES: f64 = 1000;

/**
 * The result for the last record that was classified. `forward` belongs to the contact of its sender with its receiver,
 * `reverse` to the contact of its receiver with its sender. Zero contributes nothing.
 */
export let forward: u32 = 0;
export let reverse: u32 = 0;

/** 0 for a privileged port, 1 for a registered one, 2 for an ephemeral one. The lower side of a flow is the service. */
// @ts-expect-error: decorator
@inline
function portRole(port: u32): u32 {
  return <u32>(port >= PRIVILEGED) + <u32>(port >= EPHEMERAL);
}

/** Classifies one record by TCP flags if the log has them, otherwise by port roles. */
export function classify(
  protocol: u32,
  sourcePort: u32,
  targetPort: u32,
  packets: f64,
  bytes: f64,
  action: u32,
  flags: i32,
  isIpv4: bool,
): void {
  forward = 0;
  reverse = 0;
  const verdict: u32 = action == REJECT ? SEEN_REJECT : SEEN_ACCEPT;
  if (protocol == TCP) {
    if (flags == NO_FLAGS) classifyTcpWithoutFlags(sourcePort, targetPort, packets, bytes, action, isIpv4, verdict);
    else classifyTcp(sourcePort, targetPort, packets, bytes, action, flags, isIpv4, verdict);
  } else if (protocol == ICMP || protocol == ICMPV6) {
    // Neither type nor code is logged, so a request looks like its reply, and each half counts as both.
    forward = SEEN_PROBE | verdict;
    reverse = action == REJECT ? 0 : SEEN_UNRESOLVED_REVERSE;
  } else classifyDatagrams(sourcePort, targetPort, action, verdict);
  if (packets > PROBE_PACKETS) {
    if (forward) forward |= SEEN_CONVERSATION;
    if (reverse) reverse |= SEEN_CONVERSATION;
  }
  if (forward && packets >= PATIENT_PACKETS) forward |= SEEN_PATIENT;
  if (bytes >= EXCHANGE_BYTES) {
    if (forward) forward |= SEEN_EXCHANGE;
    if (reverse) reverse |= SEEN_EXCHANGE;
  }
}

function classifyDatagrams(sourcePort: u32, targetPort: u32, action: u32, verdict: u32): void {
  if (sourcePort < PRIVILEGED && targetPort < PRIVILEGED && sourcePort != targetPort) {
    // No client waits on a privileged port, so neither half answers the other. Only both halves together show that one
    // did.
    forward = SEEN_PROBE | verdict;
    reverse = action == REJECT ? 0 : SEEN_UNRESOLVED_REVERSE;
  } else byPortRoles(sourcePort, targetPort, action, verdict, SEEN_REPLY);
}

// @ts-expect-error: decorator
@inline
function classifyTcp(
  sourcePort: u32,
  targetPort: u32,
  packets: f64,
  bytes: f64,
  action: u32,
  flags: i32,
  isIpv4: bool,
  verdict: u32,
): void {
  const closed: u32 = (flags & (FIN | RST)) != 0 ? SEEN_CLOSED : 0;
  if ((flags & (SYN | ACK)) == SYN)
    forward = SEEN_SYN | SEEN_TCP | verdict | closed | ((flags & FIN) != 0 && packets >= 3 ? SEEN_COMPLETED : 0);
  else if ((flags & (SYN | ACK)) == (SYN | ACK)) reverse = SEEN_SYN_ACK | SEEN_TCP | closed;
  else if ((flags & RST) != 0 && (flags & FIN) == 0 && (packets <= 2 || isBare(packets, bytes, isIpv4)))
    reverse = (portRole(sourcePort) > portRole(targetPort) ? SEEN_WEAK_RESET : SEEN_RESET) | SEEN_TCP;
  else byPortRoles(sourcePort, targetPort, action, verdict | SEEN_TCP, SEEN_REPLY | SEEN_TCP);
}

/** Only resets: a closed port sends one for each SYN, and Windows tries three times. */
function isBare(packets: f64, bytes: f64, isIpv4: bool): bool {
  return packets <= SYN_RETRIES && bytes <= packets * (isIpv4 ? RESET_BYTES_IPV4 : RESET_BYTES_IPV6);
}

// @ts-expect-error: decorator
@inline
function classifyTcpWithoutFlags(
  sourcePort: u32,
  targetPort: u32,
  packets: f64,
  bytes: f64,
  action: u32,
  isIpv4: bool,
  verdict: u32,
): void {
  const isReset = packets > 0 && packets <= 2 && bytes <= packets * (isIpv4 ? RESET_BYTES_IPV4 : RESET_BYTES_IPV6);
  const common: u32 = SEEN_TCP | SEEN_WITHOUT_FLAGS;
  if (portRole(sourcePort) == portRole(targetPort)) {
    if (isReset && action != REJECT) {
      forward = SEEN_UNRESOLVED_FORWARD | verdict | common;
      reverse = SEEN_RESET | common;
      return;
    }
    if (isSynSized(packets, bytes, isIpv4)) {
      forward = SEEN_PROBE | verdict | common;
      reverse = action == REJECT ? 0 : SEEN_UNRESOLVED_REVERSE | common;
      return;
    }
  }
  byPortRoles(sourcePort, targetPort, action, verdict | common, (isReset ? SEEN_RESET : SEEN_REPLY) | common);
}

/**
 * Bytes of a SYN over IPv4: with MSS only (nmap), of old and new network stacks (Windows, Linux, macOS). 20 more over
 * IPv6. The 40 bytes of a bare SYN and the 52 of Windows are left out, because acknowledgements and resets have those
 * sizes too.
 */
function isSynSized(packets: f64, bytes: f64, isIpv4: bool): bool {
  if (!(packets > 0 && packets <= SYN_RETRIES)) return false;
  const size = bytes / packets - (isIpv4 ? 0 : IPV6_EXTRA_BYTES);
  return size == 44 || size == 48 || size == 60 || size == 64;
}

function byPortRoles(sourcePort: u32, targetPort: u32, action: u32, request: u32, reply: u32): void {
  const source = portRole(sourcePort);
  const target = portRole(targetPort);
  if (target < source) forward = SEEN_PROBE | request;
  else if (target > source) reverse = reply;
  else {
    forward = SEEN_UNRESOLVED_FORWARD | request;
    reverse = action == REJECT ? 0 : SEEN_UNRESOLVED_REVERSE | (request & (SEEN_TCP | SEEN_WITHOUT_FLAGS));
  }
}

/**
 * The contexts in which a first contact is weighed: what its outcome says about its source, given what else the log
 * shows of it. The threshold random walk (Jung et al. 2004) gives each failure one step towards a scanner and each
 * success one step away. A context says how much of such a step a contact is worth. The table in
 * docs/detections/README.md repeats the numbers.
 */
import {
  isFailure,
  type Outcome,
  SEEN_CLOSED,
  SEEN_CONVERSATION,
  SEEN_EXCHANGE,
  SEEN_PATIENT,
  SEEN_SYN,
  SEEN_SYN_ACK,
  SEEN_WITHOUT_FLAGS,
} from '../evidence/seen.ts';

/** The highest severity of a finding that rests on contacts in a context. */
export type Ceiling = 'low' | 'medium';

/** How much of a failure or of a success a contact in a context is worth. */
interface Context {
  readonly failure: number;
  readonly success: number;
  /**
   * Set if a client whose server is gone leaves the same trace as a scanner. Such contacts can make a finding, but its
   * severity is at most this until enough others indicate a scan.
   */
  readonly atMost?: Ceiling;
}

export type ContextName = keyof typeof CONTEXTS;

const TABLE = {
  /**
   * An established connection with hardly any data, not repeated and not closed by either end: a pool that keeps its
   * connections, or a scanner that hides its resets.
   */
  'answered, left open': { failure: 0, success: 0.5, atMost: 'medium' },
  /** The same in a log without TCP flags, which does not show whether the connection was closed. */
  'answered, end unknown': { failure: 0, success: 0.5, atMost: 'medium' },
  /**
   * The same, and closed. A scanner that finds a port open does this, and so does a health check, so it is worth half a
   * success.
   */
  'answered, then left': { failure: 0, success: 0.5 },
  /**
   * A single exchange of a kilobyte or a few: a page, a certificate, a banner and the reply to it. A sweep that reads
   * what it finds does this, and so does a check of all hosts.
   */
  'answered once, with data': { failure: 0, success: 1, atMost: 'medium' },
  /**
   * A single conversation that was closed within seconds: a login that was tried, or a request. A sweep that talks to
   * what it finds does this, and so do clients, so it is worth half a success.
   */
  'answered once, briefly': { failure: 0, success: 0.5 },
  /** Any other answer. */
  answered: { failure: 0, success: 1 },
  /**
   * A failure, although the same port of the same target has answered this source with data in an earlier hour: an
   * outage. A scanner looks for what it does not know.
   */
  'answered before': { failure: 1, success: 0, atMost: 'low' },
  /**
   * More than ten datagrams in one record and no answer: media, syslog, a tunnel or gossip. A scanner sends a datagram
   * or two to each port. Or datagrams of the size that wakes a sleeping host, which cannot answer.
   */
  'one-way stream': { failure: 1, success: 0, atMost: 'low' },
  /**
   * Three packets or more in one record and no answer, or three source ports. A client repeats its SYN for as long as
   * it waits for a connection (RFC 6298), three times in five seconds. Resolvers and SNMP clients repeat their
   * datagrams. Raw scanners send a packet or two.
   */
  'failed patiently': { failure: 1, success: 0, atMost: 'low' },
  /**
   * The same, but part of a run of neighbouring addresses, each tried once, one after the other, or of a loop that counts
   * through silent hosts. A client comes back to its servers, and few lists of servers are a row of addresses. A job that
   * goes once through such a list does the same.
   */
  'failed patiently, in a row': { failure: 1, success: 0, atMost: 'medium' },
  /**
   * Failed patiently at an address of a subnet that no interface has held for three days, by the inventory. A scanner
   * that connects leaves this, and so does a job with a list of servers that are long gone.
   */
  'dark address, patiently': { failure: 1, success: 0, atMost: 'medium' },
  /**
   * A packet of 41 bytes that came back as one of 40, in a log without TCP flags, where such packets look like a refused
   * SYN. A SYN's headers are multiples of four bytes: this is one byte of an old connection, repeated to see whether the
   * other end is alive (RFC 1122, section 4.2.3.6), as Windows does. A SYN that carries one byte of data looks the same.
   */
  'kept alive': { failure: 1, success: 0, atMost: 'low' },
  /**
   * A failure on a port of which the same target answers with the other protocol: a client that falls back, as browsers
   * do from QUIC to TCP (RFC 9114).
   */
  'answered on the other protocol': { failure: 1, success: 0, atMost: 'low' },
  /**
   * A failure within a few ports of one on which the source talks to the same target for more than seconds. It tried no
   * other ports of that target: members of a cluster look for each other in a short range of ports.
   */
  'beside the answered port': { failure: 1, success: 0, atMost: 'low' },
  /**
   * An outside IPv6 address without a neighbour among the failures. Nobody finds scattered IPv6 hosts by trying (RFC
   * 7707), so a name led to it: a client that falls back to IPv4 (RFC 8305).
   */
  'scattered over IPv6': { failure: 1, success: 0, atMost: 'low' },
  /**
   * Private addresses of several networks of 16 bits, scattered, on a port on which outside addresses answer: peers that
   * gave the addresses they have at home.
   */
  'private address of a peer': { failure: 1, success: 0, atMost: 'low' },
  /** UDP ports on which traceroute begins, one after the other. No service uses them. */
  traceroute: { failure: 0, success: 0 },
  /**
   * Outside addresses tried on one unprivileged port each, most on a port of their own: the list of a peer-to-peer
   * client (BEP 23). A scanner looks for the same ports on many hosts, or for many ports on each.
   */
  'one port per peer': { failure: 1, success: 0, atMost: 'low' },
  /**
   * UDP to an outside address, few in a minute: a client that asks one server after the other, as time services do. Or
   * any contact that our own rules refuse on the way out: a new instance that looks for its services, while a scan that
   * is as slow reaches nobody. Or inside, on a port on which the source keeps talking to as many others: a load balancer
   * whose servers come and go.
   */
  'asked one by one': { failure: 1, success: 0, atMost: 'low' },
  /**
   * Any other failure at an address of a subnet that no interface has held for three days, by the inventory. A client
   * knows where its servers are.
   */
  'dark address': { failure: 1, success: 0 },
  /** Any other failure. */
  failed: { failure: 1, success: 0 },
} as const satisfies Readonly<Record<string, Context>>;

/** The table. {@link contextOf} decides by the contact itself, `company.ts` by the contacts around it. */
export const CONTEXTS: Readonly<Record<keyof typeof TABLE, Context>> = TABLE;

const ICMP: ReadonlySet<number> = new Set([1, 58]);
const TCP = 6;
const UDP = 17;
/** The first port of traceroute, and how many it uses: three for each of thirty hops. */
const TRACEROUTE_PORT = 33_434;
const TRACEROUTE_PORTS = 90;
/** Headers of 20 bytes each of IPv4 and TCP, and the one byte that Windows repeats. */
const KEEPALIVE_BYTES = 41;
/** Headers of IPv4 and UDP, six bytes of ones, and sixteen times the address of a network card: Wake-on-LAN. */
const MAGIC_PACKET_BYTES = 20 + 8 + 6 + 16 * 6;
/** Ports to which it is sent: echo and discard. */
const MAGIC_PACKET_PORTS: ReadonlySet<number> = new Set([7, 9]);
/** A scanner tries a port again once at most, nmap from a neighbouring source port. */
const PATIENT_FLOWS = 3;

/** The properties that decide the context of a contact. */
interface Circumstances {
  readonly outcome: Outcome;
  /** All bits seen of the contact. */
  readonly seen: number;
  readonly protocol: number;
  readonly port: number;
  /** Bytes of the shortest packet of its probes over IPv4, or 0. IPv6 adds twenty. */
  readonly probeBytes: number;
  /** The number of source ports from which it was tried, as far as the evidence can tell them apart. */
  readonly flows: number;
  /** Whether it was answered, made once and left after at most a few kilobytes. */
  readonly isOnce: boolean;
  /** Whether it was answered with more than that, made once and closed within seconds. */
  readonly isBrief: boolean;
  /** Whether the same contact was answered earlier, within the evidence. */
  readonly isAnsweredBefore: boolean;
}

/** The context in which a contact is weighed. */
export function contextOf(circumstances: Circumstances): ContextName {
  const { outcome, seen, protocol, port, probeBytes, flows, isOnce, isBrief, isAnsweredBefore } = circumstances;
  if (!isFailure(outcome)) {
    if (isBrief) return 'answered once, briefly';
    if (!isOnce) return 'answered';
    if (seen & SEEN_EXCHANGE) return 'answered once, with data';
    if (protocol === TCP && seen & SEEN_WITHOUT_FLAGS) return 'answered, end unknown';
    return staysOpen(seen) ? 'answered, left open' : 'answered, then left';
  }
  if (isAnsweredBefore) return 'answered before';
  if (protocol === UDP && port >= TRACEROUTE_PORT && port < TRACEROUTE_PORT + TRACEROUTE_PORTS) return 'traceroute';
  const wakes = probeBytes === MAGIC_PACKET_BYTES && MAGIC_PACKET_PORTS.has(port);
  if (outcome !== 'reset' && protocol === UDP && (seen & SEEN_CONVERSATION || wakes)) return 'one-way stream';
  if (outcome === 'reset' && seen & SEEN_WITHOUT_FLAGS && protocol === TCP && probeBytes === KEEPALIVE_BYTES)
    return 'kept alive';
  if (flows >= PATIENT_FLOWS) return 'failed patiently';
  // Every ping repeats itself, a scanner's as well as a monitor's.
  return outcome !== 'reset' && seen & SEEN_PATIENT && !ICMP.has(protocol) ? 'failed patiently' : 'failed';
}

/** Whether the flags of both ends show a connection that was made and not closed. */
const staysOpen = (seen: number): boolean =>
  (seen & SEEN_SYN) !== 0 && (seen & SEEN_SYN_ACK) !== 0 && (seen & SEEN_CLOSED) === 0;

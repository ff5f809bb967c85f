/**
 * Names the likely tool of a scan from the flow metadata of its probes: packet sizes, source ports, ports and their
 * order.
 */
import { isFailure } from '../evidence/seen.ts';
import type { FirstContact } from '../scan/contacts.ts';
import { FREQUENT_TCP, FREQUENT_UDP, TRIED_FIRST } from './frequent-ports.ts';

/**
 * A guess at the program behind a scan. Confidence ranges from 50 to 100, by how many other programs leave the same
 * marks.
 */
export interface ToolHint {
  readonly name: string;
  readonly confidence: number;
}

/** The fields that a hint is derived from. */
type Contact = Pick<
  FirstContact,
  | 'target'
  | 'port'
  | 'protocol'
  | 'outcome'
  | 'start'
  | 'direction'
  | 'isRepeat'
  | 'isStealth'
  | 'sourcePort'
  | 'packetBytes'
>;

const TCP = 6;
const UDP = 17;
const PING: ReadonlySet<number> = new Set([1, 58]);
const TELNET: ReadonlySet<number> = new Set([23, 2323]);

/** Fewer probes show no pattern. */
const FEWEST = 8;
/** Share of the probes that must look the same. */
const MOST = 0.8;

/**
 * Bytes of a SYN over IPv4, which depend on its TCP options. No operating system's connect() sends one of the first
 * two.
 */
const BARE_SYN = 40;
const MSS_SYN = 44;
const WINDOWS_SYN = 52;
const LINUX_SYN = 60;
const MACOS_SYN = 64;
const IPV6_EXTRA_BYTES = 20;
/**
 * Average bytes of a packet where a crafted SYN found the port open and the scanner's own system reset the connection.
 */
const ANSWERED: Readonly<Record<number, number>> = { 40: BARE_SYN, 42: MSS_SYN };

/** Default ranges from which tools and systems choose source ports, both ends included. */
const RANGES = {
  /** One of 40000 to 59999 by the clock, in newer releases also one of the next fifteen (masscan, main.c). */
  masscan: [40_000, 60_015],
  /** One per probe, by a hash of the target (ZMap, state.c). */
  zmap: [32_768, 61_000],
  linux: [32_768, 60_999],
  windows: [49_152, 65_535],
} as const;
const MASSCAN_BLOCK = 16;

/**
 * The likely tool of a scan, or null. `hasFlags` says whether all of its records had tcp-flags. Without them a bare SYN
 * looks like the FIN, NULL or ACK of a stealth scan.
 */
export function toolOf(contacts: readonly Contact[], hasFlags = true): ToolHint | null {
  const visits = contacts.filter((contact) => !contact.isRepeat && contact.packetBytes > 0);
  if (discoversHosts(visits)) return { name: 'nmap', confidence: 95 };
  const tcp = visits.filter((contact) => contact.protocol === TCP);
  const udp = visits.filter((contact) => contact.protocol === UDP);
  if (tcp.length >= FEWEST && tcp.length >= udp.length) return tcpTool(tcp, hasFlags);
  if (udp.length >= FEWEST) return udpTool(udp);
  return pingTool(visits.filter((contact) => PING.has(contact.protocol)));
}

/**
 * nmap, when run as root, looks for hosts with a ping, a SYN to 443 and an ACK to 80, all from one source port. Hosts
 * that answer the ping do not get the rest.
 */
function discoversHosts(contacts: readonly Contact[]): boolean {
  const byTarget = Map.groupBy(contacts, (contact) => contact.target).values();
  const silent = [...byTarget].filter((group) => {
    const syn = group.find((contact) => contact.port === 443 && ipv4Bytes(contact) === MSS_SYN);
    const ack = group.find((contact) => contact.port === 80 && ipv4Bytes(contact) === BARE_SYN);
    return syn && syn.sourcePort === ack?.sourcePort && group.some((contact) => PING.has(contact.protocol));
  });
  return silent.length >= FEWEST;
}

function tcpTool(contacts: readonly Contact[], hasFlags: boolean): ToolHint | null {
  const stealth = contacts.filter((contact) => contact.isStealth);
  if (stealth.length >= FEWEST && stealth.length >= MOST * contacts.length) return stealthTool(stealth);
  const failed = contacts.filter((contact) => !contact.isStealth && isFailure(contact.outcome));
  const probes = failed.length >= FEWEST ? failed : contacts;
  const { sharing, within } = sourcePortsOf(probes);
  const bytes = dominant(probes.map((contact) => synBytes(contact, sharing !== 'own')));
  if (sharing === 'own') return ownPortTool(contacts, bytes, within);
  if (sharing === 'block') return bytes === BARE_SYN || bytes === MSS_SYN ? { name: 'masscan', confidence: 80 } : null;
  if (sharing !== 'one') return null;
  if (bytes === MSS_SYN) return { name: 'nmap', confidence: isNmapsChoice(contacts) ? 90 : 75 };
  if (bytes !== BARE_SYN) return null;
  return hasFlags ? bareSynTool(contacts, within) : flaglessTool(contacts, within);
}

/** No operating system lets a client send these. People usually send them with nmap's -sF, -sN, -sX and -sA. */
function stealthTool(contacts: readonly Contact[]): ToolHint | null {
  if (sourcePortsOf(contacts).sharing !== 'one') return null;
  return { name: 'nmap-stealth', confidence: isNmapsChoice(contacts) ? 90 : 70 };
}

/**
 * Bare SYNs from one source port match masscan's template. Other tools that omit the options send them too, Mirai among
 * them.
 */
function bareSynTool(contacts: readonly Contact[], within: Within): ToolHint | null {
  if (contacts.every((contact) => TELNET.has(contact.port) && contact.direction !== 'lateral')) {
    // Mirai tries 2323 on every tenth target and avoids private networks. masscan distributes ports evenly.
    const share = contacts.filter((contact) => contact.port === 2323).length / contacts.length;
    if (share < 0.35 || share > 0.65)
      return contacts.length >= 30 && share > 0.03 && share < 0.25 ? { name: 'mirai', confidence: 60 } : null;
  }
  return { name: 'masscan', confidence: within('masscan') ? 80 : 55 };
}

/** Packets of forty bytes in a log without flags: stealth probes go to one target, and mostly to nmap's ports. */
function flaglessTool(contacts: readonly Contact[], within: Within): ToolHint | null {
  if (isNmapsChoice(contacts)) return { name: 'nmap-stealth', confidence: 60 };
  return countOf(contacts, 'target') >= FEWEST && within('masscan') ? { name: 'masscan', confidence: 65 } : null;
}

/** One source port per probe: either a system's connect(), or ZMap, which crafts its packets and has its own range. */
function ownPortTool(contacts: readonly Contact[], bytes: number | undefined, within: Within): ToolHint | null {
  const nmap = isNmapsChoice(contacts);
  if (bytes === LINUX_SYN)
    return nmap ? { name: 'nmap-connect', confidence: 75 } : connectScan('Linux', within('linux') ? 80 : 60);
  if (bytes === MACOS_SYN) return nmap ? { name: 'nmap-connect', confidence: 75 } : connectScan('macOS', 70);
  if (bytes === WINDOWS_SYN && within('windows'))
    return nmap ? { name: 'nmap-connect', confidence: 75 } : connectScan('Windows', 80);
  const isCrafted = bytes === BARE_SYN || bytes === MSS_SYN;
  if (!(isCrafted || bytes === WINDOWS_SYN) || !within('zmap')) return null;
  // ZMap covers address space, and a source port that counts up (hping3) is not a hash.
  if (countOf(contacts, 'target') < 20 || isCounter(contacts)) return null;
  return { name: 'zmap', confidence: isCrafted ? 80 : 65 };
}

const connectScan = (system: string, confidence: number): ToolHint => ({
  name: `connect-scan (${system})`,
  confidence,
});

/** nmap and masscan send the same payloads from one source port. masscan is rarely used on many ports of one target. */
function udpTool(contacts: readonly Contact[]): ToolHint | null {
  const { sharing } = sourcePortsOf(contacts);
  if (sharing === 'block') return { name: 'masscan', confidence: 65 };
  if (sharing !== 'one') return null;
  if (isNmapsChoice(contacts)) return { name: 'nmap', confidence: 80 };
  return countOf(contacts, 'target') * 20 <= countOf(contacts, 'port') ? { name: 'nmap', confidence: 55 } : null;
}

/** Bytes of an echo request over IPv4, which depend on its payload: nmap has none, ping, fping and the like have 56. */
function pingTool(contacts: readonly Contact[]): ToolHint | null {
  if (contacts.length < FEWEST) return null;
  const bytes = dominant(contacts.map(ipv4Bytes));
  if (bytes === 84) return { name: 'ping or fping', confidence: 60 };
  return bytes === 28 ? { name: 'nmap', confidence: 55 } : null;
}

const ipv4Bytes = ({ packetBytes, target }: Contact): number =>
  packetBytes - (target.includes(':') ? IPV6_EXTRA_BYTES : 0);

/** Bytes of the SYN. For an answered contact they are visible only if the scanner crafted its packets. */
function synBytes(contact: Contact, isCrafted: boolean): number | undefined {
  if (isFailure(contact.outcome)) return ipv4Bytes(contact);
  return isCrafted ? ANSWERED[ipv4Bytes(contact)] : undefined;
}

/** The value that most contacts have. */
function dominant(values: readonly (number | undefined)[]): number | undefined {
  for (const [value, group] of Map.groupBy(values, (value) => value))
    if (group.length >= MOST * values.length) return value;
  return undefined;
}

/** Whether nearly all source ports are in the range. */
type Within = (range: keyof typeof RANGES) => boolean;

/**
 * How probes share source ports: `one` for all (nmap uses another one per group of hosts), a `block` of successive
 * ones, or each its `own`, apart from ports that a system used again.
 */
function sourcePortsOf(contacts: readonly Contact[]) {
  const ports = contacts.map((contact) => contact.sourcePort);
  const used = new Set(ports);
  const reuse = ports.length / used.size;
  const isBlock = used.size > 4 && reuse >= 2 && Math.max(...used) - Math.min(...used) < MASSCAN_BLOCK;
  const within: Within = (range) => {
    const [low, high] = RANGES[range];
    return ports.filter((port) => port >= low && port <= high).length >= 0.95 * ports.length;
  };
  return { sharing: isBlock ? 'block' : reuse >= 4 ? 'one' : reuse <= 1.5 ? 'own' : 'some', within } as const;
}

function isCounter(contacts: readonly Contact[]): boolean {
  const used = new Set(contacts.map((contact) => contact.sourcePort));
  return Math.max(...used) - Math.min(...used) < 2 * used.size;
}

const countOf = (contacts: readonly Contact[], what: 'target' | 'port'): number =>
  new Set(contacts.map((contact) => contact[what])).size;

/** Whether nmap chooses these ports, or this order, by default. */
const isNmapsChoice = (contacts: readonly Contact[]): boolean =>
  areFrequentPorts(contacts) || triesFrequentFirst(contacts);

/**
 * Enough of the most frequent ports in nmap's list mark a scan as nmap's. A scan of whole ranges also contains them.
 */
function areFrequentPorts(contacts: readonly Contact[]): boolean {
  const ports = new Set(contacts.map((contact) => contact.port));
  const frequent = contacts[0]?.protocol === UDP ? FREQUENT_UDP : FREQUENT_TCP;
  const shared = ports.intersection(frequent).size;
  return ports.size >= 40 && ports.size <= 4096 && shared >= 0.9 * Math.min(ports.size, frequent.size);
}

/**
 * In a scan of a few minutes the order shows: nearly all ports that nmap moves to the front are in the first quarter.
 */
function triesFrequentFirst(contacts: readonly Contact[]): boolean {
  const groups = [...Map.groupBy(contacts, (contact) => contact.target).values()];
  const largest = groups.reduce((most, group) => (group.length > most.length ? group : most), []);
  const starts = largest.filter((contact) => TRIED_FIRST.has(contact.port)).map((contact) => contact.start);
  if (starts.length < FEWEST) return false;
  const until = starts.sort((a, b) => a - b)[Math.ceil(0.9 * starts.length) - 1]!;
  return largest.filter((contact) => contact.start <= until).length * 4 <= largest.length;
}

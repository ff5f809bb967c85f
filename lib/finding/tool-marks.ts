/** The marks that a scanner leaves in flow metadata: the form, the source ports and the order of its probes. */
import { isFailure } from '../evidence/seen.ts';
import { type FirstContact, ipv4Bytes } from '../scan/first-contact.ts';
import { FREQUENT_TCP, FREQUENT_UDP, TRIED_FIRST } from './frequent-ports.ts';

/** The fields that marks are read from. */
export type Probe = Pick<
  FirstContact,
  | 'target'
  | 'port'
  | 'protocol'
  | 'outcome'
  | 'context'
  | 'start'
  | 'direction'
  | 'isStealth'
  | 'weight'
  | 'attempts'
  | 'sourcePort'
  | 'packetBytes'
>;

/** What the probes of a scan consist of. `protocols`: each tries another IP protocol. */
export type Kind = 'tcp' | 'tcp without syn' | 'udp' | 'icmp' | 'protocols';

/**
 * How probes share source ports: `one` for all or for a group of hosts, a `block` of at most sixteen neighbours, each
 * its `own`, apart from ports that a system used again, or `in step` with the port that they try.
 */
export type SourcePorts = 'one' | 'block' | 'own' | 'in step';

/** The marks of the probes of one scan. */
export interface Marks {
  readonly kind: Kind;
  /** Bytes of a probe over IPv4, if nearly all have the same. A log says 255 of all that is longer. */
  readonly bytes: number | undefined;
  /** Share of probes whose packets have no payload. */
  readonly emptyShare: number;
  readonly family: 'ipv4' | 'ipv6' | 'both';
  readonly sourcePorts: SourcePorts | undefined;
  /** Whether nearly all source ports are in a range, both ends included. */
  readonly isFrom: (range: readonly [number, number]) => boolean;
  /** Share of odd source ports. Those of connect() are even on Linux, and odd where a client binds its address first. */
  readonly oddShare: number;
  readonly targets: number;
  readonly ports: ReadonlySet<number>;
  /** Whether nmap chooses these ports, or this order, by default. */
  readonly isNmapsChoice: boolean;
  /** What was tried in ascending order, as far as the times of the records can tell. */
  readonly ascending: 'ports' | 'targets' | undefined;
  /** Whether the targets are most of the addresses between the first and the last of them. */
  readonly isDense: boolean;
  /** Whether nearly all targets were tried once, with a packet or two. */
  readonly isTriedOnce: boolean;
  /** Probes per second over the whole scan, with a minute added for the times of records. */
  readonly perSecond: number;
  /** Hosts that got a ping, a SYN to 443 and an ACK to 80 from one source port. */
  readonly discovered: number;
  /** Share of probes to port 2323 if all others went to 23 and none to a private network from inside. */
  readonly telnetShare: number | undefined;
}

const TCP = 6;
const UDP = 17;
const PING: ReadonlySet<number> = new Set([1, 58]);
const TELNET: ReadonlySet<number> = new Set([23, 2323]);
const PATIENT: ReadonlySet<Probe['context']> = new Set([
  'failed patiently',
  'failed patiently, in a row',
  'one-way stream',
]);

/** The intervals of two interfaces may put one packet into two minutes. */
const ONE_TRY = 2;

/** Fewer probes show no pattern. */
export const FEWEST_PROBES = 8;
/** Share of the probes that must look the same. */
const MOST = 0.8;
/** Share of the source ports that must be in a range. */
const NEARLY_ALL = 0.95;
const NEIGHBOURS = 16;

/** Bytes of a SYN without options, and with a maximum segment size only. No operating system's connect() sends them. */
const BARE_SYN = 40;
const MSS_SYN = 44;
const EMPTY_DATAGRAM = 28;
/**
 * Average bytes of a packet where a crafted SYN found the port open and the scanner's own system reset the connection.
 */
const ANSWERED: Readonly<Record<number, number>> = { 40: BARE_SYN, 42: MSS_SYN };

/** The marks of the probes that make up most of a scan. Undefined if there are too few to show a pattern. */
export function marksOf(contacts: readonly Probe[]): Marks | undefined {
  const [kind, probes] = mainProbes(contacts);
  if (probes.length < FEWEST_PROBES) return undefined;
  const shown = kind === 'tcp' ? failedOrAll(probes) : probes;
  const ports = shown.map((probe) => probe.sourcePort);
  const sourcePorts = sourcePortsOf(shown);
  const targets = new Set(probes.map((probe) => probe.target));
  return {
    kind,
    bytes: kind === 'icmp' ? pingBytes(shown) : dominant(shown.map((probe) => bytesOf(probe, kind, sourcePorts))),
    emptyShare: shareOf(shown, (probe) => ipv4Bytes(probe) === EMPTY_DATAGRAM),
    family: familyOf(targets),
    sourcePorts,
    isFrom: ([low, high]) => shareOf(ports, (port) => port >= low && port <= high) >= NEARLY_ALL,
    oddShare: shareOf(ports, (port) => port % 2 === 1),
    targets: targets.size,
    ports: new Set(probes.map((probe) => probe.port)),
    isNmapsChoice: areFrequentPorts(probes) || triesFrequentFirst(probes),
    ascending: ascendingOf(probes),
    isDense: isDense(targets),
    isTriedOnce: shareOf(probes, ({ attempts, context }) => attempts <= ONE_TRY && !PATIENT.has(context)) >= MOST,
    perSecond: rateOf(probes),
    discovered: discoveredOf(contacts),
    telnetShare: telnetShareOf(probes),
  };
}

function mainProbes(contacts: readonly Probe[]): readonly [Kind, readonly Probe[]] {
  const tcp = contacts.filter((probe) => probe.protocol === TCP);
  const udp = contacts.filter((probe) => probe.protocol === UDP);
  const pings = contacts.filter((probe) => PING.has(probe.protocol));
  if (contacts.length - tcp.length - udp.length - pings.length > contacts.length / 2) return ['protocols', contacts];
  if (tcp.length >= FEWEST_PROBES && tcp.length >= udp.length) {
    const stealth = tcp.filter((probe) => probe.isStealth);
    if (stealth.length >= FEWEST_PROBES && stealth.length >= MOST * tcp.length) return ['tcp without syn', stealth];
    return ['tcp', tcp.filter((probe) => !probe.isStealth)];
  }
  return udp.length >= FEWEST_PROBES ? ['udp', udp] : ['icmp', pings];
}

/** The form of a SYN shows best where the probe failed. */
function failedOrAll(probes: readonly Probe[]): readonly Probe[] {
  const failed = probes.filter((probe) => isFailure(probe.outcome));
  return failed.length >= FEWEST_PROBES ? failed : probes;
}

/** Bytes of a probe. For an answered SYN they are visible only if the scanner crafted its packets. */
function bytesOf(probe: Probe, kind: Kind, sourcePorts: SourcePorts | undefined): number | undefined {
  // A log says 255 of all that is longer, over IPv6 too.
  if (probe.packetBytes === 255) return 255;
  const bytes = ipv4Bytes(probe);
  if (kind !== 'tcp' || isFailure(probe.outcome)) return bytes;
  return sourcePorts !== 'own' ? ANSWERED[bytes] : undefined;
}

/** The value that most contacts have. */
function dominant(values: readonly (number | undefined)[]): number | undefined {
  for (const [value, group] of Map.groupBy(values, (value) => value))
    if (group.length >= MOST * values.length) return value;
  return undefined;
}

/**
 * Bytes of an echo request. A timestamp request (40 bytes) to the same host is in the same record, so that the average
 * of both is 34.
 */
const pingBytes = (pings: readonly Probe[]): number | undefined =>
  dominant(pings.map((ping) => (ipv4Bytes(ping) === 34 ? EMPTY_DATAGRAM : ipv4Bytes(ping))));

const familyOf = (targets: ReadonlySet<string>): Marks['family'] => {
  const share = shareOf([...targets], (target) => target.includes(':'));
  return share === 0 ? 'ipv4' : share === 1 ? 'ipv6' : 'both';
};

function sourcePortsOf(probes: readonly Probe[]): SourcePorts | undefined {
  const ports = probes.map((probe) => probe.sourcePort);
  const used = new Set(ports);
  const reuse = ports.length / used.size;
  if (reuse <= 1.5) {
    const steps = probes.map((probe) => (probe.sourcePort - probe.port) & 0xffff);
    return dominant(steps) === undefined ? 'own' : 'in step';
  }
  const [low, high] = rangeOf([...used]);
  if (used.size > 4 && reuse >= 2 && high - low <= NEIGHBOURS) return 'block';
  return reuse >= 4 ? 'one' : undefined;
}

/**
 * Enough of the most frequent ports in nmap's list mark a scan as nmap's. A scan of whole ranges also contains them.
 */
function areFrequentPorts(probes: readonly Probe[]): boolean {
  const ports = new Set(probes.map((probe) => probe.port));
  const frequent = probes[0]?.protocol === UDP ? FREQUENT_UDP : FREQUENT_TCP;
  const shared = ports.intersection(frequent).size;
  return ports.size >= 40 && ports.size <= 4096 && shared >= 0.9 * Math.min(ports.size, frequent.size);
}

/** The probes of the target that got most of them. */
function largestGroup(probes: readonly Probe[]): readonly Probe[] {
  const groups = [...Map.groupBy(probes, (probe) => probe.target).values()];
  return groups.reduce((most, group) => (group.length > most.length ? group : most), []);
}

/**
 * In a scan of a few minutes the order shows: nearly all ports that nmap moves to the front are in the first quarter.
 */
function triesFrequentFirst(probes: readonly Probe[]): boolean {
  const largest = largestGroup(probes);
  const starts = largest.filter((probe) => TRIED_FIRST.has(probe.port)).map((probe) => probe.start);
  if (starts.length < FEWEST_PROBES) return false;
  const until = starts.sort((a, b) => a - b)[Math.ceil(0.9 * starts.length) - 1]!;
  return largest.filter((probe) => probe.start <= until).length * 4 <= largest.length;
}

/** Times at which the order must be right, at least. */
const FEWEST_TIMES = 4;

function ascendingOf(probes: readonly Probe[]): Marks['ascending'] {
  if (isSorted(largestGroup(probes), (probe) => probe.port)) return 'ports';
  const hasOnePort = probes.every((probe) => probe.port === probes[0]!.port);
  return hasOnePort && isSorted(probes, (probe) => addressNumber(probe.target)) ? 'targets' : undefined;
}

/** Whether the values at each time are beyond those at the time before. */
function isSorted(probes: readonly Probe[], numberOf: (probe: Probe) => number): boolean {
  const times = [...Map.groupBy(probes, (probe) => probe.start)].sort(([a], [b]) => a - b);
  if (times.length < FEWEST_TIMES) return false;
  const ranges = times.map(([, group]) => rangeOf(group.map(numberOf)));
  const rising = ranges.filter(([low], index) => index > 0 && low > ranges[index - 1]![1]).length;
  return rising >= MOST * (ranges.length - 1);
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  return values.reduce<readonly [number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

/** An IPv4 address as a number. NaN for IPv6, which compares as false. */
const addressNumber = (address: string): number =>
  address.split('.').reduce((number, part) => number * 256 + Number(part), 0);

function isDense(targets: ReadonlySet<string>): boolean {
  const [low, high] = rangeOf([...targets].map(addressNumber));
  return targets.size * 2 >= high - low + 1;
}

function rateOf(probes: readonly Probe[]): number {
  const [first, last] = rangeOf(probes.map((probe) => probe.start));
  return probes.reduce((sum, { weight }) => sum + weight, 0) / (last - first + 60);
}

function discoveredOf(contacts: readonly Probe[]): number {
  const byTarget = Map.groupBy(contacts, (probe) => probe.target).values();
  return [...byTarget].filter((group) => {
    const syn = group.find((probe) => probe.port === 443 && ipv4Bytes(probe) === MSS_SYN);
    const ack = group.find((probe) => probe.port === 80 && ipv4Bytes(probe) === BARE_SYN);
    return syn && syn.sourcePort === ack?.sourcePort && group.some((probe) => PING.has(probe.protocol));
  }).length;
}

function telnetShareOf(probes: readonly Probe[]): number | undefined {
  if (!probes.every((probe) => TELNET.has(probe.port) && probe.direction !== 'lateral')) return undefined;
  return shareOf(probes, (probe) => probe.port === 2323);
}

const shareOf = <T>(values: readonly T[], test: (value: T) => boolean): number =>
  values.filter(test).length / values.length;

/**
 * The contexts that depend on the contacts around one: what else the same source met on the same target, on
 * neighbouring addresses, and at the same time. They depend on the set of contacts, not on the order of the evidence.
 */
import { isFailure } from '../evidence/seen.ts';
import { addressNumber, parseAddress } from '../net/address.ts';
import { networkOf } from '../net/cidr.ts';
import type { ContextName } from './contexts.ts';
import type { FirstContact, Viewpoint } from './first-contact.ts';
import { RETURN_SECONDS } from './visits.ts';

const TCP = 6;
const UDP = 17;

/**
 * Contacts with the contexts that their company gives them. Those in other contexts stay as they are.
 * @param talksOn what the source talked to on some ports, hour by hour, also where it had done so before.
 */
export function inCompany(
  contacts: readonly FirstContact[],
  viewpoint: Pick<Viewpoint, 'logTime'>,
  talksOn: TalksOn = () => [],
): FirstContact[] {
  const failed = contacts.filter(({ outcome }) => isFailure(outcome));
  const answers = new Answers(contacts);
  const asUse = (contact: FirstContact): FirstContact =>
    answers.isUsed(contact) ? { ...contact, context: 'answered', isTouch: false, isVisit: false } : contact;
  if (!failed.length) return contacts.map(asUse);
  const slow = askedOneByOne(failed, talksOn);
  const scattered = scatteredOverIpv6(failed);
  const peers = peersOf(failed);
  const atHome = peersAtHome(contacts);
  const once = triedOnce(failed, viewpoint.logTime);
  const rows = inRows(once, NEAR);
  const searched = searchedPorts(contacts, failed, once);
  const raw = fromOnePort(failed);
  const counted = countedThrough(contacts, failed);
  const dark = atDarkAddresses(contacts);
  const contextOf = (contact: FirstContact): ContextName => {
    if (!isFailure(contact.outcome)) return contact.context;
    if (contact.context === 'failed patiently' && !raw.has(contact)) {
      if (searched.has(contact)) return 'failed';
      if (dark.has(contact)) return 'dark address, patiently';
      return rows.has(contact) || counted.has(contact) ? 'failed patiently, in a row' : contact.context;
    }
    if (contact.context !== 'failed' && contact.context !== 'failed patiently') return contact.context;
    if (answers.onOtherProtocol(contact)) return 'answered on the other protocol';
    if (answers.isBeside(contact)) return 'beside the answered port';
    if (scattered.has(contact)) return 'scattered over IPv6';
    if (atHome.has(contact)) return 'private address of a peer';
    if (peers.has(contact)) return 'one port per peer';
    if (slow.has(contact)) return 'asked one by one';
    return dark.has(contact) ? 'dark address' : 'failed';
  };
  return contacts.map((contact) => {
    const context = contextOf(contact);
    // A scan that runs in a loop is no poller.
    if (raw.has(contact) || counted.has(contact)) return { ...contact, context, isHabit: false };
    return context === contact.context ? asUse(contact) : { ...contact, context };
  });
}

/** A client with a task on a host touches so many of its ports beside the one it talks to. A scanner touches more. */
const TOUCHED_PORTS = 3;
/** FTP and the port mappers of Unix and Windows, which name another port for each transfer or service. */
const LEADING: ReadonlySet<number> = new Set([21, 111, 135, 990]);
/** A kernel takes another source port for each connection. So many touches from one are raw packets. */
const RAW_TOUCHES = 12;
/** A member of a cluster looks for the others in a range of at most this many ports (Ignite: 47500 to 47520). */
const RANGE = 20;

/** What the targets of a source answered. */
class Answers {
  readonly #services: ReadonlySet<string>;
  /** Targets on which all ports that were tried lie within a short range, one of which answered for more than seconds. */
  readonly #ranges: ReadonlySet<string>;
  /** Targets with which the source talked on one port, and touched hardly any others. */
  readonly #used: ReadonlySet<string>;
  /** Targets that told the source on which other ports to go on. */
  readonly #leading: ReadonlySet<string>;

  constructor(contacts: readonly FirstContact[]) {
    this.#services = new Set(contacts.filter(({ outcome }) => outcome === 'established').map(serviceOf));
    const isRange = (ofTarget: readonly FirstContact[]) => {
      if (!ofTarget.some(({ context }) => context === 'answered')) return false;
      // Not by a spread: a target may have more contacts than a call may have arguments.
      const [first, last] = ofTarget.reduce(
        ([least, most], { port }) => [Math.min(least, port), Math.max(most, port)] as readonly [number, number],
        [Number.POSITIVE_INFINITY, 0] as readonly [number, number],
      );
      return last - first <= RANGE;
    };
    const isTalk = ({ context }: FirstContact) => context === 'answered' || context === 'answered once, briefly';
    const isUse = (ofTarget: readonly FirstContact[]) =>
      ofTarget.some(isTalk) && new Set(ofTarget.filter(isOnce).map(serviceOf)).size <= TOUCHED_PORTS;
    const ofTcp = Map.groupBy(
      contacts.filter(({ protocol }) => protocol === TCP),
      ({ target }) => target,
    );
    const targetsThat = (test: (ofTarget: readonly FirstContact[]) => boolean) =>
      new Set([...ofTcp].filter(([, ofTarget]) => test(ofTarget)).map(([target]) => target));
    this.#ranges = targetsThat(isRange);
    this.#used = targetsThat(isUse);
    this.#leading = targetsThat(
      (ofTarget) => ofTarget.some((each) => LEADING.has(each.port) && isTalk(each)) && !areRaw(ofTarget.filter(isOnce)),
    );
  }

  /** Whether the target answered on the same port by TCP instead of UDP, or the reverse. */
  onOtherProtocol({ target, port, protocol }: FirstContact): boolean {
    const other = protocol === TCP ? UDP : protocol === UDP ? TCP : undefined;
    return other !== undefined && this.#services.has(serviceOf({ target, port, protocol: other }));
  }

  /** Whether a port was touched on a host that the source uses by another port. */
  isUsed(contact: FirstContact): boolean {
    if (!isOnce(contact)) return false;
    return this.#used.has(contact.target) || (contact.port >= PRIVILEGED && this.#leading.has(contact.target));
  }

  isBeside({ target, protocol }: FirstContact): boolean {
    return protocol === TCP && this.#ranges.has(target);
  }
}

/** Whether many of the connections came from one source port that no server binds. */
export function areRaw(contacts: readonly FirstContact[]): boolean {
  const chosen = contacts.filter(({ sourcePort }) => sourcePort >= PRIVILEGED);
  const groups = Map.groupBy(chosen, ({ sourcePort }) => sourcePort).values();
  return [...groups].some(({ length }) => length >= RAW_TOUCHES);
}

const isOnce = ({ isTouch, isVisit }: FirstContact): boolean => isTouch || isVisit;

const serviceOf = ({ target, port, protocol }: Pick<FirstContact, 'target' | 'port' | 'protocol'>): string =>
  `${target} ${port} ${protocol}`;

/** Contacts that failed as a client's do, but were tried once, in order of time. */
const triedOnce = (failed: readonly FirstContact[], logTime: number): FirstContact[] =>
  failed.filter(
    (contact) =>
      contact.context === 'failed patiently' &&
      !contact.isHabit &&
      !contact.isRepeat &&
      contact.flows <= 1 &&
      contact.last <= logTime - RETURN_SECONDS,
  );

/** Nobody waits for so many ports of one host at a time, once each. */
const SEARCHED_PORTS = 24;
/** Nor for so many ports of each of several hosts. */
const SEARCHED_OF_EACH = 16;
const SEARCHED_HOSTS = 5;
/** "At a time" is within this many seconds. */
const SEARCH_SECONDS = 600;
/** Clients of FTP try another port of their server for each transfer. */
const FTP: ReadonlySet<number> = new Set([21, 990]);

/**
 * Contacts with many ports of one target: closed ports, whenever they were tried, because a scan that runs in a loop
 * tries each again, and any others that were tried once within minutes. If it is several targets, fewer ports of each.
 */
function searchedPorts(
  contacts: readonly FirstContact[],
  failed: readonly FirstContact[],
  once: readonly FirstContact[],
): ReadonlySet<FirstContact> {
  const found = new Set<FirstContact>();
  const closed = failed.filter(({ outcome }) => outcome === 'reset');
  for (const group of Map.groupBy(closed, ({ target }) => target).values())
    if (new Set(group.map(serviceOf)).size >= SEARCHED_PORTS) for (const contact of group) found.add(contact);
  const ofFtp = contacts.filter(({ port, outcome }) => FTP.has(port) && outcome === 'established');
  const servers = new Set(ofFtp.map(({ target }) => target));
  const begun = once.filter(({ hasSyn, target }) => hasSyn && !servers.has(target));
  const hosts = [...Map.groupBy(begun, ({ target }) => target).values()];
  const searched = (least: number) => hosts.map((group) => crowded(group, least)).filter(({ length }) => length > 0);
  const each = searched(SEARCHED_OF_EACH);
  for (const contact of (each.length >= SEARCHED_HOSTS ? each : searched(SEARCHED_PORTS)).flat()) found.add(contact);
  return found;
}

/** Contacts that are among at least so many within {@link SEARCH_SECONDS}. @param group in order of time. */
function crowded(group: readonly FirstContact[], least: number): FirstContact[] {
  const found = new Set<FirstContact>();
  for (let at = least - 1; at < group.length; at++) {
    const from = at - least + 1;
    if (group[at]!.end - group[from]!.end > SEARCH_SECONDS) continue;
    for (let each = at; each >= from && !found.has(group[each]!); each--) found.add(group[each]!);
  }
  return [...found];
}

/** So many services tried from one source port within minutes are probed with raw packets. */
const FROM_ONE_PORT = 10;
/**
 * A service that was tried from all groups of source ports that the evidence tells apart. A client that tries so often
 * has used its whole range, and the lowest port, which is what the evidence keeps, is that of its other
 * services too.
 */
const ALL_FLOWS = 32;

/**
 * Failed contacts that share a source port. A kernel takes another one for each connection, so a program that makes its
 * packets itself sent these, and however often it repeats them, no client waits and no poller comes back.
 */
function fromOnePort(failed: readonly FirstContact[]): ReadonlySet<FirstContact> {
  const chosen = failed.filter(
    // Servers of mail and names bind low ports, peers the port that they also listen on.
    ({ hasSyn, sourcePort, port, flows }) =>
      hasSyn && sourcePort >= PRIVILEGED && sourcePort !== port && flows < ALL_FLOWS,
  );
  const groups = [...Map.groupBy(chosen, ({ sourcePort }) => sourcePort).values()];
  return new Set(groups.flatMap((group) => crowded(group, FROM_ONE_PORT)));
}

/** Contacts with addresses that the inventory calls dark, and that gave no sign of a host to this source either. */
function atDarkAddresses(contacts: readonly FirstContact[]): ReadonlySet<FirstContact> {
  const dark = contacts.filter(({ isDark }) => isDark);
  if (!dark.length) return new Set();
  const found = new Set(contacts.filter(({ outcome }) => outcome !== 'unanswered').map(({ target }) => target));
  return new Set(dark.filter(({ target }) => !found.has(target)));
}

/** More failures than this in one /64 are a search, not a list of names. */
const NEIGHBOURS = 2;

/** The same last 64 bits in so many networks are a guess, such as `::1`, and not a name (RFC 7707, section 4.1). */
const GUESSED_IN = 8;

function scatteredOverIpv6(failed: readonly FirstContact[]): ReadonlySet<FirstContact> {
  const outside = failed.filter(({ direction, target }) => direction === 'outbound' && target.includes(':'));
  const networksOf = (group: readonly FirstContact[]) => new Set(group.map(({ target }) => networkOf(target))).size;
  const hosts = [...Map.groupBy(outside, ({ target }) => hostPartOf(target)).values()];
  const named = hosts.filter((group) => networksOf(group) < GUESSED_IN).flat();
  const targetsOf = (group: readonly FirstContact[]) => new Set(group.map(({ target }) => target)).size;
  const networks = [...Map.groupBy(named, ({ target }) => networkOf(target)).values()];
  return new Set(networks.filter((group) => targetsOf(group) <= NEIGHBOURS).flat());
}

/** The last 64 bits of an IPv6 address, as text. */
const hostPartOf = (address: string): string => parseAddress(address)!.slice(2).join(' ');

const LEAST_PEERS = 8;
/** Distinct ports per target of a peer-to-peer client, some of whose peers keep its own port, and ports on each. */
const OWN_PORTS = 0.25;
const PORTS_PER_PEER = 1.5;
const PRIVILEGED = 1024;

/** Outside addresses that were tried on hardly more than one unprivileged port each, most on a port of their own. */
function peersOf(failed: readonly FirstContact[]): ReadonlySet<FirstContact> {
  const outside = failed.filter(({ direction, port }) => direction === 'outbound' && port >= PRIVILEGED);
  const targets = new Set(outside.map(({ target }) => target)).size;
  const ports = new Set(outside.map(({ port }) => port)).size;
  const pairs = new Set(outside.map(({ target, port }) => `${target} ${port}`)).size;
  const arePeers = targets >= LEAST_PEERS && ports >= OWN_PORTS * targets && pairs <= PORTS_PER_PEER * targets;
  return new Set(arePeers ? outside : []);
}

/** Private addresses are in so many networks of 16 bits (RFC 1918, RFC 6598). A scanner stays in one or two. */
const LEAST_BLOCKS = 3;
/** So many outside addresses answer on a port that it is a port for peers. */
const LEAST_ANSWERS = 3;
/** A log may lack some of the outside addresses that a peer tried. */
const NEARLY = 0.8;

/**
 * Failed contacts with private addresses on ports on which outside addresses answer. The addresses are scattered, or the
 * source is a peer itself: it sends from the port to which it sends, and to nearly as many outside addresses.
 */
function peersAtHome(contacts: readonly FirstContact[]): ReadonlySet<FirstContact> {
  const found = new Set<FirstContact>();
  const ofPeers = contacts.filter(({ port }) => port >= PRIVILEGED);
  for (const group of Map.groupBy(ofPeers, ({ port, protocol }) => port * 256 + protocol).values()) {
    const outside = group.filter(({ direction }) => direction === 'outbound');
    if (outside.filter(({ outcome }) => outcome === 'established').length < LEAST_ANSWERS) continue;
    const inside = group.filter(({ direction, outcome }) => direction === 'lateral' && isFailure(outcome));
    const blocks = new Set(inside.map(({ target }) => target.split('.', 2).join('.')));
    if (blocks.size < LEAST_BLOCKS) continue;
    const isPeer =
      outside.length >= NEARLY * inside.length && inside.every(({ sourcePort, port }) => sourcePort === port);
    for (const network of Map.groupBy(inside, ({ target }) => networkOf(target)).values())
      if (isPeer || network.length <= NEIGHBOURS) for (const contact of network) found.add(contact);
  }
  return found;
}

/** A client that waits five seconds for each server, as resolvers do by default, asks twelve in a minute. */
const MOST_PER_MINUTE = 12;
/** The same of all servers and ports together: the clients of a host ask for several services at a time. */
const MOST_OF_ALL = 60;
const MINUTE = 60;
const HOUR = 3600;

/** A conversation of a source with a service in an epoch hour. */
export interface Talk extends Pick<FirstContact, 'target' | 'port' | 'protocol' | 'direction'> {
  readonly hour: number;
  /** Number of separate minutes in which the source sent something. */
  readonly minutes: number;
}

export type TalksOn = (ports: ReadonlySet<number>) => readonly Talk[];

/** New servers of a client that has many come and go at this rate. */
const MOST_NEW_PER_MINUTE = 4;
/** With fewer targets on a port, a source has no list of servers. */
const LEAST_TALKS = 8;
/** A scanner that talks to what it finds inside is done sooner. */
const LONG_MINUTES = 3;

/**
 * Failed contacts inside on ports on which the source talks to many others in the same hour or in the one before, and
 * to more of them than failed in all hours together: a client, and not a host from which a scan goes on.
 */
function besideTalks(failed: readonly FirstContact[], talksOn: TalksOn): ReadonlySet<FirstContact> {
  const keyOf = ({ port, protocol }: Pick<Talk, 'port' | 'protocol'>) => `${port} ${protocol}`;
  const inside = failed.filter(({ direction }) => direction === 'lateral');
  const ports = new Set(inside.map(({ port }) => port));
  const long = talksOn(ports).filter(({ direction, minutes }) => direction === 'lateral' && minutes >= LONG_MINUTES);
  const talks = Map.groupBy(long, keyOf);
  const targetsOf = (some: readonly Talk[]) => new Set(some.map(({ target }) => target)).size;
  const found = new Set<FirstContact>();
  for (const [key, group] of Map.groupBy(inside, keyOf)) {
    const all = talks.get(key) ?? [];
    if (group.length > targetsOf(all)) continue;
    const slow = slowOf(group, MOST_NEW_PER_MINUTE);
    for (const [hour, ofHour] of Map.groupBy(slow, ({ end }) => Math.floor(end / HOUR)))
      if (targetsOf(all.filter((talk) => talk.hour === hour || talk.hour === hour - 1)) >= LEAST_TALKS)
        for (const contact of ofHour) found.add(contact);
  }
  return found;
}

/**
 * Servers that were asked slowly: outside ones over UDP, or by any protocol if our own rules refused it on the way out,
 * and those inside on a port on which the source talks to many others meanwhile. Neither many servers on one port nor many
 * ports of one server were tried in a minute.
 */
function askedOneByOne(failed: readonly FirstContact[], talksOn: TalksOn): ReadonlySet<FirstContact> {
  const talks = besideTalks(failed, talksOn);
  const asked = failed.filter(
    (contact) =>
      talks.has(contact) ||
      (contact.direction === 'outbound' && (contact.protocol === UDP || contact.outcome === 'rejected')),
  );
  const slowBy = (keyOf: (contact: FirstContact) => number | string) =>
    new Set([...Map.groupBy(asked, keyOf).values()].flatMap((group) => slowOf(group, MOST_PER_MINUTE)));
  return slowBy(({ port }) => port)
    .intersection(slowBy(({ target }) => target))
    .intersection(new Set(slowOf(asked, MOST_OF_ALL)));
}

/** Those of some contacts, in order of time, around which there are at most so many in a minute. */
function slowOf(contacts: readonly FirstContact[], most: number): FirstContact[] {
  let from = 0;
  let to = 0;
  return contacts.filter((contact) => {
    while (contacts[from]!.end <= contact.end - MINUTE) from++;
    while (to < contacts.length && contacts[to]!.end < contact.end + MINUTE) to++;
    // Of contacts in the minute before and the one after. A record that lasts longer does not say when it began.
    const minutes = Math.max(2, (contact.end - contact.start) / MINUTE);
    return to - from <= most * minutes;
  });
}

/** Rows of targets, each tried after its neighbour. */
interface Row {
  /** So many make a row. */
  readonly least: number;
  /** How far the addresses of neighbours are apart. Hosts that answered, or that the scanner left out, may lie between. */
  readonly step: bigint;
  /** In how many different seconds they were tried, at least. */
  readonly seconds: number;
}

/** Neighbouring addresses. */
const NEAR: Row = { least: 8, step: 2n, seconds: 1 };
/** Addresses that somebody counts through, or an ordered list of them. */
const COUNTED: Row = { least: 16, step: 256n, seconds: 8 };

/**
 * Silent services in rows, on ports on which nobody ever answered, each tried with a packet or two at a time. A loop that
 * goes through hosts leaves this, however often it comes back. A monitor or a load balancer has hosts that answer, waits
 * for each, or asks all at once.
 */
function countedThrough(contacts: readonly FirstContact[], failed: readonly FirstContact[]): ReadonlySet<FirstContact> {
  const answering = new Set(contacts.filter(({ outcome }) => outcome === 'established').map(({ port }) => port));
  const silent = failed.filter(
    ({ direction, hasSyn, isPatient, outcome, port }) =>
      direction === 'lateral' && hasSyn && !isPatient && outcome !== 'reset' && !answering.has(port),
  );
  const first = new Map(silent.toReversed().map((contact) => [serviceOf(contact), contact]));
  const services = new Set([...inRows([...first.values()], COUNTED)].map(serviceOf));
  return new Set(silent.filter((contact) => services.has(serviceOf(contact))));
}

/** Contacts with targets in rows, in the order of the addresses or against it. @param tried each target once. */
function inRows(tried: readonly FirstContact[], { least, step, seconds }: Row): ReadonlySet<FirstContact> {
  const rows = new Set<FirstContact>();
  if (tried.length < least) return rows;
  for (const group of Map.groupBy(tried, ({ port, protocol }) => port * 256 + protocol).values()) {
    if (group.length < least) continue;
    const sorted = group
      .map((contact) => ({ contact, address: addressNumber(parseAddress(contact.target)!) }))
      .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.contact.end - b.contact.end));
    for (const sign of [1, -1]) {
      let row: FirstContact[] = [];
      let previous: (typeof sorted)[number] | undefined;
      const close = () => {
        if (row.length >= least && new Set(row.map(({ end }) => end)).size >= seconds)
          for (const contact of row) rows.add(contact);
        row = [];
      };
      for (const entry of sorted) {
        const goesOn =
          previous !== undefined &&
          entry.address - previous.address <= step &&
          entry.address !== previous.address &&
          sign * (entry.contact.end - previous.contact.end) >= 0;
        if (!goesOn) close();
        row.push(entry.contact);
        previous = entry;
      }
      close();
    }
  }
  return rows;
}

/** Scans hidden in a workload, and the labels that say what must be found. */
import { type Random, shuffled } from '../random.ts';
import { addressText, type WriteAddress } from './address-text.ts';
import { ACCEPT, type Batch, REJECT } from './batch.ts';
import { addFlow, addProbe, REFUSED, TCP, UDP } from './flow.ts';
import type { Interface, World } from './world.ts';

/** What `detect` must say of a scan. */
export interface Label {
  readonly name: string;
  readonly source: string;
  readonly kind: 'vertical-scan' | 'horizontal-scan' | 'block-scan';
  readonly direction: 'lateral' | 'inbound' | 'outbound';
}

/** What becomes of a probe: a reset by the target, a REJECT at its interface, or nothing. */
type Fate = 'reset' | 'rejected' | 'silent';

/** A target is a logged interface or a foreign address. */
interface Probe {
  readonly to: Interface | number;
  readonly port: number;
}

/** A scan to be made. */
export interface Plan extends Omit<Label, 'source'> {
  /** A logged interface or a foreign address. */
  readonly from: Interface | number;
  readonly fate: Fate;
  readonly protocol?: number;
  /** Evenly spread over the intervals from `first` to `last`. */
  readonly probes: readonly Probe[];
  readonly first: number;
  readonly last: number;
}

const SYN_BYTES = 44;
const DATAGRAM_BYTES = 60;
/** Outside scanners: 203.0.113.0/24 (TEST-NET-3). */
const SCANNERS = (203 << 24) + (113 << 8) + 10;
/** Networks of others that are scanned from inside: 198.51.0.0/16. */
const OTHERS = (198 << 24) + (51 << 16);
const OTHER_HOSTS = 300;
const VERTICAL_PORTS = 1000;
const FEW_PORTS = 60;
const BLOCK = { hosts: 24, ports: 10 };
/** Intervals between two probes of a slow scan. */
const SLOW_PACE = 2;
/** Ports that nobody in the world offers. */
const UNUSED = 10_000;
const SMB = 445;
const RDP = 3389;
const SSH = 22;
const SNMP = 161;

/** The nth outside scanner. */
const scanner = (n: number): number => SCANNERS + n;

const portsOf = (to: Interface, count: number): Probe[] =>
  Array.from({ length: count }, (_, n) => ({ to, port: UNUSED + n }));

/** Scans in progress. */
export class Scans {
  #plans: readonly Plan[];
  #random: Random;
  #write: WriteAddress;

  constructor(plans: readonly Plan[], random: Random, write: WriteAddress) {
    this.#plans = plans;
    this.#random = random;
    this.#write = write;
  }

  get labels(): Label[] {
    return this.#plans.map(({ name, kind, direction, from }) => ({
      name,
      kind,
      direction,
      source: addressText(typeof from === 'number' ? from : from.address, this.#write),
    }));
  }

  /** Adds what happens of the scans in an interval. */
  add(batch: Batch, interval: number): void {
    for (const plan of this.#plans) {
      const { first, last, probes } = plan;
      if (interval < first || interval > last) continue;
      const share = (n: number) => Math.floor((n * probes.length) / (last - first + 1));
      const due = probes.slice(share(interval - first), share(interval - first + 1));
      for (const probe of due) this.#probe(plan, probe, batch, interval);
    }
  }

  #probe({ from, fate, protocol = TCP }: Plan, { to, port }: Probe, batch: Batch, interval: number): void {
    const ends = {
      interval,
      client: typeof from === 'number' ? from : from.address,
      server: typeof to === 'number' ? to : to.address,
      clientPort: this.#random.whole(32_768, 60_999),
      serverPort: port,
      protocol,
    };
    const clientInterface = typeof from === 'number' ? undefined : from;
    const serverInterface = typeof to === 'number' ? undefined : to;
    if (fate === 'reset') addFlow(batch, { ...ends, clientInterface, serverInterface }, REFUSED);
    else {
      const sent = { ...ends, packets: 1, bytes: protocol === UDP ? DATAGRAM_BYTES : SYN_BYTES };
      if (clientInterface) addProbe(batch, clientInterface, true, ACCEPT, sent);
      if (serverInterface) addProbe(batch, serverInterface, false, fate === 'rejected' ? REJECT : ACCEPT, sent);
    }
  }
}

/** One of each kind: fast and slow, from inside and from outside, to inside and to outside. */
export function assortedScans({ interfaces, byRole }: World, intervals: number, random: Random): Plan[] {
  const at = (share: number) => Math.floor((intervals - 1) * share);
  const [vertical, horizontal, slow, block, outbound, udp] = byRole.flatMap(({ batch }) => batch) as Interface[];
  const apps = byRole.flatMap(({ app }) => app);
  const target = apps[0]!;
  const sweep = (port: number): Probe[] => shuffled(interfaces, random).map((to) => ({ to, port }));
  const blocks = apps
    .slice(0, BLOCK.hosts)
    .flatMap((to) => Array.from({ length: BLOCK.ports }, (_, n) => ({ to, port: UNUSED + 7 * n })));
  const lateral = { direction: 'lateral', fate: 'rejected' } as const;
  const inbound = { direction: 'inbound', fate: 'rejected' } as const;
  const kinds = { vertical: 'vertical-scan', horizontal: 'horizontal-scan', block: 'block-scan' } as const;
  return [
    {
      ...lateral,
      name: 'fast vertical scan inside',
      kind: kinds.vertical,
      from: vertical!,
      fate: 'reset',
      probes: portsOf(target, VERTICAL_PORTS),
      first: at(0.2),
      last: at(0.2),
    },
    {
      ...lateral,
      name: 'sweep inside',
      kind: kinds.horizontal,
      from: horizontal!,
      probes: sweep(SMB).filter(({ to }) => to !== horizontal),
      first: at(0.3),
      last: at(0.3) + 1,
    },
    {
      ...lateral,
      name: 'slow vertical scan inside',
      kind: kinds.vertical,
      from: slow!,
      probes: portsOf(apps[1]!, Math.ceil(intervals / SLOW_PACE)),
      first: 0,
      last: intervals - 1,
    },
    {
      ...lateral,
      name: 'block scan inside',
      kind: kinds.block,
      from: block!,
      probes: shuffled(blocks, random),
      first: at(0.5),
      last: at(0.5) + 2,
    },
    {
      name: 'sweep of the outside',
      kind: kinds.horizontal,
      direction: 'outbound',
      from: outbound!,
      fate: 'silent',
      probes: Array.from({ length: OTHER_HOSTS }, (_, n) => ({ to: OTHERS + 256 + n, port: SSH })),
      first: at(0.6),
      last: at(0.6) + 1,
    },
    {
      ...lateral,
      name: 'UDP sweep inside',
      kind: kinds.horizontal,
      from: udp!,
      fate: 'silent',
      protocol: UDP,
      probes: sweep(SNMP).filter(({ to }) => to !== udp),
      first: at(0.7),
      last: at(0.7) + 1,
    },
    {
      ...inbound,
      name: 'vertical scan from outside',
      kind: kinds.vertical,
      from: scanner(0),
      probes: portsOf(target, VERTICAL_PORTS),
      first: at(0.4),
      last: at(0.4) + 1,
    },
    {
      ...inbound,
      name: 'sweep from outside',
      kind: kinds.horizontal,
      from: scanner(1),
      probes: sweep(RDP),
      first: at(0.8),
      last: at(0.8) + 1,
    },
  ];
}

/** Two among a flood of noise: a fast one and one that sends a probe every other minute, both from outside. */
export function hiddenScans({ interfaces }: World, intervals: number): Plan[] {
  const common = { kind: 'vertical-scan', direction: 'inbound', fate: 'rejected' } as const;
  return [
    {
      ...common,
      name: 'fast scan among noise',
      from: scanner(2),
      probes: portsOf(interfaces[0]!, FEW_PORTS),
      first: intervals >> 1,
      last: intervals >> 1,
    },
    {
      ...common,
      name: 'slow scan among noise',
      from: scanner(3),
      probes: portsOf(interfaces[1]!, Math.ceil(intervals / SLOW_PACE)),
      first: 0,
      last: intervals - 1,
    },
  ];
}

/** A new vertical scan inside, in the first interval of each delivery, each by a source of its own. */
export function scanEachDelivery({ interfaces }: World, intervals: number, slot: number): Plan[] {
  const hosts = interfaces.filter(({ role }) => role === 'app' || role === 'batch');
  return Array.from({ length: Math.ceil(intervals / slot) }, (_, n) => ({
    name: `scan ${n + 1}`,
    kind: 'vertical-scan',
    direction: 'lateral',
    from: hosts[n % hosts.length]!,
    fate: 'reset',
    probes: portsOf(hosts[(n + 1) % hosts.length]!, FEW_PORTS),
    first: n * slot,
    last: n * slot,
  }));
}

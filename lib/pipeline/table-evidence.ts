/** Evidence from the windows table. One reader serves one run and reads shared evidence once. */
import { type Fragment, mergeFragments } from '../evidence/evidence.ts';
import { Scopes } from '../evidence/scope.ts';
import { hasInitiatorHalf } from '../evidence/seen.ts';
import { type Call, type Calls, callOf, hoursOfCalls } from '../finding/callbacks.ts';
import { interfaceOf, type OtherAddress } from '../finding/fallbacks.ts';
import { isPublicPort, isUse, ServiceUsers, serviceKey } from '../finding/surroundings.ts';
import type { Networks } from '../net/networks.ts';
import { CampaignContacts, type CampaignContext } from '../scan/campaign-contacts.ts';
import { LONGEST_SECONDS } from '../scan/detection.ts';
import type { Hours } from '../store/finding-item.ts';
import { inParallel } from '../store/in-parallel.ts';
import { OUTSIDE_BUCKETS, type SourceName } from '../store/keys.ts';
import type { SignalsStore } from '../store/signals-store.ts';
import type { KnownPacked, WindowsStore } from '../store/windows-store.ts';
import type { CallsRequest, CampaignRead, EvidenceReader, OthersRequest, UsersRequest } from './evidence-reader.ts';
import type { NearSignals } from './near-signals.ts';
import { TableSource } from './table-source.ts';

const PARALLEL = 8;
const HOUR = 3600;
/** Hours before a contact that show whether its source has made it before. */
const PAST_HOURS = LONGEST_SECONDS / 3600;

/** Outside sources by the service with which they completed a contact. */
type UsersOfHour = ReadonlyMap<string, ReadonlySet<string>>;

interface Tables {
  readonly windows: WindowsStore;
  /** Reads the packs of many sources. A view that remembers packs reads each once. Default: `windows`. */
  readonly packs?: Pick<WindowsStore, 'outsideSources'>;
  readonly networks: Networks;
  /** Routing domains: name to VPC ids. They name the scope of a private address. Default: none. */
  readonly routingDomains?: Readonly<Record<string, readonly string[]>> | undefined;
  /** What logs of orchestrators and hosts told. Absent if none arrive. */
  readonly signals?: SignalsStore | undefined;
}

export class TableEvidence implements EvidenceReader {
  readonly isWhole = false;
  readonly #tables: Tables;
  readonly #packs: Pick<WindowsStore, 'outsideSources'>;
  readonly #users: Map<number, Promise<UsersOfHour>>;
  readonly #packed: KnownPacked | undefined;
  /** IPv4 addresses by interface, by scope and hour. */
  readonly #held = new Map<string, Promise<ReadonlyMap<string, ReadonlySet<string>>>>();
  /** What was read about signals, by hours. */
  readonly #signals: Map<string, Promise<NearSignals>>;

  constructor(tables: Tables, of?: TableEvidence, packed?: KnownPacked) {
    this.#tables = tables;
    this.#packs = tables.packs ?? tables.windows;
    this.#users = of ? of.#users : new Map();
    this.#packed = packed;
    this.#signals = packed ? of!.#signals : new Map();
  }

  get fresh(): TableEvidence {
    return new TableEvidence(this.#tables, this);
  }

  /** A reader for an outside source whose packed items were already read for some hours. */
  knowing(packed: KnownPacked): TableEvidence {
    return new TableEvidence(this.#tables, this, packed);
  }

  source(name: SourceName, present: number): TableSource {
    return new TableSource(this.#tables.windows, name, present, this.#packed);
  }

  async outside({ from, to }: Hours, context: CampaignContext): Promise<CampaignRead> {
    const contacts = new CampaignContacts(context);
    const fragments = new Map<number, number>();
    const range = Array.from({ length: to - from + 1 }, (_, at) => from + at);
    for (let bucket = 0; bucket < OUTSIDE_BUCKETS; bucket++) {
      const bySource = new Map<string, Fragment[]>();
      const read = await inParallel(PARALLEL, range, (hour) => this.#packs.outsideSources(hour, bucket));
      for (const fragment of read.flat()) {
        fragments.set(fragment.hour, (fragments.get(fragment.hour) ?? 0) + fragment.fragments);
        const known = bySource.get(fragment.address);
        if (known) known.push(fragment);
        else bySource.set(fragment.address, [fragment]);
      }
      for (const known of bySource.values()) {
        const source = mergeFragments(known)!;
        contacts.add(source);
        for (const pane of source.panes)
          for (const { target, seen } of pane.contacts)
            if (hasInitiatorHalf(seen)) contacts.reach.add(pane.hour, target);
      }
    }
    return { contacts, fragments };
  }

  async inside(
    scope: string,
    { from, to }: Hours,
    context: CampaignContext,
    sources?: readonly string[],
  ): Promise<CampaignRead> {
    const { windows } = this.#tables;
    const contacts = new CampaignContacts(context, scope);
    const fragments = new Map<number, number>();
    const shares = await windows.insideShares(scope, from, to);
    for (const { hour, fragments: count } of shares) fragments.set(hour, (fragments.get(hour) ?? 0) + count);
    const bySource = Map.groupBy(shares, ({ address }) => address);
    if (!sources) for (const known of bySource.values()) contacts.add(mergeFragments(known)!);
    await inParallel(PARALLEL, sources ?? [], async (address) => {
      const whole = mergeFragments(await windows.readSource({ scope, address }, from - PAST_HOURS, to));
      if (whole) contacts.add(whole, from * HOUR);
    });
    return { contacts, fragments };
  }

  async users(requests: readonly UsersRequest[]): Promise<ServiceUsers> {
    const users = new ServiceUsers();
    for (const { services, from, to } of requests)
      for (let hour = from; hour <= to; hour++) {
        const ofHour = await this.#usersOf(hour);
        for (const service of services)
          for (const address of ofHour.get(service) ?? []) users.add(service, address, hour);
      }
    return users;
  }

  async calls(requests: readonly CallsRequest[]): Promise<readonly Calls[]> {
    const found: Calls[] = [];
    for (const { source, probes } of requests) {
      const calls = new Map<string, readonly Call[]>();
      await inParallel(PARALLEL, probes, async (probe) => {
        const { target: address } = probe;
        const scope = this.#tables.networks.isInsideText(address) ? source.scope : 'internet';
        const { from, to } = hoursOfCalls(probe);
        const evidence = mergeFragments(await this.#tables.windows.readSource({ scope, address }, from, to));
        const own = (evidence?.panes ?? []).flatMap(({ hour, contacts }) =>
          contacts.flatMap((contact) => callOf(contact, hour, source.address, probe) ?? []),
        );
        calls.set(address, own);
      });
      found.push(calls);
    }
    return found;
  }

  async others(requests: readonly OthersRequest[]): Promise<readonly (readonly OtherAddress[])[]> {
    const { windows, routingDomains } = this.#tables;
    const found: OtherAddress[][] = [];
    for (const { source, from, to } of requests) {
      const scope = new Scopes(routingDomains).of({ ...source, isPrivate: true });
      const addresses = new Set<string>();
      for (let hour = from; hour <= to; hour++)
        for (const address of (await this.#heldIn(scope, hour)).get(source.interfaceId!) ?? []) addresses.add(address);
      const read = await inParallel(PARALLEL, addresses, async (address) =>
        mergeFragments(await windows.readSource({ scope, address }, from, to)),
      );
      found.push(read.filter((each) => each !== undefined));
    }
    return found;
  }

  /** No key leads from an interface to its addresses. Packs list those that are quiet, whatever files they are in. */
  #heldIn(scope: string, hour: number): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const key = `${scope} ${hour}`;
    const read = async () => {
      const held = new Map<string, Set<string>>();
      for await (const fragment of this.#tables.windows.quietSources(scope, hour)) {
        const name = interfaceOf(fragment);
        if (name !== undefined) held.set(name, (held.get(name) ?? new Set()).add(fragment.address));
      }
      return held;
    };
    const known = this.#held.get(key) ?? read();
    this.#held.set(key, known);
    return known;
  }

  async signals({ from, to }: Hours): Promise<NearSignals | undefined> {
    const { signals } = this.#tables;
    if (!signals) return undefined;
    const key = `${from} ${to}`;
    // The rules and the table of tools are loaded by the first reading, so that they cost nothing where none arrive.
    const read = async () => (await import('./near-signals.ts')).readNearSignals(signals, { from, to });
    const known = this.#signals.get(key) ?? read();
    this.#signals.set(key, known);
    return known;
  }

  #usersOf(hour: number): Promise<UsersOfHour> {
    const known = this.#users.get(hour) ?? this.#readUsers(hour);
    this.#users.set(hour, known);
    return known;
  }

  /** The users of every service in an epoch hour, except services on public ports. */
  async #readUsers(hour: number): Promise<UsersOfHour> {
    const users = new Map<string, Set<string>>();
    await inParallel(PARALLEL, Array(OUTSIDE_BUCKETS).keys(), async (bucket) => {
      const fragments = await this.#packs.outsideSources(hour, bucket);
      // Each file may have one half of the same conversation.
      for (const group of Map.groupBy(fragments, ({ address }) => address).values()) {
        const { address, panes } = mergeFragments(group)!;
        for (const contact of panes.flatMap(({ contacts }) => contacts)) {
          if (isPublicPort(contact.port) || !isUse(contact.seen)) continue;
          const service = serviceKey(contact);
          users.set(service, (users.get(service) ?? new Set()).add(address));
        }
      }
    });
    return users;
  }
}

/** Evidence in the builder's memory, once the last record has been read. */
import type { Collector } from '../evidence/builder.ts';
import type { SourceEvidence } from '../evidence/evidence.ts';
import type { LeastEvidence } from '../evidence/least-evidence.ts';
import type { WindowFloors } from '../evidence/window-floors.ts';
import { type Call, type Calls, callOf, hoursOfCalls } from '../finding/callbacks.ts';
import type { OtherAddress } from '../finding/fallbacks.ts';
import { isUse, ServiceUsers, serviceKey } from '../finding/surroundings.ts';
import { CampaignContacts, type CampaignContext } from '../scan/campaign-contacts.ts';
import type {
  CallsRequest,
  CampaignRead,
  EvidenceReader,
  OthersRequest,
  SourceReader,
  UsersRequest,
} from './evidence-reader.ts';

const TCP = 6;
const UDP = 17;
const INTERNET = 'internet';

/** The part of a collector that a judge reads. */
export type Collected = Pick<Collector, 'suspects' | 'contactsWith' | 'contactsOfInterfaces' | 'outsideReach'>;

/** Sources pass once, so iterate over all of {@link MemoryEvidence.sources} before calling anything else. */
export class MemoryEvidence implements EvidenceReader {
  readonly isWhole = true;
  readonly fresh = this;
  readonly #collector: Collected;
  readonly #contexts: readonly CampaignContext[];
  /** Possible members of campaigns, by context and scope. */
  readonly #members = new Map<CampaignContext, Map<string, CampaignContacts>>();
  #passing: SourceEvidence | undefined;

  /** @param contexts in which campaigns will be looked for. */
  constructor(collector: Collected, ...contexts: readonly [CampaignContext, ...CampaignContext[]]) {
    this.#collector = collector;
    this.#contexts = contexts;
  }

  /**
   * Every source with at least this much evidence that can have a finding of its own. {@link source} returns the current
   * one until the next one passes.
   * @param floors leaves out sources that cannot, by their windows. Default: none.
   */
  *sources(least: LeastEvidence, floors?: WindowFloors): Generator<SourceEvidence> {
    for (const { evidence, mayScan, mayShare } of this.#collector.suspects(least, floors)) {
      if (mayShare && (!evidence.inside || evidence.scope !== INTERNET))
        for (const context of this.#contexts) this.#membersOf(evidence.scope, context).add(evidence);
      if (!mayScan) continue;
      this.#passing = evidence;
      yield evidence;
    }
    this.#passing = undefined;
  }

  source(): SourceReader {
    return { read: async () => this.#passing, renew: () => undefined };
  }

  async outside(_: unknown, context: CampaignContext): Promise<CampaignRead> {
    const contacts = this.#membersOf(INTERNET, context);
    // Without members there is no campaign whose likelihood depends on what others reach.
    const reach = contacts.isEmpty ? [] : this.#collector.outsideReach();
    for (const { hour, target, count } of reach) contacts.reach.add(hour, target, count);
    return { contacts, fragments: new Map() };
  }

  async inside(scope: string, _: unknown, context: CampaignContext): Promise<CampaignRead> {
    return { contacts: this.#membersOf(scope, context), fragments: new Map() };
  }

  /** On the command line, scans meet signals at the end. */
  async signals(): Promise<undefined> {
    return undefined;
  }

  /** The scopes of the inside sources that have passed. */
  get scopes(): readonly string[] {
    const scopes = [...this.#members.values()].flatMap((byScope) => [...byScope.keys()]);
    return [...new Set(scopes)].filter((scope) => scope !== INTERNET);
  }

  #membersOf(scope: string, context: CampaignContext): CampaignContacts {
    const byScope = this.#members.get(context) ?? new Map<string, CampaignContacts>();
    this.#members.set(context, byScope);
    const members = byScope.get(scope) ?? new CampaignContacts(context, scope);
    byScope.set(scope, members);
    return members;
  }

  async users(requests: readonly UsersRequest[]): Promise<ServiceUsers> {
    const users = new ServiceUsers();
    const services = new Set(requests.flatMap((request) => request.services));
    const ports = new Set([...services].map((service) => service.slice(service.indexOf(' '))));
    if (!ports.size) return users;
    const wanted = this.#collector.contactsWith(({ port, protocol }) => ports.has(` ${port} ${protocol}`));
    for (const { source, inside, hour, contact } of wanted)
      if (!inside && isUse(contact.seen) && services.has(serviceKey(contact)))
        users.add(serviceKey(contact), source, hour);
    return users;
  }

  async calls(requests: readonly CallsRequest[]): Promise<readonly Calls[]> {
    const found = requests.map(() => new Map<string, Call[]>());
    const checks = requests.flatMap(({ source, probes }, at) =>
      probes.map((probe) => ({ source, probe, calls: found[at]! })),
    );
    if (!checks.length) return found;
    const byCaller = Map.groupBy(checks, ({ probe }) => probe.target);
    const isAnswerable = ({ protocol }: { readonly protocol: number }) => protocol === UDP || protocol === TCP;
    const sent = this.#collector.contactsWith(
      isAnswerable,
      new Set(checks.map(({ source }) => source.address)),
      new Set(byCaller.keys()),
    );
    for (const { scope, source: caller, inside, hour, contact } of sent)
      for (const { source, probe, calls } of byCaller.get(caller) ?? []) {
        if (inside && !isSameNetwork(scope, source.scope)) continue;
        const { from, to } = hoursOfCalls(probe);
        const call = hour >= from && hour <= to ? callOf(contact, hour, source.address, probe) : undefined;
        if (!call) continue;
        const known = calls.get(caller);
        if (known) known.push(call);
        else calls.set(caller, [call]);
      }
    return found;
  }

  async others(requests: readonly OthersRequest[]): Promise<readonly (readonly OtherAddress[])[]> {
    if (!requests.length) return [];
    const interfaces = new Set(requests.flatMap(({ source }) => source.interfaceId ?? []));
    const held = [...this.#collector.contactsOfInterfaces(interfaces)].filter(({ source }) => !source.includes(':'));
    const byInterface = Map.groupBy(held, ({ interfaceId }) => interfaceId);
    return requests.map(({ source, from, to }) => {
      const near = (byInterface.get(source.interfaceId!) ?? []).filter(({ hour }) => hour >= from && hour <= to);
      const byAddress = Map.groupBy(near, (one) => one.source).values();
      return Array.from(byAddress, (ofAddress) => ({
        panes: Array.from(Map.groupBy(ofAddress, ({ hour }) => hour).values(), (all) => ({
          contacts: all.map(({ contact }) => contact),
        })),
      }));
    });
  }
}

/** Two private scopes may use one address for two hosts. An address of the internet belongs to one host. */
const isSameNetwork = (caller: string, source: string): boolean => caller === source || source === INTERNET;

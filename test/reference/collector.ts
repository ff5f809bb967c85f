/**
 * Records in, evidence out, without the kernel: plain TypeScript that reads row by row and keeps everything. What the
 * builder of `lib/evidence` must equal.
 */
import { CONTACTS_PER_PANE, mergeContacts, type Pane, type SourceEvidence } from '../../lib/evidence/evidence.ts';
import type { HashKey } from '../../lib/evidence/keyed-hash.ts';
import {
  LONG_AGGREGATION,
  SAMPLED,
  SKIPPED_RECORDS,
  TRANSIT_GATEWAY,
  WITHOUT_FLAGS,
} from '../../lib/evidence/quality.ts';
import { ScopeNumbers, Scopes } from '../../lib/evidence/scope.ts';
import { hasInitiatorHalf, isNothing, SEEN_LATERAL, SEEN_OWN_TARGET } from '../../lib/evidence/seen.ts';
import type { ColumnMap } from '../../lib/flowlog/columns.ts';
import { lossesWithout } from '../../lib/flowlog/read-columns.ts';
import {
  type FlowLogConsumer,
  type FlowRecord,
  type IdentityField,
  NO_FLAGS,
  type StatusRow,
} from '../../lib/flowlog/record.ts';
import { Networks } from '../../lib/net/networks.ts';
import { ReferenceAddresses } from './addresses.ts';
import { ContactTable, type PaneView } from './contact-table.ts';
import { classify, Halves } from './initiator.ts';
import { InterfaceNames } from './interface-names.ts';
import { Interfaces } from './interfaces.ts';
import { Kinds } from './kinds.ts';
import type { NumberedRecord } from './record.ts';

type FlowFields = Partial<Record<IdentityField, string>>;

const HOUR = 3600;
const TCP = 6;
const LONG_SECONDS = 90;
const MOST_SKIPPED_HOURS = 24;
const FULL = 0xffffffff;

/** Collects one body of evidence. */
export class ReferenceCollector implements FlowLogConsumer {
  readonly addresses: ReferenceAddresses;
  readonly interfaces = new InterfaceNames();
  logTime = 0;
  #table: ContactTable;
  #kinds: Kinds;
  #identities: Interfaces;
  #scopes: ScopeNumbers;
  #halves = new Halves();
  #layoutQuality = 0;
  #hasEnds = false;
  #networkOfVpc = new Map<string, number>();

  constructor(options: {
    readonly key: HashKey;
    readonly internal?: readonly string[];
    readonly routingDomains?: Readonly<Record<string, readonly string[]>>;
  }) {
    const networks = new Networks(options.internal);
    this.addresses = new ReferenceAddresses(networks);
    this.#table = new ContactTable(this.addresses, options.key, CONTACTS_PER_PANE);
    this.#kinds = new Kinds(this.addresses, networks);
    this.#identities = new Interfaces(this.interfaces, this.#kinds);
    this.#scopes = new ScopeNumbers(new Scopes(options.routingDomains));
  }

  columns(columns: ColumnMap): void {
    this.#scopes.beginFile();
    this.#identities.beginFile();
    this.#hasEnds = columns.ends !== undefined;
    const losses = lossesWithout((name) => columns.indexOf(name) >= 0);
    this.#layoutQuality = columns.kind === 'transit-gateway' ? TRANSIT_GATEWAY | (losses & WITHOUT_FLAGS) : losses;
  }

  enter(row: Pick<FlowRecord, 'interfaceId' | 'text'>): void {
    if (this.#hasEnds) {
      for (const end of ['src', 'dst'] as const) this.#networkOfEnd(row, end);
      return;
    }
    const interfaceId = this.interfaces.intern(row.interfaceId);
    this.addresses.network = this.#identities.enter({ interfaceId, text: row.text }, this.#numberOf);
  }

  record(row: FlowRecord): void {
    this.logTime = Math.max(this.logTime, row.end);
    const record = this.#numbered(row);
    this.#identities.learn(record, this.#numberOf);
    const { source, target, protocol, start, end } = record;
    if (source === target || !this.#kinds.isCountable(source) || !this.#kinds.isCountable(target)) return;
    classify(record, this.addresses.isIpv4(source), this.#halves);
    const quality =
      this.#layoutQuality |
      (record.tcpFlags === NO_FLAGS && protocol === TCP ? WITHOUT_FLAGS : 0) |
      (end - start > LONG_SECONDS ? LONG_AGGREGATION : 0);
    const lateral = this.#kinds.isPrivate(source) && this.#kinds.isPrivate(target) ? SEEN_LATERAL : 0;
    const common = { protocol, start, end, quality };
    if (this.#halves.forward)
      this.#table.add({
        ...common,
        source,
        target,
        port: record.targetPort,
        seen: this.#halves.forward | lateral,
        sourcePort: record.sourcePort,
        packetBytes: Math.min(255, Math.round(record.bytes / Math.max(1, record.packets))),
      });
    if (this.#halves.reverse)
      this.#table.add({
        ...common,
        source: target,
        target: source,
        port: record.sourcePort,
        seen: this.#halves.reverse | lateral,
        sourcePort: 0,
        packetBytes: 0,
      });
  }

  #numbered(row: FlowRecord): NumberedRecord {
    const interfaceId = this.interfaces.intern(row.interfaceId);
    if (this.#hasEnds) {
      this.addresses.network = this.#networkOfEnd(row, 'src');
      const source = this.addresses.intern(row.source);
      this.addresses.network = this.#networkOfEnd(row, 'dst');
      const target = this.addresses.intern(row.target);
      return { ...row, interfaceId, source, target, interfaceSource: source, interfaceTarget: target };
    }
    return {
      ...row,
      interfaceId,
      source: this.addresses.intern(row.source),
      target: this.addresses.intern(row.target),
      interfaceSource: this.addresses.intern(row.interfaceSource),
      interfaceTarget: this.addresses.intern(row.interfaceTarget),
    };
  }

  #networkOfEnd({ text }: Pick<FlowRecord, 'text'>, end: 'src' | 'dst'): number {
    const vpc = text(`tgw-${end}-vpc-id`);
    if (vpc === undefined) return this.#identities.enter({ interfaceId: 0, text }, this.#numberOf);
    // As many bytes as the kernel's names have.
    const name = Buffer.from(vpc).toString('latin1').slice(0, 48);
    const known = this.#networkOfVpc.get(name);
    if (known !== undefined) return known;
    const account = text(`tgw-${end}-vpc-account-id`) ?? text('account-id');
    const network = this.#scopes.ofVpc({ vpcId: vpc, accountId: account });
    this.#networkOfVpc.set(name, network);
    return network;
  }

  status(row: StatusRow): void {
    this.logTime = Math.max(this.logTime, row.end);
    if (row.status !== 'SKIPDATA') return;
    const last = Math.floor(row.end / HOUR);
    for (let hour = Math.max(Math.floor(row.start / HOUR), last - MOST_SKIPPED_HOURS); hour <= last; hour++)
      this.#identities.skipped(this.interfaces.intern(row.interfaceId), hour);
  }

  /** The evidence of each source. Call once, after the last record. */
  sources(): SourceEvidence[] {
    this.#identities.conclude();
    return [...Map.groupBy(this.#table.panes(), ({ source }) => source)].flatMap(([source, views]) => {
      const panes = views
        .map((view) => this.#pane(view))
        .filter(({ contacts }) => contacts.length > 0)
        .sort((a, b) => a.hour - b.hour);
      if (!panes.length) return [];
      const identity = this.#identities.identity(source);
      return {
        scope: this.#scopeOf(source),
        address: this.addresses.text(source),
        inside: this.#isInside(source),
        ...(identity && { identity }),
        panes,
      };
    });
  }

  /** Contacts of all sources with some services. Call after {@link sources}. */
  *contactsWith(
    wants: (service: { readonly port: number; readonly protocol: number }) => boolean,
    targets?: ReadonlySet<string>,
    sources?: ReadonlySet<string>,
  ) {
    for (const { source, hour, contacts } of this.#table.panes()) {
      for (const { target, ...contact } of contacts.filter(wants)) {
        const isSelected =
          !targets || targets.has(this.addresses.text(target)) || sources?.has(this.addresses.text(source));
        if (!isSelected) continue;
        yield {
          scope: this.#scopeOf(this.addresses.networkOf(source) ? source : target),
          source: this.addresses.text(source),
          inside: this.#isInside(source),
          hour,
          contact: { ...contact, target: this.addresses.text(target) },
        };
      }
    }
  }

  /** How many contacts outside sources made with each target, hour by hour. Call after {@link sources}. */
  *outsideReach() {
    const probes = this.#table
      .panes()
      .filter(({ source }) => !this.#isInside(source))
      .flatMap(({ hour, contacts }) => contacts.map(({ target, seen }) => ({ hour, target, seen })))
      .filter(({ seen }) => hasInitiatorHalf(seen));
    for (const group of Map.groupBy(probes, ({ hour, target }) => `${hour} ${target}`).values())
      yield { hour: group[0]!.hour, target: this.addresses.text(group[0]!.target), count: group.length };
  }

  #numberOf = (fields: FlowFields): number =>
    this.#scopes.of({ vpcId: fields['vpc-id'], accountId: fields['account-id'] });

  #scopeOf(address: number): string {
    return this.#scopes.names[this.addresses.networkOf(address)]!;
  }

  #isInside(source: number): boolean {
    return this.#kinds.isInside(source) || this.#identities.isOwn(source);
  }

  #pane({ source, hour, sample, quality, contacts }: PaneView): Pane {
    const kept = contacts.filter(({ seen }) => !isNothing(seen));
    const isSkipped = [source, ...kept.map(({ target }) => target)].some((id) => this.#identities.hasSkipped(id, hour));
    return {
      hour,
      sample,
      quality: quality | (isSkipped ? SKIPPED_RECORDS : 0) | (sample.answered < FULL ? SAMPLED : 0),
      fragments: 1,
      contacts: mergeContacts(
        kept.map((contact) => ({
          ...contact,
          target: this.addresses.text(contact.target),
          seen: contact.seen | (this.#identities.isOwn(contact.target) ? SEEN_OWN_TARGET : 0),
        })),
      ),
    };
  }
}

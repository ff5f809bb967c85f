/** Records in, evidence out: classifies every record, collects its contact, and yields each source's hours. */
import { ContactTable, type PaneView } from '../contact/contact-table.ts';
import { classify, Halves } from '../contact/initiator.ts';
import { Interfaces } from '../contact/interfaces.ts';
import type { HashKey } from '../contact/keyed-hash.ts';
import { Networks } from '../contact/networks.ts';
import { hasInitiatorHalf, isNothing, isSuspect, SEEN_OWN_TARGET } from '../contact/seen.ts';
import { AddressTable } from '../flowlog/address.ts';
import {
  type FlowRecord,
  type Layout,
  NO_FLAGS,
  type RecordSink,
  type StatusRow,
  StringTable,
} from '../flowlog/record.ts';
import { CONTACTS_PER_PANE, type Pane, type SeenContact, type SourceEvidence } from './evidence.ts';
import {
  LONG_AGGREGATION,
  SAMPLED,
  SKIPPED_RECORDS,
  TRANSIT_GATEWAY,
  WITHOUT_FLAGS,
  WITHOUT_PACKET_ADDRESSES,
} from './quality.ts';
import { Scopes } from './scope.ts';

const HOUR = 3600;
const LONG_SECONDS = 90;
const FULL = 0xffffffff;

export interface CollectorOptions {
  readonly key: HashKey;
  /** Further CIDRs that count as inside. */
  readonly internal?: readonly string[];
  readonly routingDomains?: Readonly<Record<string, readonly string[]>>;
}

/** What makes a contact, and what was seen of it. */
type ContactName = Pick<SeenContact, 'target' | 'port' | 'protocol' | 'seen'>;

/** Collects one body of evidence: one file in the ingest function, all files on the command line. */
export class Collector implements RecordSink {
  readonly addresses = new AddressTable();
  readonly interfaces = new StringTable();
  /** End of the latest record: how far the log has come, epoch seconds; 0 before the first. */
  logTime = 0;
  #table: ContactTable;
  #networks: Networks;
  #identities: Interfaces;
  #scopes: Scopes;
  #halves = new Halves();
  #layoutQuality = 0;
  #contact = {
    source: 0,
    target: 0,
    port: 0,
    protocol: 0,
    seen: 0,
    start: 0,
    end: 0,
    quality: 0,
    sourcePort: 0,
    packetBytes: 0,
  };

  constructor(options: CollectorOptions) {
    this.#table = new ContactTable(this.addresses, options.key, CONTACTS_PER_PANE);
    this.#networks = new Networks(options.internal);
    this.#identities = new Interfaces(this.addresses, this.interfaces, this.#networks);
    this.#scopes = new Scopes(options.routingDomains);
  }

  layout(layout: Layout): void {
    this.#layoutQuality =
      (layout.hasFlags ? 0 : WITHOUT_FLAGS) |
      (layout.hasPacketAddresses || layout.kind === 'transit-gateway' ? 0 : WITHOUT_PACKET_ADDRESSES) |
      (layout.kind === 'transit-gateway' ? TRANSIT_GATEWAY : 0);
  }

  record(record: FlowRecord): void {
    if (record.end > this.logTime) this.logTime = record.end;
    this.#identities.learn(record);
    const { source, target } = record;
    if (
      source === target ||
      !this.#networks.isCountable(this.addresses, source) ||
      !this.#networks.isCountable(this.addresses, target)
    )
      return;
    classify(record, this.addresses.isIpv4(source), this.#halves);
    const contact = this.#contact;
    contact.protocol = record.protocol;
    contact.start = record.start;
    contact.end = record.end;
    contact.quality =
      this.#layoutQuality |
      (record.tcpFlags === NO_FLAGS && record.protocol === 6 ? WITHOUT_FLAGS : 0) |
      (record.end - record.start > LONG_SECONDS ? LONG_AGGREGATION : 0);
    if (this.#halves.forward) {
      contact.source = source;
      contact.target = target;
      contact.port = record.targetPort;
      contact.seen = this.#halves.forward;
      contact.sourcePort = record.sourcePort;
      contact.packetBytes = Math.min(255, Math.round(record.bytes / Math.max(1, record.packets)));
      this.#table.add(contact);
    }
    if (this.#halves.reverse) {
      contact.source = target;
      contact.target = source;
      contact.port = record.sourcePort;
      contact.seen = this.#halves.reverse;
      contact.sourcePort = 0;
      contact.packetBytes = 0;
      this.#table.add(contact);
    }
  }

  status(row: StatusRow): void {
    if (row.end > this.logTime) this.logTime = row.end;
    if (row.status !== 'SKIPDATA') return;
    for (let hour = Math.floor(row.start / HOUR); hour <= Math.floor(row.end / HOUR); hour++)
      this.#identities.skipped(row.interfaceId, hour);
  }

  /**
   * The evidence of each source, one after the other; call once, after the last record.
   * @param minSuspects leaves out sources with fewer contacts that may be probes: they cannot be findings.
   */
  *sources(minSuspects = 0): Generator<SourceEvidence> {
    this.#identities.conclude();
    let views: PaneView[] = [];
    for (const view of this.#table.panes()) {
      if (views.length && views[0]!.source !== view.source) {
        yield* this.#source(views, minSuspects);
        views = [];
      }
      views.push(view);
    }
    if (views.length) yield* this.#source(views, minSuspects);
  }

  /**
   * Contacts of all sources with some services: for what the traffic of others says of a finding. Call after
   * {@link sources}.
   */
  *contactsWith(wants: (service: { readonly port: number; readonly protocol: number }) => boolean): Generator<{
    readonly source: string;
    readonly inside: boolean;
    readonly hour: number;
    readonly contact: ContactName;
  }> {
    for (const view of this.#table.panes()) {
      for (const at of view.contacts) {
        const service = { port: this.#table.services[at]! >> 8, protocol: this.#table.services[at]! & 255 };
        if (!wants(service)) continue;
        yield {
          source: this.addresses.text(view.source),
          inside: this.#isInside(view.source),
          hour: view.hour,
          contact: {
            ...service,
            target: this.addresses.text(this.#table.targets[at]!),
            seen: this.#table.seen[at]!,
          },
        };
      }
    }
  }

  /** How many contacts outside sources made with each target, hour by hour. Call after {@link sources}. */
  *outsideReach(): Generator<{ readonly hour: number; readonly target: string; readonly count: number }> {
    const counts = new Map<number, Map<number, number>>();
    for (const view of this.#table.panes()) {
      if (this.#isInside(view.source)) continue;
      const ofHour = counts.get(view.hour) ?? new Map<number, number>();
      counts.set(view.hour, ofHour);
      for (const at of view.contacts) {
        if (!hasInitiatorHalf(this.#table.seen[at]!)) continue;
        const target = this.#table.targets[at]!;
        ofHour.set(target, (ofHour.get(target) ?? 0) + 1);
      }
    }
    for (const [hour, ofHour] of counts)
      for (const [target, count] of ofHour) yield { hour, target: this.addresses.text(target), count };
  }

  #isInside(source: number): boolean {
    return this.#networks.isInside(this.addresses, source) || this.#identities.isOwn(source);
  }

  *#source(views: readonly PaneView[], minSuspects: number): Generator<SourceEvidence> {
    if (minSuspects > 0 && this.#countSuspects(views) < minSuspects) return;
    const panes = views.map((view) => this.#pane(view)).filter((pane) => pane.contacts.length > 0);
    if (!panes.length) return;
    const source = views[0]!.source;
    const isPrivate = this.#networks.isInside(this.addresses, source);
    const identity = this.#identities.identity(source);
    const scope = this.#scopes.of({ isPrivate, ...this.#identities.networkOf(source) });
    yield {
      scope,
      address: this.addresses.text(source),
      inside: this.#isInside(source),
      ...(identity && { identity }),
      panes,
    };
  }

  #countSuspects(views: readonly PaneView[]): number {
    let suspects = 0;
    for (const view of views) for (const at of view.contacts) if (isSuspect(this.#table.seen[at]!)) suspects++;
    return suspects;
  }

  #pane(view: PaneView): Pane {
    const table = this.#table;
    let skipped = this.#identities.hasSkipped(view.source, view.hour);
    const contacts: SeenContact[] = [];
    for (const at of view.contacts) {
      const target = table.targets[at]!;
      const own = this.#identities.isOwn(target) ? SEEN_OWN_TARGET : 0;
      if (isNothing(table.seen[at]!)) continue;
      skipped ||= this.#identities.hasSkipped(target, view.hour);
      contacts.push({
        target: this.addresses.text(target),
        port: table.services[at]! >> 8,
        protocol: table.services[at]! & 255,
        seen: table.seen[at]! | own,
        hash: table.hashes[at]!,
        firstStart: table.firstStarts[at]!,
        firstEnd: table.firstEnds[at]!,
        lastEnd: table.lastEnds[at]!,
        minutesLow: table.minutesLow[at]!,
        minutesHigh: table.minutesHigh[at]!,
        sourcePort: table.sourcePorts[at]!,
        packetBytes: table.packetBytes[at]!,
        flows: table.flows[at]!,
      });
    }
    const quality = view.quality | (skipped ? SKIPPED_RECORDS : 0) | (view.theta < FULL ? SAMPLED : 0);
    return { hour: view.hour, theta: view.theta, quality, fragments: 1, contacts };
  }
}

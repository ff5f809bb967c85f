/** Turns records into evidence: the contacts that the kernel keeps, with names, identities and scopes. */

import type { ColumnMap } from '../flowlog/columns.ts';
import type { FlowLogConsumer, FlowRecord, LineReader, StatusRow } from '../flowlog/record.ts';
import { ContactTable, type PaneView } from '../kernel/contact-table.ts';
import { absorbTables, type Drained, drainTables } from '../kernel/drained.ts';
import { Kernel } from '../kernel/kernel.ts';
import { KernelAddresses, KernelInterfaceNames, kindsOf } from '../kernel/kernel-tables.ts';
import { KernelLines } from '../kernel/line-reader.ts';
import { KIND_INSIDE } from '../kernel/rows.ts';
import { Networks } from '../net/networks.ts';
import type { CollectorOptions, Dropped } from './collector-options.ts';
import { CONTACTS_PER_PANE, mergeContacts, type Pane, type SeenContact, type SourceEvidence } from './evidence.ts';
import { endOf, SOURCE_END, TARGET_END, vpcName } from './gateway-ends.ts';
import { Interfaces } from './interfaces.ts';
import type { LeastEvidence } from './least-evidence.ts';
import { DROPPED, qualityOfColumns, SAMPLED, SKIPPED_RECORDS } from './quality.ts';
import { isPartial, sampleOf } from './sample.ts';
import { ScopeNumbers, Scopes } from './scope.ts';
import { hasInitiatorHalf, isNothing, SEEN_OWN_TARGET } from './seen.ts';
import { selected } from './selected.ts';
import type { WindowFloors } from './window-floors.ts';

const HOUR = 3600;
/** Limit of contacts in memory, and of hours of sources: about 66 MB. */
const MOST_CONTACTS = 380_000;
/** A SKIPDATA row reports one aggregation interval. If a row claims a longer one, only the last hours count. */
const MOST_SKIPPED_HOURS = 24;
const NO_TEXT = () => undefined;
/** The fields that identify a contact, when it was made, and what was seen of it. */
type ContactName = Pick<
  SeenContact,
  'target' | 'port' | 'protocol' | 'seen' | 'firstStart' | 'firstEnd' | 'minutesLow' | 'minutesHigh' | 'packetBytes'
>;

/** A source with what it can be, as far as its windows tell. */
export interface Suspect {
  readonly evidence: SourceEvidence;
  /** Whether it can have a finding of its own. */
  readonly mayScan: boolean;
  /** Whether it can be a member of a campaign. */
  readonly mayShare: boolean;
}

/** Collects one body of evidence: one file in the ingest function, all files on the command line. */
export class Collector implements FlowLogConsumer {
  readonly addresses: KernelAddresses;
  readonly interfaces: KernelInterfaceNames;
  readonly #lines: KernelLines;
  readonly #kernel: Kernel;
  readonly #table: ContactTable;
  readonly #identities: Interfaces;
  readonly #scopes: ScopeNumbers;
  /** Reads the text columns of the record that is handed in. */
  #text: FlowRecord['text'] = NO_TEXT;
  /** Whether the records of the file name the VPCs of their ends. */
  #hasEnds = false;
  /** Whether any file had such records: then one target may be in the network of the source and in its own. */
  #mixesNetworks = false;

  constructor(options: CollectorOptions) {
    const networks = new Networks(options.internal);
    this.#kernel = new Kernel(
      { key: options.key, limit: CONTACTS_PER_PANE, mostRows: options.mostContacts ?? MOST_CONTACTS },
      {
        kindOf: kindsOf(networks),
        look: (id, start, end, side) => {
          const text = start === 0 ? this.#text : this.#lines.textOf(start, end);
          if (side === 0) this.#look(id, text);
          else this.#kernel.run.setNetwork(id, this.#scopes.ofVpc(endOf(side, text)));
        },
        ...(options.spill && { spill: () => options.spill!(this.#drained()) }),
      },
    );
    this.addresses = new KernelAddresses(this.#kernel);
    this.interfaces = new KernelInterfaceNames(this.#kernel);
    this.#lines = new KernelLines(this.#kernel);
    this.#table = new ContactTable(this.#kernel);
    this.#identities = new Interfaces(this.#kernel, this.addresses, this.interfaces);
    this.#scopes = new ScopeNumbers(new Scopes(options.routingDomains));
  }

  /** End of the latest record in epoch seconds, which is how far the log has come. 0 before the first record. */
  get logTime(): number {
    return this.#kernel.run.logTime.value >>> 0;
  }

  /** The evidence that was dropped so far because memory was full. */
  get dropped(): Dropped {
    const { run } = this.#kernel;
    return {
      sources: run.sourcesDropped(),
      contacts: run.contactsDropped(),
      ofInterfaces: run.unnamedInterfaces(),
    };
  }

  columns(columns: ColumnMap): void {
    this.#lines.useColumns(columns);
    this.#scopes.beginFile();
    this.#hasEnds = columns.ends !== undefined;
    this.#mixesNetworks ||= this.#hasEnds;
    // Records without an interface belong to the file's network.
    this.#kernel.run.setNetwork(0, 0);
    this.#kernel.run.setLayoutQuality(qualityOfColumns(columns));
  }

  lines(text: Uint8Array): LineReader {
    return this.#lines.read(text);
  }

  enter(row: Pick<FlowRecord, 'interfaceId' | 'text'>): void {
    this.#text = row.text;
    this.addresses.makeRoom();
    if (!this.#hasEnds) this.#kernel.run.enter(this.interfaces.intern(row.interfaceId));
    else for (const side of [SOURCE_END, TARGET_END]) this.#enterEnd(side, row.text);
  }

  record(record: FlowRecord): void {
    const { run } = this.#kernel;
    const interfaceId = this.interfaces.intern(record.interfaceId);
    if (this.#hasEnds) this.#enterEnd(SOURCE_END, record.text);
    const source = this.addresses.intern(record.source);
    if (this.#hasEnds) this.#enterEnd(TARGET_END, record.text);
    const target = this.addresses.intern(record.target);
    run.record(
      source,
      target,
      // Records with ends have no other addresses.
      this.#hasEnds ? source : this.addresses.intern(record.interfaceSource),
      this.#hasEnds ? target : this.addresses.intern(record.interfaceTarget),
      record.sourcePort,
      record.targetPort,
      record.protocol,
      record.packets,
      record.bytes,
      record.start,
      record.end,
      record.action,
      record.tcpFlags,
      record.direction,
      interfaceId,
      0,
      0,
    );
  }

  status(row: StatusRow): void {
    this.#kernel.run.advance(row.end);
    if (row.status !== 'SKIPDATA') return;
    this.addresses.makeRoom();
    const interfaceId = this.interfaces.intern(row.interfaceId);
    const last = Math.floor(row.end / HOUR);
    for (let hour = Math.max(Math.floor(row.start / HOUR), last - MOST_SKIPPED_HOURS); hour <= last; hour++)
      this.#identities.skipped(interfaceId, hour);
  }

  /** Returns everything collected so far and forgets it here. */
  drain(): Drained {
    const drained = this.#drained();
    this.#kernel.run.clear();
    return drained;
  }

  /** Adds the evidence that another collector gathered from other records. */
  absorb({ logTime, tables, identities, scopes, mixesNetworks }: Drained): void {
    this.#mixesNetworks ||= mixesNetworks;
    this.#kernel.run.advance(logTime);
    const interfaces = this.interfaces.internRows(tables.interfaces);
    const networks = scopes.map((name, number) => (number === 0 ? 0 : this.#scopes.numberOf(name)));
    for (const identity of identities) this.#identities.absorb(interfaces[identity.id]!, identity);
    absorbTables(this.#kernel, tables, { interfaces, networks });
  }

  /**
   * The evidence of each source in turn. Call once, after the last record.
   * @param least leaves out sources with less than this, since they cannot become findings. Default: every source.
   */
  *sources(least?: LeastEvidence): Generator<SourceEvidence> {
    for (const { evidence } of this.suspects(least)) yield evidence;
  }

  /**
   * The same, with what each source can be by its windows.
   * @param floors leaves out sources that can be nothing, for which no objects are made. Default: none.
   */
  *suspects(least?: LeastEvidence, floors?: WindowFloors): Generator<Suspect> {
    this.#identities.conclude();
    for (const { views, mayScan, mayShare } of selected(
      this.#table,
      {
        networkKey: (source) => this.addresses.networkKey(source),
        isInside: (source) => this.#isInside(source),
        mayHaveNamesakes: (source) => this.#mayHaveNamesakes(source),
      },
      least,
      floors,
    )) {
      const panes = views.map((view) => this.#pane(view)).filter((pane) => pane.contacts.length > 0);
      if (!panes.length) continue;
      const source = views[0]!.source;
      const identity = this.#identities.identity(source);
      const evidence = {
        scope: this.#scopeOf(source),
        address: this.addresses.text(source),
        inside: this.#isInside(source),
        ...(identity && { identity }),
        panes,
      };
      yield { evidence, mayScan, mayShare };
    }
  }

  /**
   * Contacts of all sources with the given services, and the scope of their inside end. They show what the traffic of
   * others says about a finding. Call after {@link sources}.
   * @param targets selects by the target. Default: every target.
   * @param sources all contacts of these sources are selected too.
   */
  *contactsWith(
    wants: (service: { readonly port: number; readonly protocol: number }) => boolean,
    targets?: ReadonlySet<string>,
    sources?: ReadonlySet<string>,
  ): Generator<{
    readonly scope: string;
    readonly source: string;
    readonly inside: boolean;
    readonly hour: number;
    readonly contact: ContactName;
  }> {
    const numbers = [targets, sources].map((texts) => texts && this.addresses.numbersOf(texts));
    for (const { source, hour, target, ...contact } of this.#table.contacts(wants, ...numbers))
      yield {
        scope: this.#scopeOf(this.addresses.network(source) ? source : target),
        source: this.addresses.text(source),
        inside: this.#isInside(source),
        hour,
        contact: { ...contact, target: this.addresses.text(target) },
      };
  }

  /** Contacts of the addresses that some interfaces hold themselves, by their names. Call after {@link sources}. */
  *contactsOfInterfaces(names: ReadonlySet<string>): Generator<{
    readonly interfaceId: string;
    readonly source: string;
    readonly hour: number;
    readonly contact: Omit<ContactName, 'target'>;
  }> {
    const numbers = new Map([...names].map((name) => [this.interfaces.intern(name), name]));
    for (const { source, hour, target: _, ...contact } of this.#table.contacts()) {
      const interfaceId = numbers.get(this.addresses.owner(source));
      if (interfaceId === undefined || !this.#identities.isOwn(source) || isNothing(contact.seen)) continue;
      yield { interfaceId, source: this.addresses.text(source), hour, contact };
    }
  }

  /** How many contacts outside sources began with each target, hour by hour. Call after {@link sources}. */
  *outsideReach(): Generator<{ readonly hour: number; readonly target: string; readonly count: number }> {
    for (const { target, ...rest } of this.#table.reach(
      (source, seen) => hasInitiatorHalf(seen) && !this.#isInside(source),
    ))
      yield { ...rest, target: this.addresses.text(target) };
  }

  #drained(): Drained {
    return {
      logTime: this.logTime,
      tables: drainTables(this.#kernel),
      identities: this.#identities.drain(),
      scopes: [...this.#scopes.names],
      mixesNetworks: this.#mixesNetworks,
    };
  }

  #look(interfaceId: number, text: FlowRecord['text']): void {
    const fields = interfaceId === 0 ? undefined : this.#identities.look(interfaceId, text);
    const fieldOf = (field: 'vpc-id' | 'account-id') => (fields ? fields[field] : text(field));
    this.#kernel.run.setNetwork(
      interfaceId,
      this.#scopes.of({ vpcId: fieldOf('vpc-id'), accountId: fieldOf('account-id') }),
    );
  }

  /** Announces that the next addresses are at one end of a transit gateway's record. */
  #enterEnd(side: number, text: FlowRecord['text']): void {
    this.#kernel.run.enterEnd(this.interfaces.intern(vpcName(side, text)), side);
  }

  #scopeOf(address: number): string {
    return this.#scopes.names[this.addresses.network(address)]!;
  }

  /**
   * A target of a public address may exist under the same address in several networks. So may a target of an inside one
   * that both its VPC and a transit gateway log.
   */
  #mayHaveNamesakes(source: number): boolean {
    return (this.#mixesNetworks || this.addresses.network(source) === 0) && this.#scopes.names.length > 2;
  }

  #isInside(source: number): boolean {
    return (this.addresses.kind(source) & KIND_INSIDE) !== 0 || this.#identities.isOwn(source);
  }

  #pane(view: PaneView): Pane {
    let skipped = this.#identities.hasSkipped(view.source, view.hour);
    const contacts: SeenContact[] = [];
    for (const row of view.contacts) {
      const contact = this.#table.contact(row);
      const { target, seen } = contact;
      if (isNothing(seen)) continue;
      const own = this.#identities.isOwn(target) ? SEEN_OWN_TARGET : 0;
      skipped ||= this.#identities.hasSkipped(target, view.hour);
      contacts.push({ ...contact, target: this.addresses.text(target), seen: seen | own });
    }
    const quality =
      view.quality |
      (skipped ? SKIPPED_RECORDS : 0) |
      (isPartial(view.sample) ? SAMPLED : 0) |
      (this.dropped.sources ? DROPPED : 0);
    // Evidence holds addresses alone.
    const mayHaveNamesakes = this.#mayHaveNamesakes(view.source);
    const kept = { sample: view.sample, contacts: mayHaveNamesakes ? mergeContacts(contacts) : contacts };
    return { hour: view.hour, quality, fragments: 1, ...(mayHaveNamesakes ? sampleOf(kept) : kept) };
  }
}

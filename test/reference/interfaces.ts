/** Who stands behind an address: the interface, instance, task and account that the records tie it to. */
import type { Identity } from '../../lib/evidence/interfaces.ts';
import { EGRESS, IDENTITY_FIELDS, type IdentityField, INGRESS } from '../../lib/flowlog/record.ts';
import type { InterfaceNames } from './interface-names.ts';
import type { Kinds } from './kinds.ts';
import type { NumberedRecord } from './record.ts';

/** How sure a tie is: the higher wins, whatever the order of the records. */
const OWN = 4;
const BEHIND_INSTANCE = 3;
const BEHIND = 2;
/** An interface that merely saw the address on the other side: it says nothing of its holder but the network. */
const SEEN = 1;
/** What an interface without an instance is that takes in what is addressed to the outside, as `interface-type` names it. */
const NAT_GATEWAY = 'nat_gateway';
/** Identity columns are best effort and may be "-" at first: looked at are the first records, then powers of two. */
const FIRST_LOOKS = 16;
const LAST_LOOK = 4096;

interface Tie {
  readonly interfaceId: number;
  readonly rank: number;
}

interface Interface {
  readonly fields: Partial<Record<IdentityField, string>>;
  records: number;
  /** Addresses that every direction-less record of the interface so far had in common: one of them is its own. */
  candidates: number[] | undefined;
  readonly skipHours: Set<number>;
  /** It took in what is addressed to the outside. */
  forwards: boolean;
  /** Number of its network. 0 until it was looked up. */
  network: number;
}

const newInterface = (): Interface => ({
  fields: {},
  records: 0,
  candidates: undefined,
  skipHours: new Set(),
  forwards: false,
  network: 0,
});

/** Collects identities over the records of one body of evidence. */
export class Interfaces {
  #known = new Map<number, Interface>();
  #ties = new Map<number, Tie>();
  #ofFile = newInterface();
  #names: InterfaceNames;
  #kinds: Kinds;

  constructor(names: InterfaceNames, kinds: Kinds) {
    this.#names = names;
    this.#kinds = kinds;
  }

  /** Learns from one record. */
  learn(record: NumberedRecord, numberOf: (fields: Interface['fields']) => number): void {
    const { interfaceId, source, target, interfaceSource, interfaceTarget } = record;
    if (interfaceId === 0) return;
    const known = this.#interface(interfaceId);
    known.records++;
    const isPower = Number.isInteger(Math.log2(known.records));
    if (known.records <= FIRST_LOOKS || (known.records <= LAST_LOOK && isPower)) {
      this.#look(known, record);
      known.network = numberOf(known.fields);
    }
    if (record.direction === EGRESS) {
      this.#tie(source, interfaceSource, interfaceId);
      this.#claim(target, interfaceId, SEEN);
    } else if (record.direction === INGRESS) {
      this.#tie(target, interfaceTarget, interfaceId);
      if (target !== interfaceTarget && !this.#kinds.isInside(target)) known.forwards = true;
      this.#claim(source, interfaceId, SEEN);
    } else {
      const both = [interfaceSource, interfaceTarget];
      known.candidates = known.candidates?.filter((id) => both.includes(id)) ?? both;
    }
  }

  /** Notes that AWS skipped records of an interface in an hour (epoch hours). */
  skipped(interfaceId: number, hour: number): void {
    this.#interface(interfaceId).skipHours.add(hour);
  }

  /** Concludes from all records which address is whose, where the log has no flow-direction. */
  conclude(): void {
    for (const [interfaceId, { candidates = [] }] of this.#known) {
      const inside = candidates.filter((id) => this.#kinds.isInside(id));
      const own = candidates.length === 1 ? candidates[0] : inside.length === 1 ? inside[0] : undefined;
      if (own !== undefined) this.#claim(own, interfaceId, OWN);
    }
  }

  /** Whether the address is an interface's own. */
  isOwn(address: number): boolean {
    return this.#ties.get(address)?.rank === OWN;
  }

  /** Whether records of the interface behind an address were skipped by AWS in that hour. */
  hasSkipped(address: number, hour: number): boolean {
    const tie = this.#ties.get(address);
    return tie !== undefined && tie.rank > SEEN && this.#interface(tie.interfaceId).skipHours.has(hour);
  }

  /** What is known of the holder of an address. */
  identity(address: number): Identity | undefined {
    const tie = this.#ties.get(address);
    if (!tie || tie.rank === SEEN) return undefined;
    const { fields, forwards } = this.#interface(tie.interfaceId);
    const isGateway = forwards && fields['instance-id'] === undefined && fields['interface-type'] === undefined;
    return {
      interfaceId: this.#names.text(tie.interfaceId),
      ...(tie.rank !== OWN && { behind: true }),
      fields: isGateway ? { ...fields, 'interface-type': NAT_GATEWAY } : fields,
    };
  }

  /** The number of the network of a record's interface, which is looked up with `numberOf` whenever the texts are looked at. */
  enter(
    record: Pick<NumberedRecord, 'interfaceId' | 'text'>,
    numberOf: (fields: Interface['fields']) => number,
  ): number {
    const known = record.interfaceId === 0 ? this.#ofFile : this.#interface(record.interfaceId);
    if (known.network === 0) {
      this.#look(known, record);
      known.network = numberOf(known.fields);
    }
    return known.network;
  }

  /** Begins a file: records without an interface are of its network. */
  beginFile(): void {
    this.#ofFile = newInterface();
  }

  #interface(id: number): Interface {
    let known = this.#known.get(id);
    if (!known) {
      known = newInterface();
      this.#known.set(id, known);
    }
    return known;
  }

  #look({ fields }: Interface, record: Pick<NumberedRecord, 'text'>): void {
    for (const field of IDENTITY_FIELDS) {
      const value = record.text(field);
      if (value !== undefined && value.length > (field === 'account-id' ? 64 : 600)) continue;
      if (value !== undefined && (fields[field] === undefined || value < fields[field])) fields[field] = value;
    }
  }

  #tie(address: number, interfaceAddress: number, interfaceId: number): void {
    if (address === interfaceAddress) this.#claim(address, interfaceId, OWN);
    // What a NAT gateway or a transit gateway forwards from outside is not its own.
    else if (this.#kinds.isInside(address))
      this.#claim(address, interfaceId, this.#interface(interfaceId).fields['instance-id'] ? BEHIND_INSTANCE : BEHIND);
  }

  /** The surer tie wins, of two the interface with the smaller name. */
  #claim(address: number, interfaceId: number, rank: number): void {
    const held = this.#ties.get(address);
    const isBetter =
      !held ||
      rank > held.rank ||
      (rank === held.rank && this.#names.text(interfaceId) < this.#names.text(held.interfaceId));
    if (isBetter) this.#ties.set(address, { interfaceId, rank });
  }
}

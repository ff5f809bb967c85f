/** Who stands behind an address: the interface, instance, task and account that the records tie it to. */
import type { AddressTable } from '../flowlog/address.ts';
import {
  EGRESS,
  type FlowRecord,
  IDENTITY_FIELDS,
  type IdentityField,
  INGRESS,
  type StringTable,
} from '../flowlog/record.ts';
import type { Networks } from './networks.ts';

/** What is known of the holder of an address. `behind` says that the interface belongs to a node, not to the address. */
export interface Identity {
  readonly interfaceId?: string;
  /** The interface forwards for the address (a pod behind its node): its instance is the node. */
  readonly behind?: boolean;
  readonly fields: Partial<Record<IdentityField, string>>;
}

/** How sure a tie is: the higher wins, whatever the order of the records. */
const OWN = 4;
const BEHIND_INSTANCE = 3;
const BEHIND = 2;
/** An interface that merely saw the address on the other side: it says nothing of its holder but the network. */
const SEEN = 1;
/** What an interface without an instance is that takes in what is addressed to the outside, as `interface-type` names it. */
const NAT_GATEWAY = 'nat_gateway';
/** Identity columns are best effort and may be "-" at first; after this many records of an interface they stay so. */
const LOOKS = 64;

interface Interface {
  fields: Partial<Record<IdentityField, string>>;
  looks: number;
  /** Addresses that every direction-less record of the interface so far had in common: one of them is its own. */
  candidates: number[] | undefined;
  skipHours: Set<number>;
  /** It took in what is addressed to the outside. */
  forwards: boolean;
}

/** Collects identities over the records of one file. */
export class Interfaces {
  #known = new Map<number, Interface>();
  #interfaceOf = new Int32Array(1024);
  #rankOf = new Uint8Array(1024);
  #addresses: AddressTable;
  #names: StringTable;
  #networks: Networks;
  /** Smallest account id among the records: the scope where the log has no direction to tell whose is what. */
  #account: string | undefined;

  constructor(addresses: AddressTable, names: StringTable, networks: Networks) {
    this.#addresses = addresses;
    this.#names = names;
    this.#networks = networks;
  }

  /** Learns from one record. */
  learn(record: FlowRecord): void {
    if (record.interfaceId === 0) return;
    const known = this.#interface(record.interfaceId);
    if (known.looks < LOOKS) this.#look(known, record);
    if (record.direction === EGRESS) {
      this.#tie(record.source, record.interfaceSource, record.interfaceId, known);
      this.#claim(record.target, record.interfaceId, SEEN);
    } else if (record.direction === INGRESS) {
      this.#tie(record.target, record.interfaceTarget, record.interfaceId, known);
      if (record.target !== record.interfaceTarget && !this.#networks.isInside(this.#addresses, record.target))
        known.forwards = true;
      this.#claim(record.source, record.interfaceId, SEEN);
    } else if (known.candidates)
      known.candidates = known.candidates.filter(
        (id) => id === record.interfaceSource || id === record.interfaceTarget,
      );
    else known.candidates = [record.interfaceSource, record.interfaceTarget];
  }

  /** Notes that AWS skipped records of an interface in an hour (epoch hours). */
  skipped(interfaceId: number, hour: number): void {
    this.#interface(interfaceId).skipHours.add(hour);
  }

  /** Concludes from all records which address is whose, where the log has no flow-direction. */
  conclude(): void {
    for (const [interfaceId, known] of this.#known) {
      const candidates = known.candidates ?? [];
      const inside = candidates.filter((id) => this.#networks.isInside(this.#addresses, id));
      const own = candidates.length === 1 ? candidates[0] : inside.length === 1 ? inside[0] : undefined;
      if (own !== undefined) this.#claim(own, interfaceId, OWN);
    }
  }

  /** Whether the address is an interface's own. */
  isOwn(address: number): boolean {
    return this.#rankOf[address] === OWN;
  }

  /** Whether records of the interface behind an address were skipped by AWS in that hour. */
  hasSkipped(address: number, hour: number): boolean {
    if (!(this.#rankOf[address]! > SEEN)) return false;
    return this.#known.get(this.#interfaceOf[address]!)!.skipHours.has(hour);
  }

  /** What is known of the holder of an address. */
  identity(address: number): Identity | undefined {
    if (!(this.#rankOf[address]! > SEEN)) return undefined;
    const interfaceId = this.#interfaceOf[address]!;
    const behind = this.#rankOf[address] !== OWN;
    const { fields, forwards } = this.#known.get(interfaceId)!;
    const isGateway = forwards && fields['instance-id'] === undefined && fields['interface-type'] === undefined;
    return {
      interfaceId: this.#names.text(interfaceId),
      ...(behind && { behind }),
      fields: isGateway ? { ...fields, 'interface-type': NAT_GATEWAY } : fields,
    };
  }

  /** The network of an address: that of its interface, or of the interface that saw it from afar. */
  networkOf(address: number): { readonly vpcId?: string | undefined; readonly accountId?: string | undefined } {
    const fields = this.#known.get(this.#interfaceOf[address] ?? 0)?.fields;
    return { vpcId: fields?.['vpc-id'], accountId: fields?.['account-id'] ?? this.#account };
  }

  #interface(id: number): Interface {
    let known = this.#known.get(id);
    if (!known) {
      known = { fields: {}, looks: 0, candidates: undefined, skipHours: new Set(), forwards: false };
      this.#known.set(id, known);
    }
    return known;
  }

  #look(known: Interface, record: FlowRecord): void {
    known.looks++;
    for (const field of IDENTITY_FIELDS) {
      const value = record.text(field);
      if (value !== undefined && (known.fields[field] === undefined || value < known.fields[field]))
        known.fields[field] = value;
    }
    const account = known.fields['account-id'];
    if (account && (this.#account === undefined || account < this.#account)) this.#account = account;
  }

  #tie(address: number, interfaceAddress: number, interfaceId: number, known: Interface): void {
    if (address === interfaceAddress) this.#claim(address, interfaceId, OWN);
    // What a NAT gateway or a transit gateway forwards from outside is not its own.
    else if (this.#networks.isInside(this.#addresses, address))
      this.#claim(address, interfaceId, known.fields['instance-id'] ? BEHIND_INSTANCE : BEHIND);
  }

  #claim(address: number, interfaceId: number, rank: number): void {
    if (address >= this.#rankOf.length) {
      const size = Math.max(address + 1, this.#rankOf.length * 2);
      const ranks = new Uint8Array(size);
      ranks.set(this.#rankOf);
      this.#rankOf = ranks;
      const owners = new Int32Array(size);
      owners.set(this.#interfaceOf);
      this.#interfaceOf = owners;
    }
    const held = this.#rankOf[address]!;
    if (rank < held || (this.#interfaceOf[address] === interfaceId && rank === held)) return;
    if (rank === held && this.#names.text(interfaceId) > this.#names.text(this.#interfaceOf[address]!)) return;
    this.#rankOf[address] = rank;
    this.#interfaceOf[address] = interfaceId;
  }
}

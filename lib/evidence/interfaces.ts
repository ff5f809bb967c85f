/** Who stands behind an address: the interface, instance, task and account that the records tie it to. */
import { IDENTITY_FIELDS, type IdentityField } from '../flowlog/record.ts';
import type { DrainedInterface } from '../kernel/drained.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { KernelAddresses, KernelInterfaceNames } from '../kernel/kernel-tables.ts';
import { RANK_OWN, RANK_SEEN, TRAIT_FORWARDS, TRAIT_INSTANCE } from '../kernel/rows.ts';

/** What is known of the holder of an address. `behind` says that the interface belongs to a node, not to the address. */
export interface Identity {
  readonly interfaceId?: string;
  /** The interface forwards for the address (a pod behind its node): its instance is the node. */
  readonly behind?: boolean;
  readonly fields: Partial<Record<IdentityField, string>>;
}

/** What an interface without an instance is that takes in what is addressed to the outside, as `interface-type` names it. */
const NAT_GATEWAY = 'nat_gateway';

/**
 * Characters beyond which a text is taken for none: ARNs of tasks and task definitions have some 350. What follows from
 * longer ones would be keys that the table refuses (an account is a scope), items too large for it, and alerts too large for SNS.
 */
const LONGEST_TEXT = 600;
const LONGEST_ACCOUNT = 64;

interface Interface {
  readonly fields: Partial<Record<IdentityField, string>>;
  readonly skipHours: Set<number>;
}

/** Collects identities over the records of one body of evidence; the kernel ties the addresses. */
export class Interfaces {
  #known = new Map<number, Interface>();
  #kernel: Kernel;
  #addresses: KernelAddresses;
  #names: KernelInterfaceNames;

  constructor(kernel: Kernel, addresses: KernelAddresses, names: KernelInterfaceNames) {
    this.#kernel = kernel;
    this.#addresses = addresses;
    this.#names = names;
  }

  /** Learns what the texts of one record say of its interface; returns all that is known of it. */
  look(interfaceId: number, text: (field: IdentityField) => string | undefined): Interface['fields'] {
    const { fields } = this.#interface(interfaceId);
    for (const field of IDENTITY_FIELDS) {
      const value = text(field);
      if (value !== undefined && value.length > (field === 'account-id' ? LONGEST_ACCOUNT : LONGEST_TEXT)) continue;
      if (value !== undefined && (fields[field] === undefined || value < fields[field])) fields[field] = value;
    }
    if (fields['instance-id'] !== undefined) this.#kernel.run.addTraits(interfaceId, TRAIT_INSTANCE);
    return fields;
  }

  /** Notes that AWS skipped records of an interface in an hour (epoch hours). */
  skipped(interfaceId: number, hour: number): void {
    this.#interface(interfaceId).skipHours.add(hour);
  }

  /** Concludes from all records which address is whose, where the log has no flow-direction. */
  conclude(): void {
    this.#kernel.run.conclude();
  }

  /** Whether the address is an interface's own. */
  isOwn(address: number): boolean {
    return this.#addresses.rank(address) === RANK_OWN;
  }

  /** Whether records of the interface behind an address were skipped by AWS in that hour. */
  hasSkipped(address: number, hour: number): boolean {
    return (
      this.#addresses.rank(address) > RANK_SEEN && this.#interface(this.#addresses.owner(address)).skipHours.has(hour)
    );
  }

  /** What is known of the holder of an address. */
  identity(address: number): Identity | undefined {
    const interfaceId = this.#addresses.owner(address);
    const rank = this.#addresses.rank(address);
    if (rank <= RANK_SEEN) return undefined;
    const behind = rank !== RANK_OWN;
    const { fields } = this.#interface(interfaceId);
    const forwards = (this.#kernel.run.traitsOf(interfaceId) & TRAIT_FORWARDS) !== 0;
    const isGateway = forwards && fields['instance-id'] === undefined && fields['interface-type'] === undefined;
    return {
      interfaceId: this.#names.text(interfaceId),
      ...(behind && { behind }),
      fields: isGateway ? { ...fields, 'interface-type': NAT_GATEWAY } : fields,
    };
  }

  /** What is known besides what the kernel holds; forgotten here, since the kernel is about to forget the interfaces. */
  drain(): DrainedInterface[] {
    const drained = [...this.#known].map(([id, { fields, skipHours }]) => ({ id, fields, skipHours: [...skipHours] }));
    this.#known.clear();
    return drained;
  }

  /** Adds what another knew of an interface, under the kernel's number of it. */
  absorb(id: number, { fields, skipHours }: DrainedInterface): void {
    this.look(id, (field) => fields[field]);
    for (const hour of skipHours) this.skipped(id, hour);
  }

  #interface(id: number): Interface {
    let known = this.#known.get(id);
    if (!known) {
      known = { fields: {}, skipHours: new Set() };
      this.#known.set(id, known);
    }
    return known;
  }
}

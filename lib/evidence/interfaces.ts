/** The holder of an address: the interface, instance, task and account that the records tie it to. */
import { IDENTITY_FIELDS, type IdentityField } from '../flowlog/record.ts';
import type { DrainedInterface } from '../kernel/drained.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { KernelAddresses, KernelInterfaceNames } from '../kernel/kernel-tables.ts';
import { RANK_OWN, RANK_SEEN, TRAIT_FORWARDS, TRAIT_INSTANCE } from '../kernel/rows.ts';

/** The known holder of an address. `behind` says that the interface belongs to a node, not to the address. */
export interface Identity {
  readonly interfaceId?: string;
  /** The interface forwards for the address (a pod behind its node): its instance is the node. */
  readonly behind?: boolean;
  readonly fields: Partial<Record<IdentityField, string>>;
}

/** The `interface-type` of an interface without an instance that receives packets addressed to the outside. */
const NAT_GATEWAY = 'nat_gateway';

/**
 * Longer texts are ignored. ARNs of tasks and task definitions have about 350 characters. Longer texts would lead to
 * keys that the table refuses (an account is part of a scope), items too large for it, and alerts too large for SNS.
 */
const LONGEST_TEXT = 600;
const LONGEST_ACCOUNT = 64;

interface Interface {
  readonly fields: Partial<Record<IdentityField, string>>;
  readonly skipHours: Set<number>;
}

/** Collects identities over all records of one body of evidence. The kernel ties addresses to interfaces. */
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

  /** Reads the texts of one record about its interface. Returns all that is known of the interface. */
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

  /**
   * Once all records are read, concludes which address belongs to which interface where the log has no flow-direction.
   */
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

  /** The known holder of an address. */
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

  /**
   * The knowledge about interfaces outside the kernel's rows. It is forgotten here, since the kernel is about to forget
   * the interfaces.
   */
  drain(): DrainedInterface[] {
    const drained = [...this.#known].map(([id, { fields, skipHours }]) => ({ id, fields, skipHours: [...skipHours] }));
    this.#known.clear();
    return drained;
  }

  /** Adds what another collector knew of an interface, under this kernel's number for it. */
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

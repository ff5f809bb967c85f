/** The scope makes an address unique. Private addresses belong to a routing domain, public ones to the internet. */

/** The value that AWS writes for the account of interfaces that its services created. */
const NO_ACCOUNT = 'unknown';
/** Longer accounts are ignored, because keys of tables contain them. */
const LONGEST_ACCOUNT = 64;
/** Number of scopes that can be distinguished. All further ones share one number. */
const MOST_SCOPES = 65_535;

/** The network of an address according to its interface, or without one according to its log. */
interface Whereabouts {
  readonly vpcId?: string | undefined;
  readonly accountId?: string | undefined;
}

/** Names the scope of addresses. Without configured routing domains it is the account of their interface. */
export class Scopes {
  #domainOfVpc: ReadonlyMap<string, string>;

  /** @param routingDomains domain name to the ids of the VPCs in it. */
  constructor(routingDomains: Readonly<Record<string, readonly string[]>> = {}) {
    this.#domainOfVpc = new Map(
      Object.entries(routingDomains).flatMap(([name, vpcs]) => vpcs.map((vpc) => [vpc, name] as const)),
    );
  }

  /** The scope of an address, given what its interface (or without one its log) says. */
  of(address: Whereabouts & { readonly isPrivate: boolean }): string {
    if (!address.isPrivate) return 'internet';
    return (address.vpcId && this.#domainOfVpc.get(address.vpcId)) ?? address.accountId ?? NO_ACCOUNT;
  }
}

/** The scopes of one body of evidence as small numbers. 0 is the internet. */
export class ScopeNumbers {
  readonly #scopes: Scopes;
  readonly #names = ['internet'];
  readonly #numbers = new Map<string, number>();
  /** The first account that the file names. */
  #account: string | undefined;

  constructor(scopes: Scopes) {
    this.#scopes = scopes;
  }

  /** All scopes so far, by number. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Begins a file, or a part of one that has a header of its own. */
  beginFile(): void {
    this.#account = undefined;
  }

  /**
   * The number of an interface's scope. An interface without a known account is assumed to belong to the file's
   * account.
   */
  of({ vpcId, accountId }: Whereabouts): number {
    const known = accountId === NO_ACCOUNT ? undefined : accountId;
    this.#account ??= known;
    return this.numberOf(this.#scopes.of({ isPrivate: true, vpcId, accountId: known ?? this.#account }));
  }

  /** The number of the scope of a VPC at an end of a transit gateway's record. */
  ofVpc({ vpcId, accountId }: Whereabouts): number {
    const known = accountId !== undefined && accountId.length <= LONGEST_ACCOUNT ? accountId : undefined;
    return this.numberOf(this.#scopes.of({ isPrivate: true, vpcId, accountId: known }));
  }

  /** The number of a scope. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#names.length === MOST_SCOPES) return this.numberOf(this.#names.at(-1)!);
    const number = this.#names.push(name) - 1;
    this.#numbers.set(name, number);
    return number;
  }
}

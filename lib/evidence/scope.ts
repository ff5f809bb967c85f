/** What makes an address unique: private ones belong to a routing domain, public ones to the internet. */

/** Names the scope of addresses; without configured routing domains that is the account of their interface. */
export class Scopes {
  #domainOfVpc: ReadonlyMap<string, string>;

  /** @param routingDomains name of each domain to the ids of the VPCs in it. */
  constructor(routingDomains: Readonly<Record<string, readonly string[]>> = {}) {
    this.#domainOfVpc = new Map(
      Object.entries(routingDomains).flatMap(([name, vpcs]) => vpcs.map((vpc) => [vpc, name] as const)),
    );
  }

  /** The scope of an address, given what its interface (or, failing that, its log) says. */
  of(address: {
    readonly isPrivate: boolean;
    readonly vpcId?: string | undefined;
    readonly accountId?: string | undefined;
  }): string {
    if (!address.isPrivate) return 'internet';
    return (address.vpcId && this.#domainOfVpc.get(address.vpcId)) ?? address.accountId ?? 'unknown';
  }
}

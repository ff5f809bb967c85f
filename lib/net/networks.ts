/** Which addresses are inside, which are outside, and which never count as a target. */
import { parseAddress, type Words } from './address.ts';
import { type Cidr, cidrAround, containsAddress, containsCidr, overlapsCidr } from './cidr.ts';

/** RFC 1918, shared address space (RFC 6598), unique local IPv6 (RFC 4193). */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'].map(networkOrThrow);
/** Multicast, broadcast, link-local, loopback, unspecified: discovery traffic by design, or never on the network. */
const UNCOUNTED = [
  '224.0.0.0/4',
  '255.255.255.255/32',
  '169.254.0.0/16',
  '127.0.0.0/8',
  '0.0.0.0/8',
  'ff00::/8',
  'fe80::/10',
  '::/127',
].map(networkOrThrow);

/** Classifies addresses by their number alone. Public addresses of interfaces are known only from records. */
export class Networks {
  readonly #inside: readonly Cidr[];

  /** @param internal further CIDRs that count as inside. @throws Error for text that is not a CIDR block. */
  constructor(internal: readonly string[] = []) {
    this.#inside = [...PRIVATE, ...internal.map(networkOrThrow)];
  }

  /** Whether the address is in a private range or in one that the settings name. */
  isInside(address: Words): boolean {
    return this.#inside.some((network) => containsAddress(network, address));
  }

  /** The same for an address written as text. False for text that is not an address. */
  isInsideText(text: string): boolean {
    const address = parseAddress(text);
    return address !== undefined && this.isInside(address);
  }

  /** Whether {@link isInside}, {@link isUncounted} and {@link isPrivate} are the same for all addresses of a block. */
  isUniform(block: Cidr): boolean {
    return [...this.#inside, ...UNCOUNTED].every(
      (network) => containsCidr(network, block) || !overlapsCidr(network, block),
    );
  }
}

/** Whether the address is in a private range, whatever the settings say. */
export const isPrivate = (address: Words): boolean => PRIVATE.some((network) => containsAddress(network, address));

/** Whether contacts with the address cannot be probes: multicast, broadcast, link-local, loopback, unspecified. */
export const isUncounted = (address: Words): boolean => UNCOUNTED.some((network) => containsAddress(network, address));

function networkOrThrow(text: string): Cidr {
  const network = cidrAround(text);
  if (!network)
    throw new Error(`${text} is not a CIDR block: expected an address and a prefix length such as 10.0.0.0/8`);
  return network;
}

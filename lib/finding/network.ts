/** The network that an address is told by where many addresses are told together. */

/** The /24 of an IPv4 address, the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  const [head = '', tail] = address.split('::');
  const groups =
    tail === undefined
      ? head.split(':')
      : [...head.split(':'), ...new Array<string>(8 - head.split(':').length - tail.split(':').length).fill('0')];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

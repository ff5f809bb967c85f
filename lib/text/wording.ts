/** Words for numbers and values in messages. */

const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** A number with its thousands apart, in every locale of the machine: `1,024`. Not for port numbers. */
export const grouped = (value: number): string => GROUPED.format(value);

/** A number with its noun: `1 port`, `1,024 ports`. */
export const countOf = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;

const PROTOCOLS: Readonly<Record<string, string>> = { tcp: 'TCP', udp: 'UDP', icmp: 'ICMP', icmpv6: 'ICMPv6' };

/** A protocol of a finding as people write it: `TCP`. Rare ones and unknown text stay as they are. */
export const protocolLabel = (name: string): string => (Object.hasOwn(PROTOCOLS, name) ? PROTOCOLS[name]! : name);

const MOST = 80;

/** A value as JSON, cut to a length; "nothing" where there is none. */
export function shown(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // JSON.parse reads what is nested more deeply than JSON.stringify can write.
    return 'something nested too deeply';
  }
  if (text === undefined) return 'nothing';
  return text.length > MOST ? `${text.slice(0, MOST - 3)}...` : text;
}

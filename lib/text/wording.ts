/** Wording of numbers and values in messages. */

const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** A number with thousands separators, the same in every locale: `1,024`. Not for port numbers. */
export const grouped = (value: number): string => GROUPED.format(value);

/** A number with its noun: `1 port`, `1,024 ports`, `2 batches`. */
export const countOf = (count: number, noun: string, plural = `${noun}s`): string =>
  `${grouped(count)} ${count === 1 ? noun : plural}`;

const PROTOCOLS: Readonly<Record<string, string>> = { tcp: 'TCP', udp: 'UDP', icmp: 'ICMP', icmpv6: 'ICMPv6' };

/** The usual spelling of a finding's protocol: `TCP`. Rare ones and unknown text stay unchanged. */
export const protocolLabel = (name: string): string => (Object.hasOwn(PROTOCOLS, name) ? PROTOCOLS[name]! : name);

const MOST = 80;

/** A value as JSON, cut to a length. "nothing" for undefined. */
export function shown(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // JSON.parse reads deeper nesting than JSON.stringify can write.
    return 'something nested too deeply';
  }
  if (text === undefined) return 'nothing';
  return text.length > MOST ? `${text.slice(0, MOST - 3)}...` : text;
}

/** IP addresses as four 32-bit words (IPv4 as ::ffff:a.b.c.d), interned to small integers that stand for them. */

const V4_PREFIX = 0xffff;

/** The id that stands for no address (`-`). */
export const NO_ADDRESS = 0;

/** Four words of an IPv6 address written as text, or undefined when it is not one (RFC 4291, section 2.2). */
export function parseIpv6(text: string): [number, number, number, number] | undefined {
  if (text.length > 45 || !/^[0-9a-f:.]+$/i.test(text)) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups: number[][] = [];
  for (const half of halves) {
    const parts = half === '' ? [] : half.split(':');
    const numbers: number[] = [];
    for (const [position, part] of parts.entries()) {
      if (part.includes('.')) {
        const tail = parseIpv4(part);
        const isLast = position === parts.length - 1 && groups.length === halves.length - 1;
        if (tail === undefined || !isLast) return undefined;
        numbers.push(tail >>> 16, tail & 0xffff);
      } else if (/^[0-9a-f]{1,4}$/i.test(part)) numbers.push(Number.parseInt(part, 16));
      else return undefined;
    }
    groups.push(numbers);
  }
  const head = groups[0]!;
  const tail = groups[1] ?? [];
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined;
  const all = [...head, ...new Array<number>(gap).fill(0), ...tail];
  const word = (at: number) => ((all[at]! << 16) | all[at + 1]!) >>> 0;
  return [word(0), word(2), word(4), word(6)];
}

/** The 32-bit number of a dotted IPv4 address, or undefined when it is not one (leading zeros: octal to some). */
export function parseIpv4(text: string): number | undefined {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (!match) return undefined;
  let value = 0;
  for (const part of match.slice(1)) {
    if (Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

/** Canonical text of an address given as four words (IPv6 as in RFC 5952). */
export function formatAddress(w0: number, w1: number, w2: number, w3: number): string {
  if (w0 === 0 && w1 === 0 && w2 === V4_PREFIX)
    return `${w3 >>> 24}.${(w3 >>> 16) & 255}.${(w3 >>> 8) & 255}.${w3 & 255}`;
  const groups = [w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff, w2 >>> 16, w2 & 0xffff, w3 >>> 16, w3 & 0xffff];
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.at < 0) return hex.join(':');
  return `${hex.slice(0, best.at).join(':')}::${hex.slice(best.at + best.length).join(':')}`;
}

/** Gives each distinct address one small integer. */
export abstract class Addresses {
  /** The id of an address given as four unsigned words. */
  abstract intern(w0: number, w1: number, w2: number, w3: number): number;

  /** One of the four words of an address. */
  abstract word(id: number, position: 0 | 1 | 2 | 3): number;

  /** Called before a row: ids of addresses and interfaces that were given before may change here, and only here. */
  beginRow(): void {}

  /** The id of an IPv4 address given as an unsigned 32-bit number. */
  internIpv4(value: number): number {
    return this.intern(0, 0, V4_PREFIX, value);
  }

  /** The id of an address written as text, or undefined when it is not an address. */
  internText(text: string): number | undefined {
    const v4 = parseIpv4(text);
    if (v4 !== undefined) return this.internIpv4(v4);
    const v6 = parseIpv6(text);
    return v6 && this.intern(...v6);
  }

  /** Whether the address is an IPv4 address. */
  isIpv4(id: number): boolean {
    return this.word(id, 0) === 0 && this.word(id, 1) === 0 && this.word(id, 2) === V4_PREFIX;
  }

  /** Canonical text of an address; `-` for {@link NO_ADDRESS}. */
  text(id: number): string {
    if (id === NO_ADDRESS) return '-';
    return formatAddress(this.word(id, 0), this.word(id, 1), this.word(id, 2), this.word(id, 3));
  }
}

/** Addresses in a table that grows with them; 21 to 42 bytes an address. */
export class AddressTable extends Addresses {
  #words = new Uint32Array(4 * 1024);
  #index = new Int32Array(4096);
  /** Ids in use, {@link NO_ADDRESS} included. */
  count = 1;

  override intern(w0: number, w1: number, w2: number, w3: number): number {
    const words = this.#words;
    const index = this.#index;
    const mask = index.length - 1;
    let slot = hashWords(w0, w1, w2, w3) & mask;
    for (let id = index[slot]!; id !== 0; id = index[slot]!) {
      const at = id * 4;
      if (words[at + 3] === w3 && words[at + 2] === w2 && words[at + 1] === w1 && words[at] === w0) return id;
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, w0, w1, w2, w3);
  }

  override word(id: number, position: 0 | 1 | 2 | 3): number {
    return this.#words[id * 4 + position]!;
  }

  #add(slot: number, w0: number, w1: number, w2: number, w3: number): number {
    const id = this.count++;
    if (id * 4 + 4 > this.#words.length) {
      const grown = new Uint32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words.set([w0, w1, w2, w3], id * 4);
    this.#index[slot] = id;
    if (this.count * 2 > this.#index.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    const index = new Int32Array(this.#index.length * 2);
    const mask = index.length - 1;
    for (let id = 1; id < this.count; id++) {
      const at = id * 4;
      let slot = hashWords(this.#words[at]!, this.#words[at + 1]!, this.#words[at + 2]!, this.#words[at + 3]!) & mask;
      while (index[slot] !== 0) slot = (slot + 1) & mask;
      index[slot] = id;
    }
    this.#index = index;
  }
}

function hashWords(w0: number, w1: number, w2: number, w3: number): number {
  let hash = Math.imul(w3 ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ w2, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13) ^ w1, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 16) ^ w0, 0x165667b1);
  return hash ^ (hash >>> 15);
}

/** Addresses interned to small integers that stand for them. */
import { formatAddress, parseAddress, V4_PREFIX } from '../net/address.ts';

/** The id that stands for no address (`-`). */
export const NO_ADDRESS = 0;

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
    const words = parseAddress(text);
    return words && this.intern(...words);
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

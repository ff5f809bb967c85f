/** Which words of a command are targets: addresses, networks, ranges, host names, and how many of them a word names. */
import { parseAddress } from '../../net/address.ts';

/** What a word can name that packets are sent to. `many` is a network, a range or a list. */
export type TargetForm = 'address' | 'many' | 'host' | undefined;

/** A word longer than this is no target. */
const LONGEST = 512;

/** `10.0.0.1-254`, `10.0.0-3.*`, `10.0.0.1,5,9` and `10.0.*.*`, as nmap and others write them. */
const OCTETS = /^(?:[\d,*-]{1,24}\.){3}[\d,*-]{1,24}$/;
const HOST = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

/** The form of one word that may be a target. */
export function targetForm(word: string): TargetForm {
  if (word.length > LONGEST || word.length < 2) return word === '*' ? 'many' : undefined;
  const slash = word.indexOf('/');
  if (slash > 0) {
    const bits = word.slice(slash + 1);
    if (!/^\d{1,3}$/.test(bits)) return undefined;
    const isSingle = bits === '32' || bits === '128';
    const head = word.slice(0, slash);
    if (parseAddress(head) || OCTETS.test(head)) return isSingle ? 'address' : 'many';
    return HOST.test(head) && head.includes('.') ? 'many' : undefined;
  }
  if (parseAddress(word)) return 'address';
  if (OCTETS.test(word)) return 'many';
  const dash = word.indexOf('-');
  if (dash > 0 && parseAddress(word.slice(0, dash)) && /^[\d.]+$/.test(word.slice(dash + 1))) return 'many';
  if (word.includes(',')) return word.split(',').every((part) => parseAddress(part) !== undefined) ? 'many' : undefined;
  return HOST.test(word) && !/^\d+$/.test(word) ? 'host' : undefined;
}

/** Whether a word is an address, a network or a range, and so no ordinary word. */
export const isAddressLike = (word: string): boolean => {
  const form = targetForm(word);
  return form === 'many' ? /\d/.test(word) : form === 'address';
};

/** How many ports a word names: `22` is 1, `20-85` is 66, `22,80,443` is 3, `-` is all. Undefined if it is no ports. */
export function portCount(word: string): number | undefined {
  if (word === '-' || word === '*') return 65_535;
  if (word.length > 2000 || !/^[\d,:-]+$/.test(word)) return undefined;
  let count = 0;
  for (const part of word.split(',')) {
    const range = /^(\d{0,5})[-:](\d{0,5})$/.exec(part);
    if (range) {
      const first = range[1] === '' ? 1 : Number(range[1]);
      const last = range[2] === '' ? 65_535 : Number(range[2]);
      if (first > last || last > 65_535) return undefined;
      count += last - first + 1;
    } else if (/^\d{1,5}$/.test(part) && Number(part) <= 65_535) count += 1;
    else return undefined;
  }
  return count;
}

/** Values of Sigma rules as tests of a text, each in time proportional to the text: no regular expressions of users. */
import { parseAddress } from '../../net/address.ts';
import { containsAddress, parseCidr } from '../../net/cidr.ts';

/** Whether a value of an event fits. Undefined means that the event has no such field. */
export type Test = (value: string | undefined) => boolean;

/** Why a rule is refused: a sentence fragment that names the construct. */
export class Refusal extends Error {}

/** Modifiers that change how the values of a field are written or compared. */
const MODIFIERS = [
  'contains',
  'startswith',
  'endswith',
  'all',
  'cased',
  'windash',
  'wide',
  'utf16le',
  'base64',
  'base64offset',
  'cidr',
  'exists',
] as const;

/** The test of a field with its modifiers: `CommandLine|contains|all: [a, b]`. */
export function testOf(modifiers: readonly string[], values: readonly unknown[]): Test {
  for (const modifier of modifiers)
    if (!(MODIFIERS as readonly string[]).includes(modifier)) throw new Refusal(`modifier "${modifier}"`);
  if (modifiers.includes('exists')) return existence(values);
  if (modifiers.includes('cidr')) return anyOf(values.map(networkTest));
  const isCased = modifiers.includes('cased');
  const tests = values.map((value) => {
    if (value === null) return (found: string | undefined) => found === undefined || found === '';
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      throw new Refusal('a value that is neither text nor number');
    return anyOf(spellings(String(value), modifiers).map((text) => wildcardTest(text, isCased)));
  });
  return modifiers.includes('all') ? (found) => tests.every((test) => test(found)) : anyOf(tests);
}

const anyOf =
  (tests: readonly Test[]): Test =>
  (found) =>
    tests.some((test) => test(found));

function existence(values: readonly unknown[]): Test {
  const [wanted] = values;
  if (values.length !== 1 || typeof wanted !== 'boolean')
    throw new Refusal('"exists" with a value that is not true or false');
  return (found) => (found !== undefined) === wanted;
}

function networkTest(value: unknown): Test {
  const network = parseCidr(String(value));
  if ('problem' in network) throw new Refusal(`"cidr" with the value "${String(value).slice(0, 60)}"`);
  return (found) => {
    const address = found === undefined ? undefined : parseAddress(found);
    return address !== undefined && containsAddress(network, address);
  };
}

/** Every spelling that the modifiers stand for, with `*` where the text may go on. */
function spellings(value: string, modifiers: readonly string[]): string[] {
  let texts = [value];
  if (modifiers.includes('windash')) texts = texts.flatMap(withDashes);
  const isHidden = modifiers.includes('base64') || modifiers.includes('base64offset');
  if (isHidden) {
    const isWide = modifiers.includes('wide') || modifiers.includes('utf16le');
    texts = texts.flatMap((text) => {
      const bytes = Buffer.from(text, isWide ? 'utf16le' : 'utf8');
      return modifiers.includes('base64') ? [bytes.toString('base64')] : offsetsOf(bytes);
    });
    if (texts.some((text) => text === '')) throw new Refusal('a value too short for "base64offset"');
  } else if (modifiers.includes('wide') || modifiers.includes('utf16le'))
    throw new Refusal('"wide" without "base64" or "base64offset"');
  // A text that is coded has no wildcards of its own.
  const before = modifiers.includes('contains') || modifiers.includes('endswith') ? '*' : '';
  const after = modifiers.includes('contains') || modifiers.includes('startswith') ? '*' : '';
  return texts.map((text) => before + text + after);
}

/** A dash of an option may be a slash or a typographical dash. */
const withDashes = (text: string): string[] => {
  const at = text.search(/[-/\u2013\u2014\u2015]/);
  return at < 0
    ? [text]
    : ['-', '/', '\u2013', '\u2014', '\u2015'].map((dash) => text.slice(0, at) + dash + text.slice(at + 1));
};

/** Base64 of bytes at the three offsets that they can have within a longer text, without what their neighbours change. */
function offsetsOf(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const coded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const end = [undefined, -1, -1][(bytes.length + offset) % 3];
    return coded.slice([0, 2, 3][offset], end);
  });
}

/** A part of a pattern between two `*`: characters, with undefined for `?`. */
type Piece = readonly (string | undefined)[];

/**
 * `*` fits any text, `?` one character, and a backslash takes a wildcard or a backslash literally. Time is proportional
 * to the length of the text, times that of the pattern, which the user wrote.
 */
export function wildcardTest(pattern: string, isCased = false): Test {
  const pieces = piecesOf(isCased ? pattern : pattern.toLowerCase());
  return (found) => {
    if (found === undefined) return false;
    const text = isCased ? found : found.toLowerCase();
    const [first = [], ...rest] = pieces;
    if (rest.length === 0) return text.length === first.length && fitsAt(text, first, 0);
    if (!fitsAt(text, first, 0)) return false;
    const last = rest.pop()!;
    let at = first.length;
    for (const piece of rest) {
      at = find(text, piece, at);
      if (at < 0) return false;
      at += piece.length;
    }
    const end = text.length - last.length;
    return end >= at && fitsAt(text, last, end);
  };
}

function piecesOf(pattern: string): Piece[] {
  const pieces: (string | undefined)[][] = [[]];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    const next = pattern[at + 1];
    if (char === '\\' && (next === '*' || next === '?' || next === '\\')) {
      pieces.at(-1)!.push(next);
      at += 1;
    } else if (char === '*') pieces.push([]);
    else pieces.at(-1)!.push(char === '?' ? undefined : char);
  }
  return pieces;
}

const fitsAt = (text: string, piece: Piece, at: number): boolean =>
  at >= 0 &&
  at + piece.length <= text.length &&
  piece.every((char, index) => char === undefined || text[at + index] === char);

function find(text: string, piece: Piece, from: number): number {
  if (!piece.includes(undefined)) return text.indexOf(piece.join(''), from);
  for (let at = from; at + piece.length <= text.length; at++) if (fitsAt(text, piece, at)) return at;
  return -1;
}

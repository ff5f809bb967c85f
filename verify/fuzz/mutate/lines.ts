/** Damages flow log lines field by field, as well as byte by byte. */
import type { Random } from '../../../bench/random.ts';
import { mutated } from '../../../test/lib/kernel/mutate.ts';
import { noAddress, someAddress } from '../../../test/lib/kernel/some-addresses.ts';
import { pick } from '../target.ts';

/** Numbers at the limits of ports, protocols, times, counts and of the parser's own arithmetic. */
const NUMBERS = (
  '0 1 6 17 58 255 256 65535 65536 99999 100000000 946684799 946684800 4102444800 4102444801 2147483647 2147483648 ' +
  '4294967295 4294967296 9007199254740991 9007199254740992 9999999999999999 99999999999999999 18446744073709551616 ' +
  '00 007 0000000000000022 -0 -1 +1 1.5 1e3 0x1f ٣'
).split(' ');
const WORDS = (
  '- -- ACCEPT REJECT accept ACCEPTED OK NODATA SKIPDATA ok ingress egress INGRESS eni- eni-0 srcaddr dstaddr ' +
  'unknown null undefined NaN true %20 漢字 é \u00a0 \u2028 \ufeff 🦊 \ud83e \u200b ../../etc/passwd $(id) \'"<>'
).split(' ');
/** What stands between fields, or within one. */
const SIGNS = ['\u0000', '\r', '\t', '\v', '\f', '\u001b[31m', '\u007f', '\u0085', '\u00ff', '  ', ' \t ', '\u0001'];
const LENGTHS = [63, 64, 65, 127, 128, 129, 300, 4096, 65_000, 65_535, 65_536, 65_537, 70_000];

function someValue(random: Random): string {
  const chance = random.next();
  if (chance < 0.35) return pick(NUMBERS, random);
  if (chance < 0.55) return someAddress(random);
  if (chance < 0.7) return noAddress(random);
  // Long ones are dear, and all alike.
  if (chance < 0.71) return 'x'.repeat(pick(LENGTHS, random));
  return pick(WORDS, random);
}

function changeFields(fields: string[], random: Random): void {
  const at = random.whole(0, fields.length - 1);
  const other = random.whole(0, fields.length - 1);
  const chance = random.next();
  if (chance < 0.15) [fields[at], fields[other]] = [fields[other]!, fields[at]!];
  else if (chance < 0.22) fields.splice(at, 1);
  else if (chance < 0.29) fields.splice(at, 0, fields[at]!);
  else if (chance < 0.37) fields[at] = fields[at]!.slice(0, random.whole(0, 5)) + pick(SIGNS, random) + fields[at]!;
  else if (chance < 0.4) fields[at] = fields[at]!.repeat(random.whole(2, 40));
  else fields[at] = someValue(random);
}

/** The line as bytes without its end, with one to three changes. It may become several lines or none. */
export function mutatedLine(line: string, random: Random): Uint8Array {
  if (random.next() < 0.3) return mutated(Buffer.from(line), random);
  const fields = line.split(' ');
  for (let count = random.whole(1, 3); count > 0 && fields.length; count--) changeFields(fields, random);
  const separator = random.next() < 0.95 ? ' ' : pick(['\t', '  ', ' \r ', ','], random);
  return Buffer.from(fields.join(separator) + (random.next() < 0.05 ? pick(['\r', ' ', '\u0000'], random) : ''));
}

const SPELLINGS: readonly ((name: string) => string)[] = [
  (name) => name.toUpperCase(),
  (name) => name.replaceAll('-', '_'),
  (name) => `${name[0]?.toUpperCase()}${name.slice(1)}`,
  (name) => `"${name}"`,
  (name) => `${name}\u0000`,
  (name) => `$\{${name}}`,
];

/** A header with columns moved, left out, repeated, misspelt or unknown, with a byte order mark, cut, or missing. */
export function mutatedHeader(header: string, random: Random): Uint8Array {
  const names = header.split(' ');
  for (let count = random.whole(1, 4); count > 0; count--) {
    const at = random.whole(0, Math.max(0, names.length - 1));
    const other = random.whole(0, Math.max(0, names.length - 1));
    const chance = random.next();
    if (chance < 0.4) [names[at], names[other]] = [names[other] ?? 'x', names[at] ?? 'y'];
    else if (chance < 0.6) names[at] = pick(SPELLINGS, random)(names[at] ?? '');
    else if (chance < 0.7) names.splice(at, 0, pick(['field-of-2031', 'instance-tag-3', 'x', 'vpc-id'], random));
    else if (chance < 0.76) names.splice(at, 1);
    else if (chance < 0.82) names.splice(at, 0, names[other] ?? 'end');
    else if (chance < 0.84)
      names.splice(at, 0, ...Array.from({ length: random.whole(60, 140) }, (_, n) => `more-${n}`));
    else if (chance < 0.86) names[at] = pick([...WORDS, ...NUMBERS], random);
  }
  const text = names.join(random.next() < 0.9 ? ' ' : pick(['\t', '  ', ' \r', ','], random));
  const chance = random.next();
  if (chance < 0.1) return Buffer.from(`\ufeff${text}`);
  if (chance < 0.15) return Buffer.from(`\n \n${text}\r`);
  if (chance < 0.2) return mutated(Buffer.from(text), random);
  return Buffer.from(text);
}

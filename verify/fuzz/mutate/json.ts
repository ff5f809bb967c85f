/** Damages JSON: values by values that look like others, keys, structure, depth, and the text itself. */
import type { Random } from '../../../bench/random.ts';
import { mutated } from '../../../test/lib/kernel/mutate.ts';
import { pick } from '../target.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const deep = (depth: number): Json => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as Json;

/** Values as texts of JSON, since some of them JSON.stringify would not write. */
const VALUES: readonly string[] = [
  ...['null', 'true', 'false', '0', '-0', '-1', '1.5', '1e999', '-1e999', '1e-999', '9007199254740993', '""', '" "'],
  ...['[]', '{}', '[null]', '[[]]', '{"toString":1}', '{"toString":null,"valueOf":{}}', '{"__proto__":{"a":1}}'],
  ...['{"constructor":1}', '"\\u0000"', '"\\ud800"', '"%"', '"%41+b"', '"%ff"', '"../x"', '"__proto__"', '"toString"'],
  ...['"2.1"', '"3.0"', '2', '"ObjectCreated:Put"', '"ObjectRemoved:Delete"', '"s3:TestEvent"', '"Object Created"'],
  ...['"10.0.0.0/8"', '"::/0"', '"10.0.0.1/33"', '"2027-01-31"', '"infinity"', '"high"', '25', '1000000000'],
  `"${'x'.repeat(2000)}"`,
];
const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'length',
  '',
  'Records',
  'detail',
  'key',
  's3',
  'size',
  '0',
  'x y',
];
const MARK = '\ue000';

/** All places in a value: what holds it, and under which key. */
function placesOf(value: Json): { holder: Json[] | { [key: string]: Json }; key: string | number }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value;
  const keys: (string | number)[] = Array.isArray(holder) ? [...holder.keys()] : Object.keys(holder);
  return keys.flatMap((key) => [{ holder, key }, ...placesOf((holder as Record<string, Json>)[key]!)]);
}

function change(value: Json, random: Random, written: string[]): Json {
  const places = placesOf(value);
  if (!places.length) return value;
  const { holder, key } = pick(places, random);
  const other = pick(places, random);
  const at = holder as Record<string | number, Json>;
  const otherAt = other.holder as Record<string | number, Json>;
  const chance = random.next();
  if (chance < 0.45) {
    // The value is put in as text at the end.
    at[key] = MARK + written.length;
    written.push(random.next() < 0.02 ? JSON.stringify(deep(300)) : pick(VALUES, random));
  } else if (chance < 0.6 && Array.isArray(holder))
    holder.splice(Number(key), random.whole(0, 1), structuredClone(otherAt[other.key]!));
  else if (chance < 0.7) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete at[key];
  } else if (chance < 0.8 && !Array.isArray(holder)) {
    Object.defineProperty(holder, pick(KEYS, random), {
      value: at[key],
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else if (chance < 0.9 && typeof at[key] === 'string') {
    at[key] = Buffer.from(mutated(Buffer.from(String(at[key])), random)).toString('utf8');
  } else if (chance < 0.95) at[key] = [structuredClone(at[key]!)];
  else at[key] = JSON.stringify(at[key]) ?? 'null';
  return value;
}

/** A JSON text with a few changes, sometimes no JSON at all. */
export function mutatedJson(json: unknown, random: Random): Buffer {
  let value = structuredClone(json) as Json;
  const written: string[] = [];
  for (let count = random.whole(1, 3); count > 0; count--) value = change(value, random, written);
  const text = JSON.stringify(value).replace(new RegExp(`"${MARK}(\\d+)"`, 'g'), (_, at) => written[Number(at)]!);
  const chance = random.next();
  if (chance < 0.85) return Buffer.from(text);
  if (chance < 0.95) return Buffer.from(mutated(Buffer.from(text), random));
  if (chance < 0.96)
    return Buffer.from(pick([`\ufeff${text}`, '', ' ', 'null', '"x"', '[]', '{}', `${text}${text}`], random));
  if (chance < 0.965) return Buffer.from('['.repeat(random.whole(10, 20_000)));
  if (chance < 0.97) {
    const depth = random.whole(1000, 20_000);
    return Buffer.from('['.repeat(depth) + ']'.repeat(depth));
  }
  return Buffer.from(text.slice(0, random.whole(0, text.length)));
}

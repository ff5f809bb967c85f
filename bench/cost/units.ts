/** What DynamoDB charges for an item: its size by the documented rules, and the units that writing and reading it take. */

const WRITE_UNIT = 1024;
const READ_UNIT = 4096;
/** Bytes of a list or a map, whatever its content. Each element costs one more byte. */
const CONTAINER = 3;

type Item = Readonly<Record<string, unknown>>;

/** Bytes of an item: names and values, both of which are charged. */
export const itemBytes = (item: Item): number =>
  Object.entries(item).reduce(
    (sum, [name, value]) => (value === undefined ? sum : sum + Buffer.byteLength(name) + valueBytes(value)),
    0,
  );

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return numberBytes(value);
  if (value === null || typeof value === 'boolean') return 1;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (value instanceof Set) return valueBytes([...value]);
  if (Array.isArray(value)) return value.reduce((sum: number, element) => sum + 1 + valueBytes(element), CONTAINER);
  const entries = Object.entries(value as object).filter(([, element]) => element !== undefined);
  return entries.reduce((sum, [name, element]) => sum + 1 + Buffer.byteLength(name) + valueBytes(element), CONTAINER);
}

/** A byte for each two significant digits, one more, and one for the sign of a negative number. */
function numberBytes(value: number): number {
  const digits = String(Math.abs(value))
    .replace(/e.*$/, '')
    .replace('.', '')
    .replace(/^0+|0+$/g, '');
  return Math.ceil(digits.length / 2) + 1 + (value < 0 ? 1 : 0);
}

/** Units of a write: one for each kilobyte begun, of the larger of what was there and what is there then. */
export const writeUnits = (bytes: number, bytesBefore = 0): number =>
  Math.max(1, Math.ceil(Math.max(bytes, bytesBefore) / WRITE_UNIT));

/** Units of reading a page: one for each four kilobytes begun of all its items together, half where eventually consistent. */
export const readUnits = (bytes: number, isConsistent: boolean): number =>
  Math.max(1, Math.ceil(bytes / READ_UNIT)) * (isConsistent ? 1 : 0.5);

/** The keys of an index that projects all attributes. */
export interface Index {
  readonly name: string;
  readonly keys: readonly string[];
}

const keyIn = (index: Index, item: Item | undefined): string | undefined =>
  item && index.keys.every((key) => item[key] !== undefined)
    ? JSON.stringify(index.keys.map((key) => item[key]))
    : undefined;

/** Units that the indexes take when an item changes: entries appear, go, change in place, or move, which is both. */
export function indexUnits(indexes: readonly Index[], before: Item | undefined, after: Item | undefined): number {
  const [bytesBefore, bytesAfter] = [before ? itemBytes(before) : 0, after ? itemBytes(after) : 0];
  let units = 0;
  for (const index of indexes) {
    const [from, to] = [keyIn(index, before), keyIn(index, after)];
    if (from !== undefined && to !== undefined && from === to) units += writeUnits(bytesAfter, bytesBefore);
    else {
      if (from !== undefined) units += writeUnits(bytesBefore);
      if (to !== undefined) units += writeUnits(bytesAfter);
    }
  }
  return units;
}

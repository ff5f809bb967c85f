/** The column map of one file: the position of each field that detection reads, taken from the file's own header. */
import { isKnownField, normalizeFieldName } from './fields.ts';

/** The position of each field in a line, or -1. `names` holds all columns in file order. */
export interface ColumnMap {
  readonly names: readonly string[];
  readonly kind: 'vpc' | 'transit-gateway';
  /**
   * Positions of the VPCs at the source and at the target of a record. Only transit gateways log them. Their records
   * have no interface, and no addresses but those of the ends.
   */
  readonly ends?: readonly [source: number, target: number];
  /** Index of a field by its text name, -1 if the file lacks it. */
  indexOf(field: string): number;
}

/** The file's columns cannot support detection. The message names the missing ones. */
export class ColumnsError extends Error {
  override name = 'ColumnsError';
}

const REQUIRED: readonly (readonly string[])[] = [
  ['pkt-srcaddr', 'srcaddr'],
  ['pkt-dstaddr', 'dstaddr'],
  ['srcport'],
  ['dstport'],
  ['protocol'],
  ['end', 'start'],
  ['action', 'tcp-flags'],
];

/** Whether a line of tokens, none of them a number or "-", is a header: most of them must be names of fields. */
export function isHeader(tokens: readonly string[]): boolean {
  const known = tokens.filter((token) => isKnownField(normalizeFieldName(token))).length;
  return known >= 2 || (known === 1 && tokens.length === 1);
}

/**
 * The column map for a list of field names in any order. Unknown names are ignored, since future versions add fields.
 * @param origin the origin of the names, for messages.
 * @throws ColumnsError if a field that detection needs is missing, or one is named twice.
 */
export function columnMap(fields: readonly string[], origin = 'the header'): ColumnMap {
  const names = fields.map(normalizeFieldName);
  const index = new Map<string, number>();
  for (const [position, name] of names.entries()) {
    if (index.has(name))
      throw new ColumnsError(`${origin} names ${name} twice, in columns ${index.get(name)! + 1} and ${position + 1}`);
    index.set(name, position);
  }
  const missing = REQUIRED.filter((choices) => !choices.some((name) => index.has(name)));
  if (missing.length) {
    const lacks = missing.map((choices) => choices.join(' or ')).join(', ');
    throw new ColumnsError(`${origin} lacks ${lacks}, which detection needs. It has: ${names.join(' ')}`);
  }
  const kind = index.has('tgw-id') || index.has('tgw-attachment-id') ? 'transit-gateway' : 'vpc';
  const [source, target] = [index.get('tgw-src-vpc-id'), index.get('tgw-dst-vpc-id')];
  const hasOthers = ['interface-id', 'pkt-srcaddr', 'pkt-dstaddr'].some((name) => index.has(name));
  const hasEnds = kind === 'transit-gateway' && !hasOthers && source !== undefined && target !== undefined;
  return {
    names,
    kind,
    ...(hasEnds && { ends: [source, target] as const }),
    indexOf: (field) => index.get(field) ?? -1,
  };
}

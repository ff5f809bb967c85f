/** Turns zod's issues about a settings file into sentences: where, what it must be, what it was. */
import type { z } from 'zod';
import { shown } from '../text/wording.ts';

type Path = readonly PropertyKey[];

/** The parts of a JSON schema node that the messages use. */
interface SchemaNode {
  type?: string;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
  minItems?: number;
}

/** One sentence for each problem: `<path>: must be ..., got ...`, in the order of the file's schema. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], input: unknown, schema: SchemaNode): string[] {
  return issues.flatMap((issue) => describeIssue(issue, input, schema));
}

function describeIssue(issue: z.core.$ZodIssue, input: unknown, schema: SchemaNode): string[] {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(nodeAt(schema, issue.path)?.properties ?? {});
    return issue.keys.map((key) => `${spell([...issue.path, key])}: ${describeUnknown(key, known)}`);
  }
  if (issue.code === 'invalid_key') {
    return [`${spell(issue.path)}: ${issue.issues[0]?.message ?? issue.message}`];
  }
  const said = issue.code === 'custom' || issue.code === 'invalid_format';
  const expected = said ? issue.message : `must be ${describeNode(nodeAt(schema, issue.path))}`;
  // A long number would lose digits, and leading zeros are not JSON.
  const isBare = issue.code === 'invalid_type' && issue.expected === 'string' && issue.path.length > 0;
  const got = describeGot(issue.path, input);
  return [`${spell(issue.path)}: ${expected}${isBare && /^, got [\d.-]+$/.test(got) ? ' in quotes' : ''}${got}`];
}

/** The name that an unknown name probably stands for: the nearest known name, or all names if none is near. */
function describeUnknown(name: string, known: readonly string[]): string {
  const ranked = known
    .map((candidate) => ({ candidate, distance: nameDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best !== undefined && best.distance <= Math.max(2, Math.floor(name.length / 3))) {
    return `is not a setting. Did you mean ${best.candidate}?`;
  }
  return `is not a setting. Known here: ${known.join(', ')}`;
}

function nodeAt(schema: SchemaNode, path: Path): SchemaNode | undefined {
  let node: SchemaNode | undefined = schema;
  for (const step of path) {
    if (typeof step === 'number') node = node?.items;
    else {
      const named: SchemaNode | undefined = node?.properties?.[String(step)];
      node = named ?? (typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined);
    }
  }
  return node;
}

function describeNode(node: SchemaNode | undefined): string {
  if (node?.anyOf !== undefined) return node.anyOf.map(describeNode).join(' or ');
  if (node?.enum !== undefined) return `one of ${node.enum.join(', ')}`;
  const range = node?.minimum === undefined ? '' : ` between ${node.minimum} and ${node.maximum}`;
  switch (node?.type) {
    case 'integer':
      return `a whole number${range}`;
    case 'number':
      return `a number${range}`;
    case 'array':
      return node.minItems === undefined ? 'a list' : `a list of at least ${node.minItems}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'a text';
    case 'null':
      return 'null';
    default:
      return 'an object';
  }
}

function describeGot(path: Path, input: unknown): string {
  let value = input;
  for (const step of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[step];
  // Printing all settings would not help in a message about them.
  if (path.length === 0 && typeof value === 'object' && value !== null && !Array.isArray(value)) return '';
  return `, got ${shown(value)}`;
}

function spell(path: Path): string {
  return path.length === 0 ? 'settings' : path.map(String).join('.');
}

/** The beginning of a name counts nearly as much as the whole: `retention` is meant for `retentionDays`. */
function nameDistance(name: string, candidate: string): number {
  return Math.min(editDistance(name, candidate), editDistance(name, candidate.slice(0, name.length)) + 1);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}

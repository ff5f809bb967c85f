/** Narrows the untyped JSON of a template to what its reader expects, or reports where it is something else. */

/** A template that cannot be run. The message names the place, the value and what was expected. */
export class TemplateError extends Error {
  override name = 'TemplateError';
}

/** A JSON object. */
export type JsonObject = Record<string, unknown>;

/** True for a JSON object, false for lists, null and scalars. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A short rendering of any JSON value for error messages. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** The object at `path`. Empty if absent. */
export function objectAt(value: unknown, path: string): JsonObject {
  if (value === undefined) return {};
  if (!isObject(value)) throw new TemplateError(`${path} is ${show(value)}, expected an object`);
  return value;
}

/** The list at `path`. Empty if absent. */
export function listAt(value: unknown, path: string): unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TemplateError(`${path} is ${show(value)}, expected a list`);
  return value;
}

/** The string at `path`. Numbers and booleans become strings, as in CloudFormation. */
export function stringAt(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateError(`${path} is ${show(value)}, expected a string`);
}

/** The string at `path`, or undefined if it is absent. */
export function optionalStringAt(value: unknown, path: string): string | undefined {
  return value === undefined ? undefined : stringAt(value, path);
}

/** The number at `path` (strings of digits count), or `fallback` if it is absent. */
export function numberAt(value: unknown, path: string, fallback: number): number {
  if (value === undefined) return fallback;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) {
    throw new TemplateError(`${path} is ${show(value)}, expected a number`);
  }
  return number;
}

/** Whether the template says true, as a boolean or as a string. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

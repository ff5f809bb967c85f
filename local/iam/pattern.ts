/** The patterns of policies: stars, question marks, policy variables, and ARNs compared part by part. */

/** An invalid policy, or one that needs a feature that is not modelled. The message names the place. */
export class PolicyError extends Error {
  override name = 'PolicyError';
}

/** The values of a request's condition keys, by key in lower case. A known key that is absent is undefined. */
export type Context = ReadonlyMap<string, readonly string[] | undefined>;

/**
 * The values of a condition key. Throws for a key that the request does not describe, rather than treat it as absent.
 */
export function valuesOf(context: Context, key: string): readonly string[] | undefined {
  const name = key.toLowerCase();
  if (!context.has(name)) {
    throw new PolicyError(
      `the condition key ${key} is not modelled, expected one of ${[...context.keys()].join(', ')}`,
    );
  }
  return context.get(name);
}

/** A pattern split into literal characters and wildcards. The value of a variable is literal. */
type Part = 'any' | 'one' | { readonly literal: string };

/**
 * Splits a pattern. Undefined if a variable has neither a value nor a default, so that nothing matches. The special
 * variables `${*}`, `${?}` and `${$}` stand for the characters themselves.
 */
function partsOf(pattern: string, variables: Context | undefined, hasWildcards: boolean): Part[] | undefined {
  const parts: Part[] = [];
  for (const [token] of pattern.matchAll(variables === undefined ? /[*?]|[^*?]+/g : /\$\{[^}]*\}|[*?]|[^*?$]+|\$/g)) {
    if (variables !== undefined && token.startsWith('${')) {
      const literal = valueOfVariable(token.slice(2, -1), variables);
      if (literal === undefined) return undefined;
      parts.push({ literal });
    } else if (hasWildcards && token === '*') parts.push('any');
    else if (hasWildcards && token === '?') parts.push('one');
    else parts.push({ literal: token });
  }
  return parts;
}

function valueOfVariable(text: string, context: Context): string | undefined {
  if (text === '*' || text === '?' || text === '$') return text;
  const [, key = '', fallback] = /^\s*([^,\s]+)\s*(?:,\s*'([^']*)'\s*)?$/.exec(text) ?? [];
  if (key === '') throw new PolicyError(`\${${text}} is not a policy variable, expected \${key} or \${key, 'default'}`);
  const values = valuesOf(context, key);
  if (values !== undefined && values.length > 1) {
    throw new PolicyError(`\${${text}} names a key with several values, expected one with a single value`);
  }
  return values?.[0] ?? fallback;
}

/** How a pattern is read. */
export interface Reading {
  /** The values of policy variables. Without them, variables are plain text. */
  readonly variables?: Context | undefined;
  /** Whether stars and question marks stand for themselves. */
  readonly exact?: boolean;
  readonly ignoreCase?: boolean;
}

/** Whether `pattern` matches the whole `text`. A star also matches colons and slashes. */
export function matches(pattern: string, text: string, reading: Reading = {}): boolean {
  // Most patterns are plain text, and proving a template calls this hundreds of thousands of times.
  if (!/[*?$]/.test(pattern)) {
    return pattern === text || (reading.ignoreCase === true && pattern.toLowerCase() === text.toLowerCase());
  }
  const parts = partsOf(pattern, reading.variables, reading.exact !== true);
  if (parts === undefined) return false;
  const source = parts.map((part) => (part === 'any' ? '.*' : part === 'one' ? '.' : escaped(part.literal))).join('');
  return new RegExp(`^${source}$`, reading.ignoreCase ? 'is' : 's').test(text);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

const ARN_PARTS = 6;

/**
 * Whether both are ARNs and each of their six parts matches by itself. Only in the last part may a star match a colon.
 */
export function matchesArn(pattern: string, text: string, variables?: Context): boolean {
  // A colon within the name of a variable is not a separator.
  const patterns = sixOf(pattern.split(/:(?![^{}]*\})/));
  const texts = sixOf(text.split(':'));
  return (
    patterns.length === ARN_PARTS &&
    texts.length === ARN_PARTS &&
    patterns.every((part, at) => matches(part, texts[at] ?? '', { variables }))
  );
}

function sixOf(parts: readonly string[]): string[] {
  if (parts.length <= ARN_PARTS) return [...parts];
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')];
}

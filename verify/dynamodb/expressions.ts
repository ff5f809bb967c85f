/**
 * DynamoDB expressions over plain items: conditions, key conditions and updates, as far as the project writes them. What is
 * not understood is an error. Compared with an embedded DynamoDB by test/verify/dynamodb.test.ts.
 */

export type Item = Readonly<Record<string, unknown>>;
export type Names = Readonly<Record<string, string>> | undefined;
export type Values = Readonly<Record<string, unknown>> | undefined;

type Operand = (item: Item, names: Names, values: Values) => unknown;
type Test = (item: Item, names: Names, values: Values) => boolean;
type Action = (item: Record<string, unknown>, before: Item, names: Names, values: Values) => void;

const TOKEN = /\s*(<>|<=|>=|[=<>(),+-]|[#:]?[A-Za-z_][A-Za-z0-9_]*)/y;

class Reader {
  #tokens: string[] = [];
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.trimEnd().length) {
      const match = TOKEN.exec(text);
      if (!match) throw this.fault();
      this.#tokens.push(match[1]!);
    }
  }

  get isDone(): boolean {
    return this.#at === this.#tokens.length;
  }

  /** Takes the next token if it is this word. */
  takes(word: string): boolean {
    if (this.#tokens[this.#at]?.toUpperCase() !== word.toUpperCase()) return false;
    this.#at++;
    return true;
  }

  expect(word: string): void {
    if (!this.takes(word)) throw this.fault(word);
  }

  next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.fault('more');
    return token;
  }

  fault(expected = 'an expression'): Error {
    return new Error(`expected ${expected} at token ${this.#at} of "${this.#text}"`);
  }
}

const nameIn = (token: string, names: Names): string => {
  if (!token.startsWith('#')) return token;
  const name = names?.[token];
  if (name === undefined) throw new Error(`no attribute name is given for ${token}`);
  return name;
};

function operand(reader: Reader): Operand {
  const token = reader.next();
  if (token.startsWith(':'))
    return (_item, _names, values) => {
      if (values?.[token] === undefined) throw new Error(`no value is given for ${token}`);
      return values[token];
    };
  if (token === 'if_not_exists') {
    reader.expect('(');
    const name = reader.next();
    reader.expect(',');
    const otherwise = operand(reader);
    reader.expect(')');
    return (item, names, values) => item[nameIn(name, names)] ?? otherwise(item, names, values);
  }
  if (token === 'size') {
    reader.expect('(');
    const name = reader.next();
    reader.expect(')');
    return (item, names) => sizeOf(item[nameIn(name, names)]);
  }
  return (item, names) => item[nameIn(token, names)];
}

/** Elements of a set, or length of a text. */
function sizeOf(value: unknown): number | undefined {
  if (value instanceof Set) return value.size;
  return typeof value === 'string' ? Buffer.byteLength(value) : undefined;
}

/** Tests of an attribute against one value. */
const WITH_VALUE: Readonly<Record<string, (attribute: unknown, value: unknown) => boolean>> = {
  begins_with: (attribute, value) => typeof attribute === 'string' && attribute.startsWith(String(value)),
  contains: (attribute, value) =>
    attribute instanceof Set
      ? attribute.has(value)
      : typeof attribute === 'string' && attribute.includes(String(value)),
};

/**
 * Numbers and texts are compared only with their own kind. Texts are compared by their bytes, which equals their order
 * here.
 */
const COMPARE: Readonly<Record<string, (a: never, b: never) => boolean>> = {
  '=': (a, b) => a === b,
  '<>': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function comparison(reader: Reader): Test {
  if (reader.takes('(')) {
    const inner = disjunction(reader);
    reader.expect(')');
    return inner;
  }
  if (reader.takes('NOT')) {
    const inner = comparison(reader);
    return (...of) => !inner(...of);
  }
  for (const isThere of [true, false]) {
    if (!reader.takes(isThere ? 'attribute_exists' : 'attribute_not_exists')) continue;
    reader.expect('(');
    const token = reader.next();
    reader.expect(')');
    return (item, names) => (item[nameIn(token, names)] !== undefined) === isThere;
  }
  for (const [name, holds] of Object.entries(WITH_VALUE)) {
    if (!reader.takes(name)) continue;
    reader.expect('(');
    const attribute = reader.next();
    reader.expect(',');
    const value = operand(reader);
    reader.expect(')');
    return (item, names, values) => holds(item[nameIn(attribute, names)], value(item, names, values));
  }
  const left = operand(reader);
  if (reader.takes('BETWEEN')) {
    const from = operand(reader);
    reader.expect('AND');
    const to = operand(reader);
    return (...of) =>
      COMPARE['<=']!(from(...of) as never, left(...of) as never) &&
      COMPARE['<=']!(left(...of) as never, to(...of) as never);
  }
  const sign = reader.next();
  const compare = COMPARE[sign];
  if (!compare) throw reader.fault('a comparison');
  const right = operand(reader);
  return (...of) => {
    const [a, b] = [left(...of), right(...of)];
    if (typeof a !== typeof b) return sign === '<>';
    return compare(a as never, b as never);
  };
}

function conjunction(reader: Reader): Test {
  const tests = [comparison(reader)];
  while (reader.takes('AND')) tests.push(comparison(reader));
  return (...of) => tests.every((test) => test(...of));
}

function disjunction(reader: Reader): Test {
  const tests = [conjunction(reader)];
  while (reader.takes('OR')) tests.push(conjunction(reader));
  return (...of) => tests.some((test) => test(...of));
}

function list<T>(reader: Reader, read: () => T): T[] {
  const all = [read()];
  while (reader.takes(',')) all.push(read());
  return all;
}

function assignment(reader: Reader): Action {
  const name = reader.next();
  reader.expect('=');
  const first = operand(reader);
  const sign = reader.takes('+') ? 1 : reader.takes('-') ? -1 : 0;
  const second = sign ? operand(reader) : undefined;
  return (item, before, names, values) => {
    const value = first(before, names, values);
    item[nameIn(name, names)] = second ? Number(value) + sign * Number(second(before, names, values)) : value;
  };
}

function update(reader: Reader): readonly Action[] {
  const actions: Action[] = [];
  while (!reader.isDone) {
    if (reader.takes('SET')) actions.push(...list(reader, () => assignment(reader)));
    else if (reader.takes('REMOVE'))
      actions.push(
        ...list(reader, (): Action => {
          const name = reader.next();
          return (item, _before, names) => void delete item[nameIn(name, names)];
        }),
      );
    else if (reader.takes('ADD'))
      actions.push(
        ...list(reader, (): Action => {
          const name = reader.next();
          const amount = operand(reader);
          return (item, before, names, values) => {
            const attribute = nameIn(name, names);
            const added = amount(before, names, values);
            item[attribute] =
              added instanceof Set
                ? new Set([...((before[attribute] as Set<unknown> | undefined) ?? []), ...added])
                : Number(before[attribute] ?? 0) + Number(added);
          };
        }),
      );
    else throw reader.fault('SET, REMOVE or ADD');
  }
  return actions;
}

function cached<T>(parse: (reader: Reader) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const reader = new Reader(text);
    const parsed = parse(reader);
    if (!reader.isDone) throw reader.fault('the end');
    known.set(text, parsed);
    return parsed;
  };
}

/** A condition, as a test of an item. @throws when the text is not understood. */
export const condition: (text: string) => Test = cached(disjunction);

/** Applies an update to an item. Operands have their values before the update. */
export const updates: (text: string) => readonly Action[] = cached(update);

/**
 * Filter patterns of CloudWatch Logs, as far as they are simulated: terms of a text, and expressions over the fields of
 * a JSON event. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
import { isObject, show } from '../template/json.ts';

/** Whether a pattern selects a log event with this message. */
export type MatchesMessage = (message: string) => boolean;

type Test = (event: unknown) => boolean;

const MAX_CHARACTERS = 1024;
const MAX_REGEXES = 2;
/** Characters that a regular expression may have. Parentheses are not among them. */
const REGEX_CHARACTERS = /^[A-Za-z0-9 :_#=@/;,\-'^$?[\]{}|\\*+.]*$/;

/**
 * Reads a pattern. An empty one selects everything.
 * @throws for a pattern that CloudWatch Logs refuses, and for syntax that is not simulated.
 */
export function readFilterPattern(pattern: string): MatchesMessage {
  if (pattern.length > MAX_CHARACTERS)
    throw invalid(`it has ${pattern.length} characters, expected at most ${MAX_CHARACTERS}`);
  const text = pattern.trim();
  if (text.startsWith('[')) throw invalid('space-delimited patterns are not simulated');
  if (!text.startsWith('{')) return readTerms(text);
  const test = new JsonPattern(text).read();
  return (message) => {
    try {
      const event: unknown = JSON.parse(message);
      return isObject(event) && test(event);
    } catch {
      return false;
    }
  };
}

/** AWS says no more than "Invalid filter pattern". The rest is ours. */
const invalid = (why: string): Error => new Error(`Invalid filter pattern: ${why}`);

/** Terms that must all occur, `?terms` of which one must, and `-terms` that must not. */
function readTerms(text: string): MatchesMessage {
  const all: string[] = [];
  const any: string[] = [];
  const none: string[] = [];
  const term = /([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?:\s+|$)/y;
  while (term.lastIndex < text.length) {
    const at = term.lastIndex;
    const found = term.exec(text);
    if (!found) throw invalid(`expected a term at ${show(text.slice(at, at + 20))}`);
    const [, sign, quoted, bare] = found;
    if (bare !== undefined && /[^A-Za-z0-9_]/.test(bare))
      throw invalid(`${show(bare)} must be in quotes, since it has other characters than letters, digits and _`);
    const list = sign === '?' ? any : sign === '-' ? none : all;
    list.push(quoted?.replace(/\\(.)/g, '$1') ?? bare!);
  }
  return (message) =>
    all.every((one) => message.includes(one)) &&
    (any.length === 0 || any.some((one) => message.includes(one))) &&
    !none.some((one) => message.includes(one));
}

/** Reads `{ expression }`: comparisons, `&&` before `||`, parentheses. */
class JsonPattern {
  readonly #text: string;
  #at = 0;
  #regexes = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Test {
    this.#expect('{');
    const test = this.#either();
    this.#expect('}');
    if (this.#at < this.#text.length) throw invalid(`nothing is expected after }, got ${this.#here()}`);
    return test;
  }

  #either(): Test {
    const tests = [this.#both()];
    while (this.#take('||')) tests.push(this.#both());
    return (event) => tests.some((test) => test(event));
  }

  #both(): Test {
    const tests = [this.#single()];
    while (this.#take('&&')) tests.push(this.#single());
    return (event) => tests.every((test) => test(event));
  }

  #single(): Test {
    if (!this.#take('(')) return this.#comparison();
    const test = this.#either();
    this.#expect(')');
    return test;
  }

  #comparison(): Test {
    const path = this.#match(/\$((?:\.[A-Za-z0-9_-]+|\[\d+\])+)/y)?.[1];
    if (path === undefined) throw invalid(`expected a field such as $.name, got ${this.#here()}`);
    const keys = path.match(/[A-Za-z0-9_-]+/g)!;
    if (this.#match(/NOT EXISTS(?![A-Z])/y)) return (event) => valueAt(event, keys) === undefined;
    const operator = this.#match(/!=|=/y)?.[0];
    if (operator === undefined)
      throw invalid(`expected =, != or NOT EXISTS, got ${this.#here()}; no other is simulated`);
    const isLike = this.#value();
    // A field that is missing is neither equal nor unequal.
    return (event) => {
      const value = valueAt(event, keys);
      return value !== undefined && isLike(value) === (operator === '=');
    };
  }

  #value(): (value: unknown) => boolean {
    const quoted = this.#match(/"((?:[^"\\]|\\.)*)"/y)?.[1];
    if (quoted !== undefined) return equals(quoted.replace(/\\(.)/g, '$1'));
    const regex = this.#match(/%([^%]*)%/y)?.[1];
    if (regex !== undefined) {
      if (++this.#regexes > MAX_REGEXES) throw invalid(`more than ${MAX_REGEXES} regular expressions`);
      if (!REGEX_CHARACTERS.test(regex)) throw invalid(`%${regex}% has a character that is not supported`);
      const compiled = new RegExp(regex);
      return (value) => typeof value === 'string' && compiled.test(value);
    }
    const number = this.#match(/-?\d+(?:\.\d+)?(?![\w.*])/y)?.[0];
    if (number !== undefined) return (value) => value === Number(number);
    throw invalid(`expected a number, a "text" or a %regular expression%, got ${this.#here()}`);
  }

  #take(token: string): boolean {
    this.#skip();
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw invalid(`expected ${token}, got ${this.#here()}`);
    this.#skip();
  }

  #match(expression: RegExp): RegExpExecArray | null {
    this.#skip();
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text);
    if (found) this.#at = expression.lastIndex;
    return found;
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #here(): string {
    return this.#at >= this.#text.length ? 'the end' : show(this.#text.slice(this.#at, this.#at + 30));
  }
}

/** Compares with a text that may have a star at its beginning or end. */
function equals(text: string): (value: unknown) => boolean {
  const literal = text.replace(/^\*|\*$/g, '');
  if (literal.includes('*')) throw invalid(`"${text}" has a star in the middle; it may stand at the beginning or end`);
  if (text === '*') return (value) => typeof value === 'string';
  const [starts, ends] = [!text.startsWith('*'), !text.endsWith('*')];
  return (value) => {
    if (typeof value !== 'string') return false;
    if (starts && ends) return value === literal;
    return starts ? value.startsWith(literal) : ends ? value.endsWith(literal) : value.includes(literal);
  };
}

function valueAt(event: unknown, keys: readonly string[]): unknown {
  let value = event;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

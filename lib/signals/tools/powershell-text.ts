/** PowerShell text without comments, and its loops: what varies, and over how many values. */
import { isAddressLike } from './targets.ts';

/** Longer scripts are cut. */
const MOST_SCRIPT = 2_000_000;

export interface PowerShellText {
  /** Without comments. */
  readonly code: string;
  /** Without comments, and with blanks for the contents of texts in quotes. As long as {@link code}. */
  readonly bare: string;
  /** The texts in quotes. */
  readonly texts: readonly string[];
}

/** Reads text in one pass. Backticks that only hide letters (`Inv`oke`) are removed. */
export function readPowerShell(source: string): PowerShellText {
  const text = source.slice(0, MOST_SCRIPT);
  let code = '';
  let bare = '';
  const texts: string[] = [];
  const quote = (content: string, mark: string) => {
    texts.push(content);
    code += mark + content + mark;
    bare += mark + ' '.repeat(content.length) + mark;
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '<' && text[at + 1] === '#') {
      at = endAfter(text, '#>', at + 2) - 1;
      code += ' ';
      bare += ' ';
    } else if (char === '#' && /[\s;{}()|,]/.test(text[at - 1] ?? '\n')) {
      at = endOf(text, '\n', at) - 1;
    } else if (char === '@' && (text[at + 1] === "'" || text[at + 1] === '"')) {
      const end = endOf(text, `\n${text[at + 1]}@`, at + 2);
      quote(text.slice(at + 2, end), text[at + 1]!);
      at = Math.min(text.length, end + 2);
    } else if (char === "'" || char === '"') {
      const end = endOfQuotes(text, char, at + 1);
      quote(text.slice(at + 1, end), char);
      at = end;
    } else if (char === '`' && /\w/.test(text[at + 1] ?? '')) {
      // Outside quotes a backtick before a letter is the letter.
    } else {
      code += char;
      bare += char;
    }
  }
  return { code, bare, texts };
}

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end;
}

const endAfter = (text: string, mark: string, from: number): number => {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end + mark.length;
};

/** A quote that is doubled, or behind a backtick in double quotes, does not end the text. */
function endOfQuotes(text: string, quote: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '`' && quote === '"') at += 1;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at;
      at += 1;
    }
  }
  return text.length;
}

/** How many values a variable takes. `isRange` for numbers and addresses that follow each other, or are listed. */
export interface Variation {
  readonly size?: number;
  readonly isRange: boolean;
}

/** Names are compared without their capitals. */
const nameOf = (variable: string): string => variable.toLowerCase();

/** The variables of a text that vary, by name without `$`. `_` is the item of a pipeline. */
export function variationsIn(code: string): Map<string, Variation> {
  const assigned = new Map<string, Variation>();
  const varying = new Map<string, Variation>();
  for (const [, name, value] of code.matchAll(/\$(\w{1,60})[ \t]{0,9}=[ \t]{0,9}([^\n;]{1,300})/g)) {
    const variation = variationOf(value!, assigned);
    if (variation) assigned.set(nameOf(name!), variation);
  }
  for (const [, name, over] of code.matchAll(
    /\bforeach[ \t]{0,5}(?:-parallel[ \t]{1,5})?\([ \t]{0,5}\$(\w{1,60})[ \t]{1,9}in[ \t]{1,9}([^\n{]{1,300})/gi,
  ))
    varying.set(nameOf(name!), variationOf(over!, assigned) ?? { isRange: false });
  for (const [, name, first, last] of code.matchAll(
    /\bfor[ \t]{0,5}\([ \t]{0,5}\$(\w{1,60})[ \t]{0,5}=[ \t]{0,5}(\d{1,6})[^;\n]{0,20};[^;\n]{0,60}?-l[te][ \t]{1,5}(\d{1,6})?/gi,
  ))
    varying.set(
      nameOf(name!),
      last === undefined ? { isRange: true } : { size: Number(last) - Number(first), isRange: true },
    );
  // 1..254 | % { }, $ports | ForEach-Object { }, (1..254).ForEach({ })
  for (const [, over] of code.matchAll(
    /([^\n;{}|]{1,300})\|[ \t\r\n]{0,9}(?:%|foreach-object|foreach)[ \t]{0,5}(?:-parallel|-process)?[ \t]{0,5}\{/gi,
  )) {
    const variation = variationOf(over!, assigned);
    if (variation && (varying.get('_')?.size ?? 0) < (variation.size ?? 0)) varying.set('_', variation);
  }
  spread(code, varying);
  return varying;
}

/** A variable made of a varying one varies too: `$ip = "10.0.0.$i"`. So do the parameters of a function called with one. */
function spread(code: string, varying: Map<string, Variation>): void {
  for (const [, name, value] of code.matchAll(/\$(\w{1,60})[ \t]{0,9}\+?=[ \t]{0,9}([^\n;]{1,300})/g)) {
    const source = variationIn(value!, varying);
    if (source && !varying.has(nameOf(name!))) varying.set(nameOf(name!), source);
  }
  for (const [, name, parameters] of code.matchAll(
    /\bfunction\s{1,5}([\w-]{1,60})\s{0,5}(?:\(|\{\s{0,20}param\s{0,5}\()([^){}]{1,300})/gi,
  )) {
    const calls = code.toLowerCase().split(name!.toLowerCase()).slice(2, 20);
    const source = calls
      .map((call) => variationIn(call.slice(0, 200).split('\n')[0]!, varying))
      .find((variation) => variation);
    if (source)
      for (const [, parameter] of parameters!.matchAll(/\$(\w{1,60})/g)) varying.set(nameOf(parameter!), source);
  }
}

/** The variation of the largest varying variable in an expression. */
export function variationIn(expression: string, varying: ReadonlyMap<string, Variation>): Variation | undefined {
  let best: Variation | undefined;
  for (const [, braced, plain] of expression.matchAll(/\$(?:\{(\w{1,60})\}|(?:script:|global:)?(\w{1,60}))/g)) {
    const variation = varying.get(nameOf(braced ?? plain!));
    if (variation && (best === undefined || (variation.size ?? 0) > (best.size ?? 0))) best = variation;
  }
  return best;
}

/** What a list has: `1..254`, `@(22, 80)`, `21,22,23`, `'a','b'`, a variable that was assigned one. */
function variationOf(expression: string, assigned: ReadonlyMap<string, Variation>): Variation | undefined {
  const range = /(\d{1,6})[ \t]{0,3}\.\.[ \t]{0,3}(\d{1,6})/.exec(expression);
  if (range) return { size: Math.abs(Number(range[2]) - Number(range[1])) + 1, isRange: true };
  const open = /(\d{1,6})[ \t]{0,3}\.\.[ \t]{0,3}\$/.test(expression);
  if (open) return { isRange: true };
  const list = /^[\s@(]{0,9}((?:["']?[\w.:-]{1,80}["']?[ \t]{0,5},[ \t]{0,5}){1,200}["']?[\w.:-]{1,80}["']?)/.exec(
    expression,
  )?.[1];
  if (list !== undefined) {
    const items = list.split(',').map((item) => item.trim().replace(/^["']|["']$/g, ''));
    return { size: items.length, isRange: items.every((item) => /^\d+$/.test(item) || isAddressLike(item)) };
  }
  const variable = /\$(\w{1,60})/.exec(expression)?.[1];
  return variable === undefined ? undefined : assigned.get(nameOf(variable));
}

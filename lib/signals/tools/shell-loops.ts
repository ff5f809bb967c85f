/** A shell script as simple commands, each with the loops around it. */
import { shellTokens, type Token } from './words.ts';

/** A variable that takes many values. */
export interface Loop {
  readonly name: string;
  /** How many values it takes, or undefined if the text does not say: `for h in $(cat hosts)`. */
  readonly size?: number;
}

export interface SimpleCommand {
  readonly words: readonly string[];
  readonly loops: readonly Loop[];
  /** Whether its output or input is joined to a neighbour by a pipe. */
  readonly isPipedInto: boolean;
  /** The function whose body holds it. */
  readonly inFunction?: string;
}

/** More commands than this are not read. */
const MOST_COMMANDS = 500;
const OPENING = new Set(['do', 'then', 'else', 'elif', 'if', 'while', 'until', '{', '!', 'time']);
const CLOSING = new Set(['fi', '}', 'esac']);

/** The simple commands of a script, with those inside `$(...)`. Linear in the length of the text. */
export function simpleCommands(script: string): SimpleCommand[] {
  const found: SimpleCommand[] = [];
  const tokens = shellTokens(script);
  const loops: Loop[] = [];
  /** Loops whose `do` has not come yet count for their body only. */
  const functions: { name: string; depth: number }[] = [];
  let depth = 0;
  let words: string[] = [];
  let isPipedInto = false;
  const close = (operator: string) => {
    if (words.length > 0 && found.length < MOST_COMMANDS)
      found.push({ words, loops: [...loops], isPipedInto, inFunction: functions.at(-1)?.name });
    isPipedInto = operator === '|' && words.length > 0;
    words = [];
  };
  for (let at = 0; at < tokens.length; at++) {
    const { text, isOperator } = tokens[at]!;
    if (isOperator) {
      // `name() {`: the brackets come as two operators.
      if (text === '(' && tokens[at + 1]?.text === ')' && words.length === 1) {
        functions.push({ name: words[0]!, depth });
        words = [];
        at += 1;
      } else if (text !== '\n' || words.length > 0) close(text);
      continue;
    }
    if (words.length === 0) {
      if (text === 'for' || text === 'select') {
        const { loop, next } = readFor(tokens, at + 1);
        loops.push(loop);
        at = next;
        continue;
      }
      if (text === 'while' && tokens[at + 1]?.text === 'read') {
        const end = endOfCommand(tokens, at + 1);
        const variable = tokens.slice(at + 2, end).filter(({ text: word }) => /^[A-Za-z_]\w*$/.test(word));
        loops.push({ name: variable[0]?.text ?? 'REPLY' });
        at = end - 1;
        continue;
      }
      if (text === 'while' || text === 'until') loops.push({ name: '', size: 1 });
      if (text === 'done') {
        loops.pop();
        continue;
      }
      if (text === 'function' && tokens[at + 1]) {
        functions.push({ name: tokens[at + 1]!.text, depth });
        at += tokens[at + 2]?.text === '(' ? 3 : 1;
        continue;
      }
      if (text === '{') depth += 1;
      if (text === '}') {
        depth -= 1;
        if (functions.at(-1)?.depth === depth) functions.pop();
      }
      if (OPENING.has(text) || CLOSING.has(text)) continue;
    }
    words.push(text);
  }
  close('');
  return found;
}

const endOfCommand = (tokens: readonly Token[], from: number): number => {
  let at = from;
  while (at < tokens.length && !tokens[at]!.isOperator) at += 1;
  return at;
};

/** The loop of `for NAME in WORDS` or `for ((...))`. `next` is the last token that belongs to its head. */
function readFor(tokens: readonly Token[], from: number): { loop: Loop; next: number } {
  const first = tokens[from]?.text ?? '';
  if (first.startsWith('((')) return { loop: readCounter(first), next: from };
  const end = endOfCommand(tokens, from);
  const values = tokens.slice(from + 2, end).map(({ text }) => text);
  return { loop: { name: first, size: sizeOfWords(values) }, next: end - 1 };
}

/** `((p=1; p<=1024; p++))`. */
function readCounter(text: string): Loop {
  const [start, limit] = text.slice(2, 200).split(';');
  const name = /([A-Za-z_]\w{0,60})\s*=/.exec(start ?? '')?.[1] ?? '';
  const first = Number(/=\s*(\d{1,6})/.exec(start ?? '')?.[1] ?? 0);
  const last = /<\s*=?\s*(\d{1,6})/.exec(limit ?? '')?.[1];
  return last === undefined ? { name } : { name, size: Math.max(0, Number(last) - first) };
}

/** How many words a list becomes when the shell expands it, or undefined if a part of it cannot be counted. */
export function sizeOfWords(words: readonly string[]): number | undefined {
  let size = 0;
  for (const word of words) {
    const count = sizeOfWord(word);
    if (count === undefined) return undefined;
    size += count;
  }
  return size;
}

function sizeOfWord(word: string): number | undefined {
  const range = /\{(\d{1,7})\.\.(\d{1,7})(?:\.\.\d{1,5})?\}/.exec(word.slice(0, 2000));
  if (range) return Math.abs(Number(range[2]) - Number(range[1])) + 1;
  const open = word.indexOf('{');
  if (open >= 0 && word[open - 1] !== '$' && word.includes(',')) return word.split(',').length;
  if (word.startsWith('$(')) {
    const inside = word.slice(2, -1).trim().split(/\s+/, 5);
    return inside[0] === 'seq' ? sizeOfSeq(inside.slice(1)) : undefined;
  }
  return word.startsWith('$') || word.includes('*') ? undefined : 1;
}

/** How many numbers `seq` prints. */
export function sizeOfSeq(words: readonly string[]): number | undefined {
  const numbers = words.filter((word) => !/^-[a-z]/i.test(word));
  if (numbers.length === 0 || !numbers.every((word) => /^\d{1,7}$/.test(word))) return undefined;
  const values = numbers.map(Number);
  const [first, last] = values.length === 1 ? [1, values[0]!] : [values[0]!, values.at(-1)!];
  return Math.max(0, last - first + 1);
}

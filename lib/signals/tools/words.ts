/** Command lines as words: splitting as shells and Windows programs do, file names without path, ending and platform. */

/** Longer texts are cut before they are read. Longer scripts exist, but their loops are near the beginning. */
export const MOST_TEXT = 65_536;

/** A word, or an operator that ends a simple command. */
export interface Token {
  readonly text: string;
  readonly isOperator: boolean;
}

const OPERATORS = new Set([';', '&', '|', '(', ')', '\n']);
const BLANKS = new Set([' ', '\t', '\r']);

/**
 * The tokens of a shell script. Quotes are removed. Expansions stay as they are written: `$p`, `${p}`, `$(seq 1 9)`.
 * Redirections stay words: `>/dev/tcp/10.0.0.1/80`. Linear in the length of the text.
 */
export function shellTokens(script: string): Token[] {
  const text = script.slice(0, MOST_TEXT);
  const tokens: Token[] = [];
  let word = '';
  let isOpen = false;
  const close = () => {
    if (isOpen) tokens.push({ text: word, isOperator: false });
    word = '';
    isOpen = false;
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '\\') {
      at += 1;
      // A backslash before the end of a line joins the lines.
      if (at < text.length && text[at] !== '\n') word += text[at];
      isOpen = true;
    } else if (char === "'") {
      const end = endOf(text, "'", at + 1);
      word += text.slice(at + 1, end);
      at = end;
      isOpen = true;
    } else if (char === '"') {
      const end = endOfDoubleQuotes(text, at + 1);
      word += text.slice(at + 1, end).replace(/\\(["\\$`])/g, '$1');
      at = end;
      isOpen = true;
    } else if (char === '`') {
      const end = endOf(text, '`', at + 1);
      word += `$(${text.slice(at + 1, end)})`;
      at = end;
      isOpen = true;
    } else if (char === '$' && (text[at + 1] === '(' || text[at + 1] === '{')) {
      const end = endOfNesting(text, at + 1);
      word += text.slice(at, end + 1);
      at = end;
      isOpen = true;
    } else if (char === '#' && !isOpen) {
      at = endOf(text, '\n', at) - 1;
    } else if (BLANKS.has(char)) {
      close();
    } else if (char === '(' && text[at + 1] === '(' && !isOpen) {
      const end = endOfNesting(text, at);
      tokens.push({ text: text.slice(at, end + 1), isOperator: false });
      at = end;
    } else if (OPERATORS.has(char) && !isRedirection(char, text, at)) {
      close();
      tokens.push({ text: char, isOperator: true });
    } else {
      word += char;
      isOpen = true;
    }
  }
  close();
  return tokens;
}

/** `2>&1`, `&>file` and `<(...)` belong to a redirection. */
const isRedirection = (char: string, text: string, at: number): boolean =>
  char === '&' && (text[at - 1] === '>' || text[at - 1] === '<' || text[at + 1] === '>');

function endOf(text: string, char: string, from: number): number {
  const end = text.indexOf(char, from);
  return end < 0 ? text.length : end;
}

function endOfDoubleQuotes(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

/** Where the bracket that opens at a position closes. */
function endOfNesting(text: string, from: number): number {
  const open = text[from]!;
  const closing = open === '(' ? ')' : '}';
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === open) depth += 1;
    else if (text[at] === closing && --depth === 0) return at;
  }
  return text.length;
}

/** The words of one command line as a POSIX shell splits them. Operators stay single words. */
export const shellWords = (line: string): string[] => shellTokens(line).map(({ text }) => text);

/** The words of a Windows command line, as the C runtime splits it: double quotes group, `\"` is a quote. */
export function windowsWords(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let isOpen = false;
  let isQuoted = false;
  const text = line.slice(0, MOST_TEXT);
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '\\' && text[at + 1] === '"') {
      word += '"';
      at += 1;
      isOpen = true;
    } else if (char === '"') {
      isQuoted = !isQuoted;
      isOpen = true;
    } else if (!isQuoted && (char === ' ' || char === '\t')) {
      if (isOpen) words.push(word);
      word = '';
      isOpen = false;
    } else {
      word += char;
      isOpen = true;
    }
  }
  if (isOpen) words.push(word);
  return words;
}

/** The last part of a path, for both kinds of slashes. */
export const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

/** Words that builders of static programs append to a file name. */
const PLATFORM =
  /[-_.](?:linux|windows|win|win32|win64|darwin|macos|musl|gnu|static|amd64|x86_64|x86-64|x64|x86|i386|i686|386|arm64|aarch64|armv7|arm|64bit|32bit|64|32|upx)$/;

/**
 * The file name that a table knows a program by: lower case, without path, `.exe`, version and platform.
 * `C:\Tools\FScan64.exe` is `fscan`, `/tmp/naabu_2.3.0_linux_amd64` is `naabu`. The file of an installer keeps its
 * version, since only the names of Windows programs end in `.exe`: `advanced_ip_scanner_2.5.exe`.
 */
export function programName(path: string): string {
  const deleted = ' (deleted)';
  const file = baseName(path.endsWith(deleted) ? path.slice(0, -deleted.length) : path).toLowerCase();
  const isWindows = file.endsWith('.exe') || file.endsWith('.com');
  let name = isWindows ? file.slice(0, -4) : file;
  for (let rounds = 0; rounds < 4; rounds++) {
    const shorter = name.replace(PLATFORM, '').replace(/(?<=[a-z])(?:64|32)$/, '');
    const bare = isWindows ? shorter : shorter.replace(/[-_]v?\d[\d.]*$/, '');
    if (bare === name || bare === '') break;
    name = bare;
  }
  return name;
}

/** The text that a word hides in base64, or undefined if it is no base64 of text. */
export function decodeBase64(word: string): string | undefined {
  if (word.length < 24 || word.length > MOST_TEXT || !/^[A-Za-z0-9+/]+={0,2}$/.test(word)) return undefined;
  const text = Buffer.from(word, 'base64').toString('utf8');
  return text.includes('\ufffd') || text.includes('\0') ? undefined : text;
}

/** Whether code given to an interpreter connects to many targets: `python3 -c`, `perl -e`, `ruby -e`, `node -e`, `php -r`. */
import { isAddressLike } from './targets.ts';
import type { ToolMatch } from './tool-match.ts';
import { decodeBase64, MOST_TEXT } from './words.ts';

/** What opens a connection, in any of the languages. The argument decides whether targets vary. */
const CONNECTS = [
  ...[
    'connect_ex(',
    '.connect(',
    'create_connection(',
    'open_connection(',
    'TCPSocket.new(',
    'TCPSocket.open(',
    'Socket.tcp(',
  ],
  ...[
    'Socket::INET->new(',
    'Socket::IP->new(',
    'createConnection(',
    'net.connect(',
    'fsockopen(',
    'stream_socket_client(',
    'pfsockopen(',
  ],
  ...['Socket.connect(', 'Net::Ping', 'IP(dst=', 'sendto('],
] as const;
/** Calls that scan by themselves. */
const SCANNERS = ['nmap.PortScanner', 'nmap.PortScannerAsync', 'PortScanner()', 'srp(', 'arping('] as const;
const MANY = 5;

/** Names that an expression uses: `('10.0.0.1', p)` uses p. Texts in quotes use none, unless they are formatted. */
function namesIn(expression: string): Set<string> {
  const names = new Set<string>();
  const bare = expression.replace(/(["'])(?:[^"'\\{}#$]|\\.)*\1/g, ' ');
  for (const [name] of bare.matchAll(/\$_|\$?[A-Za-z_]\w{0,60}/g))
    names.add(name.replace(/^\$(?=\w{2})/, '').replace(/^\$(?=[A-Za-z])/, ''));
  return names;
}

/** The argument of a call whose bracket opens before a position. */
function argumentAt(code: string, from: number): string {
  let depth = 1;
  const end = Math.min(code.length, from + 400);
  for (let at = from; at < end; at++) {
    if (code[at] === '(') depth += 1;
    else if (code[at] === ')' && --depth === 0) return code.slice(from, at);
  }
  return code.slice(from, end);
}

interface Iteration {
  readonly name: string;
  /** Number of values, or undefined if the code does not say. */
  readonly size?: number;
}

/** Loops of all the languages, by their spellings. Each expression looks at a bounded piece of text. */
function iterationsIn(code: string): Iteration[] {
  const found: Iteration[] = [];
  const add = (names: string, size: number | undefined) => {
    for (const [name] of names.matchAll(/\$_|[A-Za-z_]\w{0,60}/g)) found.push({ name, size });
  };
  for (const [, names, over] of code.matchAll(
    /\bfor(?:each)?\s{1,5}(?:my\s{1,3})?([\w$, ()]{1,60}?)\s{1,5}in\s{1,5}([^\n:;{]{1,300})/g,
  ))
    add(names!, sizeOf(over!));
  // perl: for my $p (1..1024), for (1..1024). php: foreach (range(1, 1024) as $p).
  for (const [, name, over] of code.matchAll(
    /\bfor(?:each)?\s{0,5}(?:my\s{1,3})?(\$\w{1,60})?\s{0,5}\(([^\n{]{1,200})/g,
  ))
    add(/\bas\s+(?:\$\w+\s*=>\s*)?(\$\w{1,60})/.exec(over!)?.[1] ?? name ?? '$_', sizeOf(over!));
  // C style: `for (let p = 1; p < 1025; p++)`
  for (const [, name, first, last] of code.matchAll(
    /\bfor\s{0,5}\(\s{0,5}(?:let|var|int|my)?\s{0,5}(\$?\w{1,60})\s{0,5}=\s{0,5}(\d{1,6})\s{0,5};[^;<\n]{0,40}<\s{0,3}=?\s{0,5}(\d{1,6})?/g,
  ))
    add(name!, last === undefined ? undefined : Number(last) - Number(first));
  // ruby: (1..1024).each { |p| ... }, [22, 80].each do |p|
  for (const [, over, name] of code.matchAll(
    /([(\d[][^\n{|]{1,200}?)\.(?:each|map|times|step)\b[^|\n]{0,40}\|\s{0,3}(\w{1,60})/g,
  ))
    add(name!, sizeOf(over!));
  // js: ports.forEach(p => ...), [..].map((p) => ...)
  for (const [, name] of code.matchAll(/\.(?:forEach|map)\(\s{0,3}(?:async\s{1,3})?\(?\s{0,3}(\w{1,60})/g))
    add(name!, undefined);
  return found;
}

/** How many values `range(20, 85)`, `1..1024` or `[22, 80, 443]` has. */
function sizeOf(over: string): number | undefined {
  const range =
    /range\(\s{0,3}(?:(\d{1,7})\s{0,3},\s{0,3})?(\d{1,7})/.exec(over) ??
    /(\d{1,7})\s{0,2}\.\.\.?\s{0,2}(\d{1,7})/.exec(over);
  if (range) return Number(range[2]) - Number(range[1] ?? 0);
  if (/^\s*[[(]/.test(over)) return over.split(',').length;
  return undefined;
}

/** A scan in code of an interpreter, or undefined. One connection, and one that is retried, are no scan. */
export function matchCode(interpreter: string, text: string, depth = 0): ToolMatch | undefined {
  const code = text.slice(0, MOST_TEXT);
  for (const [, hidden] of code.matchAll(/decode(?:64|_base64)?\(\s{0,3}b?["']([A-Za-z0-9+/=]{24,20000})["']/g)) {
    const inner = depth < 3 ? decodeBase64(hidden!) : undefined;
    const match = inner === undefined ? undefined : matchCode(interpreter, inner, depth + 1);
    if (match) return match;
  }
  const tool = `${interpreter.replace(/[\d.]+$/, '')} code`;
  const targets = [...code.matchAll(/["']([\d./-]{7,40})["']/g)]
    .map(([, word]) => word!)
    .filter(isAddressLike)
    .slice(0, 20);
  if (SCANNERS.some((call) => code.includes(call)) && /\bnmap\b|\bscapy\b/.test(code))
    return { tool, by: 'script', severity: 'medium', confidence: 75, targets };
  const iterations = iterationsIn(code).filter(({ size }) => size === undefined || size >= MANY);
  const isMapped = /\b(?:map|submit|imap|imap_unordered|apply_async|run_in_executor|gather|Thread)\s{0,3}\(/.test(code);
  for (const call of CONNECTS) {
    for (let at = code.indexOf(call), calls = 0; at >= 0 && calls < 50; at = code.indexOf(call, at + 1), calls++) {
      const names = namesIn(argumentAt(code, at + call.length));
      const loop = iterations.find(({ name }) => names.has(name));
      if (loop)
        return { tool, by: 'script', severity: 'medium', confidence: loop.size === undefined ? 60 : 80, targets };
      // A function for one target, and a pool or loop that calls it for many.
      const range = /range\(\s{0,3}(?:\d{1,7}\s{0,3},\s{0,3})?\d{2,7}|\b\d{1,5}\s?\.\.\s?\d{2,5}/.test(code);
      const parameters = [
        ...code.matchAll(/\bdef\s+\w{1,60}\s{0,3}\(([^)\n]{1,200})\)|\blambda\s+([\w, ]{1,60}):/g),
      ].map(([, a, b]) => a ?? b ?? '');
      const isParameter = parameters.some((list) =>
        list.split(',').some((part) => names.has(part.trim().split('=')[0]!.trim())),
      );
      if (isParameter && range && (isMapped || iterations.length > 0))
        return { tool, by: 'script', severity: 'medium', confidence: 70, targets };
    }
  }
  return undefined;
}

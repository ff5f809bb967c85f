/** Whether code given to an interpreter connects to many targets: `python3 -c`, `perl -e`, `ruby -e`, `node -e`, `php -r`. */
import { isAddressLike } from './targets.ts';
import type { ToolMatch } from './tool-match.ts';
import { decodeBase64 } from './words.ts';

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
/** Code on a command line is shorter. Files of code are not seen at all. */
const MOST_CODE = 16_384;
const MANY = 5;
const MANY_NAMES = 20;

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
  const assigned = new Map<string, number>();
  for (const [, name, value] of code.matchAll(/[$@]?\b([A-Za-z_]\w{0,60})\s{0,3}=\s{0,3}([[(rlA]?[^\n;]{1,2000})/g)) {
    const size = sizeOfList(value!);
    if (size !== undefined) assigned.set(name!, size);
  }
  const sizeOf = (over: string): number | undefined =>
    sizeOfList(over) ?? assigned.get(/^\s{0,5}[$@]?(\w{1,61})/.exec(over)?.[1] ?? '');
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
  // js: ports.forEach(p => ...), [22, 80].map((p) => ...)
  for (const [, over, name] of code.matchAll(
    /(\[[^\]\n]{1,300}\]|\b\w{1,60})\.(?:forEach|map)\(\s{0,3}(?:async\s{1,3})?\(?\s{0,3}(\w{1,60})/g,
  ))
    add(name!, sizeOf(over!));
  return found;
}

/** How many values `range(20, 85)`, `1..1024` or `[22, 80, 443]` has. */
function sizeOfList(over: string): number | undefined {
  const range =
    /range\(\s{0,3}(?:(\d{1,7})\s{0,3},\s{0,3})?(\d{1,7})/.exec(over) ??
    /(\d{1,7})\s{0,2}\.\.\.?\s{0,2}(\d{1,7})/.exec(over);
  if (range) return Number(range[2]) - Number(range[1] ?? 0);
  // Every host of a network.
  if (/\b(?:ip_network|IPNetwork|IPv4Network|IPAddr)\b/.test(over)) return 254;
  const list = /^\s*[[(]([^\])]{1,2000})/.exec(over)?.[1];
  if (list === undefined) return undefined;
  const items = list.split(',').map((item) => item.trim().replace(/^["']|["']$/g, ''));
  // Ports and addresses are a scan's targets. A few names are one's own servers.
  return items.every((item) => /^\d+$/.test(item) || isAddressLike(item)) || items.length >= MANY_NAMES
    ? items.length
    : 1;
}

/** Whether a function connects to its parameter, and a pool or loop calls it for many values. */
function isCalledForMany(code: string, names: ReadonlySet<string>, iterations: readonly Iteration[]): boolean {
  const known = iterations.filter(({ size }) => size !== undefined);
  for (const [, name, parameters] of code.matchAll(
    /\b(?:def|function|sub|async def)\s{1,3}(\w{1,60})\s{0,3}\(([^)\n]{1,200})\)/g,
  )) {
    if (!namesIn(parameters!).intersection(names).size) continue;
    for (let at = code.indexOf(name!), uses = 0; at >= 0 && uses < 20; at = code.indexOf(name!, at + 1), uses++) {
      if (/(?:def|function|sub)\s{1,3}$/.test(code.slice(Math.max(0, at - 12), at))) continue;
      // `scan(p)` in a loop, `map(scan, range(1, 1025))`, `Thread(target=scan, args=(p,))`.
      const rest = argumentAt(code, at + name!.length + (code[at + name!.length] === '(' ? 1 : 0));
      const used = namesIn(rest);
      if (known.some((loop) => used.has(loop.name))) return true;
      if (code[at + name!.length] === ',' && (sizeOfList(rest.replace(/^,\s*/, '')) ?? 0) >= MANY) return true;
    }
  }
  return false;
}

/** In programs longer than this, a loop of unknown size around a connection is ordinary. */
const LONGEST_GUESS = 4000;

/** A scan in code of an interpreter, or undefined. One connection, and one that is retried, are no scan. */
export function matchCode(interpreter: string, text: string, depth = 0): ToolMatch | undefined {
  const code = text.slice(0, MOST_CODE);
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
  for (const call of CONNECTS) {
    for (let at = code.indexOf(call), calls = 0; at >= 0 && calls < 50; at = code.indexOf(call, at + 1), calls++) {
      const names = namesIn(argumentAt(code, at + call.length));
      const loops = iterations.filter(({ name }) => names.has(name));
      if (loops.some(({ size }) => size !== undefined))
        return { tool, by: 'script', severity: 'medium', confidence: 80, targets };
      if (isCalledForMany(code, names, iterations))
        return { tool, by: 'script', severity: 'medium', confidence: 70, targets };
      if (loops.length > 0 && code.length < LONGEST_GUESS)
        return { tool, by: 'script', severity: 'low', confidence: 50, targets };
    }
  }
  return undefined;
}

/** Ordinary network programs that contact one target per run. One run is no scan. Many runs of one parent may be. */
import { isAddressLike, portCount, targetForm } from './targets.ts';
import { programName } from './words.ts';

/** A target of one run. */
export interface Probe {
  readonly tool: string;
  readonly host: string;
  /** The port or ports as written, or the empty text where the program has no ports. */
  readonly port: string;
  /** How many ports the words name: 1 for a single port, 0 without ports. */
  readonly ports: number;
}

const NETCATS = new Set(['nc', 'ncat', 'netcat', 'nc.traditional', 'nc.openbsd', 'nc.openbsd.real']);
const NETCAT_VALUED = 'psiwqXxTIOPVecgGoMm';
const NETCAT_LONG_VALUED = new Set([
  ...[
    '--wait',
    '--source',
    '--source-port',
    '--exec',
    '--sh-exec',
    '--delay',
    '--idle-timeout',
    '--proxy',
    '--proxy-type',
  ],
  ...['--max-conns', '--output', '--hex-dump', '--proxy-auth', '--allow', '--deny', '--lua-exec'],
]);

/** What a program contacts, or undefined if it is no program of this kind, listens, or names no target. */
export function probeOf(argv: readonly string[], program?: string): Probe | undefined {
  const name = programName(program === undefined || isMultiCall(program) ? (argv[0] ?? '') : program);
  const words = argv.slice(1);
  if (NETCATS.has(name)) return netcatProbe(words);
  switch (name) {
    case 'telnet':
      return withPort('telnet', plainWords(words, ['-b', '-l', '-n', '-e', '-X']));
    case 'curl':
    case 'wget':
      return urlProbe(name, words);
    case 'ping':
    case 'ping6':
    case 'arping':
      return pingProbe(words);
    case 'openssl':
      return opensslProbe(words);
    case 'socat':
      return socatProbe(words);
    case 'ssh':
      return sshProbe(words);
    case 'powershell':
    case 'pwsh':
      return netConnectionProbe(words.join(' '));
    case 'hping3':
    case 'hping2':
    case 'nping':
      return withOption(name, words, ['-p', '--destport', '--dest-port']);
    case 'sh':
    case 'bash':
    case 'ksh':
    case 'zsh':
      return deviceProbe(words.join(' '));
    default:
      return /^(?:python|ruby|perl|node|php)[\d.]*$/.test(name) ? codeProbe(words.join(' ')) : undefined;
  }
}

/** The one target of code that connects: `python3 -c "s.connect(('10.0.0.1', 22))"`. */
function codeProbe(code: string): Probe | undefined {
  const [, host, port] =
    /(?:connect|connect_ex|create_connection|fsockopen|TCPSocket\.new|TCPSocket\.open)\s?\(\s?\(?\s?["']([\w.:-]{1,253})["']\s?,\s?(\d{1,5})/.exec(
      code.slice(0, 4000),
    ) ?? [];
  return host === undefined ? undefined : { tool: 'code', host, port: port!, ports: 1 };
}

/** Programs that take one host as a word and the port as an option. */
function withOption(tool: string, words: readonly string[], options: readonly string[]): Probe | undefined {
  const at = words.findIndex((word) => options.includes(word));
  const port = words[at + 1];
  const host = words.at(-1);
  return at < 0 || port === undefined || host === undefined || host === port
    ? undefined
    : { tool, host, port, ports: portCount(port) ?? 1 };
}

const isMultiCall = (program: string): boolean => ['busybox', 'toybox'].includes(programName(program));

function netcatProbe(words: readonly string[]): Probe | undefined {
  const plain: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word.startsWith('--')) {
      if (word === '--listen') return undefined;
      if (NETCAT_LONG_VALUED.has(word)) at += 1;
    } else if (word.startsWith('-') && word.length > 1) {
      const letters = word.slice(1);
      if (letters.includes('l') && !/^[wpsi]/.test(letters)) return undefined;
      // A value follows as the next word only if the letter is the last: `-zvw 1`, but `-w1`.
      if (NETCAT_VALUED.includes(letters.at(-1)!)) at += 1;
    } else plain.push(word);
  }
  return withPort('nc', plain);
}

/** Words that are neither options nor values of options. */
function plainWords(words: readonly string[], valued: readonly string[]): string[] {
  const plain: string[] = [];
  for (let at = 0; at < words.length; at++) {
    if (!words[at]!.startsWith('-')) plain.push(words[at]!);
    else if (valued.includes(words[at]!)) at += 1;
  }
  return plain;
}

/** A host and the ports after it. */
function withPort(tool: string, [host, ...ports]: readonly string[]): Probe | undefined {
  if (host === undefined || ports.length === 0) return undefined;
  let count = 0;
  for (const port of ports) count += portCount(port) ?? (port.includes('$') || /^[a-z][\w-]*$/i.test(port) ? 1 : 0);
  return count === 0 ? undefined : { tool, host, port: ports.join(','), ports: count };
}

function urlProbe(tool: string, words: readonly string[]): Probe | undefined {
  for (const word of words) {
    if (word.startsWith('-')) continue;
    const glob = globSize(word);
    if (tool === 'curl' && glob > 1) return { tool, host: word.slice(0, 200), port: '', ports: glob };
    const authority = /^(?:[a-z][a-z0-9+.-]{0,15}:\/\/)?([^/?#]{1,300})/i.exec(word)?.[1];
    if (authority === undefined) continue;
    const isUrl = word.includes('://');
    const hostPort = authority.slice(authority.lastIndexOf('@') + 1);
    const colon = hostPort.lastIndexOf(':');
    const host = colon < 0 || hostPort.endsWith(']') ? hostPort : hostPort.slice(0, colon);
    const port = colon < 0 || hostPort.endsWith(']') ? '' : hostPort.slice(colon + 1);
    if (!isUrl && !(isAddressLike(host) || host.includes('$') || port !== '')) continue;
    const usual = word.startsWith('https') ? '443' : word.startsWith('telnet') ? '23' : '80';
    return { tool, host, port: port || usual, ports: portCount(port || usual) ?? 1 };
  }
  return undefined;
}

/** How many URLs curl makes of `http://10.0.0.[1-254]/` or `telnet://10.0.0.1:[20-30]`. */
function globSize(word: string): number {
  const range = /\[(\d{1,5})-(\d{1,5})\]/.exec(word.slice(0, 500));
  // A range behind the host is a range of files.
  return range && !word.slice(0, range.index).replace('://', '').includes('/')
    ? Number(range[2]) - Number(range[1]) + 1
    : 1;
}

function pingProbe(words: readonly string[]): Probe | undefined {
  const plain = plainWords(
    words,
    ['-c', '-i', '-W', '-w', '-s', '-t', '-I', '-Q', '-M', '-m', '-l', '-n'].filter(isValued(words)),
  );
  const host = plain.find((word) => word.includes('$') || targetForm(word) !== undefined);
  return host === undefined ? undefined : { tool: 'ping', host, port: '', ports: 0 };
}

/** `-n` and `-t` of Windows take or lack a value where those of Linux do not: a number after the option decides. */
const isValued =
  (words: readonly string[]) =>
  (option: string): boolean => {
    const at = words.indexOf(option);
    return at >= 0 && (/^[\d.]+$/.test(words[at + 1] ?? '') || !['-n', '-t', '-l'].includes(option));
  };

function socatProbe(words: readonly string[]): Probe | undefined {
  for (const word of words) {
    const [, host, port] = /^(?:tcp|udp)[46]?(?:-connect)?:([^:,]{1,255}):([^:,]{1,60})/i.exec(word) ?? [];
    if (host !== undefined) return { tool: 'socat', host, port: port!, ports: 1 };
  }
  return undefined;
}

/** Only with a port: a fleet is administered on the usual one. */
function sshProbe(words: readonly string[]): Probe | undefined {
  const at = words.indexOf('-p');
  const port = words[at + 1];
  if (at < 0 || port === undefined) return undefined;
  const host = plainWords(words, [
    '-p',
    '-o',
    '-i',
    '-l',
    '-F',
    '-L',
    '-R',
    '-D',
    '-J',
    '-b',
    '-c',
    '-E',
    '-m',
    '-W',
    '-w',
  ])[0];
  return host === undefined ? undefined : { tool: 'ssh', host: host.slice(host.lastIndexOf('@') + 1), port, ports: 1 };
}

function opensslProbe(words: readonly string[]): Probe | undefined {
  const at = words.indexOf('-connect');
  const value = words[0] === 's_client' && at > 0 ? words[at + 1] : undefined;
  const colon = value?.lastIndexOf(':') ?? -1;
  return value === undefined || colon < 1
    ? undefined
    : { tool: 'openssl', host: value.slice(0, colon), port: value.slice(colon + 1), ports: 1 };
}

/** `Test-NetConnection -ComputerName HOST -Port PORT`, and the constructor or method that connects a TcpClient. */
export function netConnectionProbe(script: string): Probe | undefined {
  const text = script.slice(0, 4000);
  const call = /\b(?:test-netconnection|tnc)\b([^;|}\n]{1,300})/i.exec(text)?.[1];
  if (call !== undefined) {
    const host =
      /(?:-computername|-cn)\s{1,5}["']?([\w.:$-]{1,253})/i.exec(call)?.[1] ??
      /^\s{1,5}["']?([\w.:$]{1,253})/.exec(call)?.[1];
    const port = /-port\s{1,5}["']?([\w$]{1,60})/i.exec(call)?.[1];
    return host === undefined ? undefined : { tool: 'Test-NetConnection', host, port: port ?? '', ports: port ? 1 : 0 };
  }
  const client =
    /tcpclient\b|\.connect(?:async)?\b/i.test(text) &&
    /\(\s{0,5}["']([\w.:-]{1,253})["']\s{0,5},\s{0,5}(\d{1,5})/.exec(text);
  return client ? { tool: 'TcpClient', host: client[1]!, port: client[2]!, ports: 1 } : undefined;
}

/** The one target of `bash -c '</dev/tcp/HOST/PORT'`. */
export function deviceProbe(script: string): Probe | undefined {
  const device = /\/dev\/(?:tcp|udp)\/([^/\s]{1,255})\/([^\s/;|&<>)"']{1,80})/.exec(script.slice(0, 4000));
  return device ? { tool: 'bash /dev/tcp', host: device[1]!, port: device[2]!, ports: 1 } : undefined;
}

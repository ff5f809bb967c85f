/** Recognises known tools in commands: by file name, by options that remain when the file is renamed, by scripts. */
import { matchCode } from './code.ts';
import { matchImage } from './images.ts';
import { MORE_SCANNERS } from './more-scanners.ts';
import { decodeEncodedCommand, matchPowerShell } from './powershell.ts';
import { probeOf } from './probes.ts';
import { SCANNERS } from './scanners.ts';
import { isShell, matchShellScript } from './shell-script.ts';
import { isAddressLike, portCount, targetForm } from './targets.ts';
import type { Tool } from './tool.ts';
import { MOST_TARGETS, type ToolMatch } from './tool-match.ts';
import { unwrap } from './unwrap.ts';
import { baseName, programName, windowsWords } from './words.ts';

/** Every row of the table. */
export const TOOLS: readonly Tool[] = [...SCANNERS, ...MORE_SCANNERS];

/** What is known of a program beyond its words. */
export interface Program {
  /** The path of the file that runs. It decides over the first word, which the caller chooses freely. */
  readonly path?: string;
  /** OriginalFileName, Product and Description of a Windows program. */
  readonly products?: readonly string[];
}

const MOST_WORDS = 5000;
const DEEPEST = 8;
const MANY_TARGETS = 8;
/** Ports of one netcat command that are a scan. */
const MANY_PORTS = 5;

const byFile = new Map(TOOLS.flatMap((tool) => tool.files.map((file) => [file, tool] as const)));
const byWindowsFile = new Map(TOOLS.flatMap((tool) => (tool.windowsFiles ?? []).map((file) => [file, tool] as const)));
const byProduct = new Map(TOOLS.flatMap((tool) => (tool.products ?? []).map((product) => [product, tool] as const)));

/** Programs that run what their arguments name. */
const INTERPRETERS = /^(?:python|pypy|perl|ruby|node|nodejs|bun|deno|php|lua)[\d.]*$/;
/** Options that a renamed scanner shares with these programs. They are trusted where they are installed by default. */
const ORDINARY = new Set([
  ...[
    'curl',
    'wget',
    'ssh',
    'scp',
    'rsync',
    'ps',
    'ss',
    'grep',
    'sort',
    'tar',
    'find',
    'ping',
    'dig',
    'host',
    'nslookup',
  ],
  ...[
    'iptables',
    'ip6tables',
    'nft',
    'ip',
    'git',
    'docker',
    'kubectl',
    'mysql',
    'psql',
    'redis-cli',
    'ssh-keyscan',
    'openssl',
  ],
  ...[
    'tcpdump',
    'traceroute',
    'mtr',
    'snmpwalk',
    'snmpget',
    'ab',
    'wrk',
    'iperf3',
    'iperf',
    'java',
    'aws',
    'echo',
    'printf',
  ],
]);
/** Programs that start containers. */
const ENGINES = new Set(['docker', 'podman', 'nerdctl', 'kubectl', 'oc']);
/** Options whose value is free text, and so no image. */
const NAMING = new Set([
  '--name',
  '-h',
  '--hostname',
  '--network',
  '--net',
  '--network-alias',
  '-l',
  '--label',
  '-n',
  '--namespace',
]);
const SYSTEM_FOLDERS = /^(?:\/usr)?(?:\/local)?\/s?bin\/|^[a-z]:\\(?:windows|program files)/i;

/**
 * The tool that a command runs, or undefined. `argv` is the command with its own name first. `program` is the path of the
 * file, or what is known of it. Commands behind `sudo`, `timeout`, `docker exec` and so on are found, and scripts of
 * `sh -c`, `python -c` and PowerShell are read. Linear in the length of the words.
 */
export function matchCommand(argv: readonly string[], program: string | Program = {}): ToolMatch | undefined {
  return match(argv.slice(0, MOST_WORDS), typeof program === 'string' ? { path: program } : program, 0);
}

/** The same for a command line of Windows. */
export const matchWindowsCommand = (line: string, program: string | Program = {}): ToolMatch | undefined =>
  matchCommand(windowsWords(line), program);

/**
 * The same for words that were joined by blanks and lost their quotes, as in `exec_create: sh -c for p in ...`. The
 * script of a shell or interpreter is then all that follows `-c`.
 */
export function matchJoinedCommand(text: string): ToolMatch | undefined {
  const words = text.trim().split(/\s+/).slice(0, MOST_WORDS);
  const at = words.findIndex((word, position) => position > 0 && /^-[a-z]{0,3}[ce]$/.test(word));
  const name = programName(words[at - 1] ?? '');
  if (at > 0 && (isShell(name) || INTERPRETERS.test(name)))
    return matchCommand([...words.slice(0, at + 1), words.slice(at + 1).join(' ')]);
  return matchCommand(words);
}

function match(argv: readonly string[], program: Program, depth: number): ToolMatch | undefined {
  const own = argv[0] ?? program.path ?? '';
  if (depth > DEEPEST || own === '') return undefined;
  // A multi-call program is what its first word says. A program from memory has no name to trust.
  const file = program.path === undefined || isMultiCall(program.path) ? own : program.path;
  const known = matchProducts(program, argv) ?? matchName(file, argv);
  if (known !== null && known !== undefined) return known;
  const name = programName(file);
  const inner = matchInner(name, argv, depth);
  // A row that knows the program and finds nothing has decided.
  return known === null ? inner : (inner ?? matchMarks(file, argv));
}

const isMultiCall = (path: string): boolean => ['busybox', 'toybox'].includes(programName(path));

/** A match by name, null if the name is known but nothing speaks for a scan, undefined if it is unknown. */
function matchName(file: string, argv: readonly string[]): ToolMatch | null | undefined {
  const isWindows = file.toLowerCase().endsWith('.exe');
  const name = programName(file);
  const tool =
    byFile.get(name) ?? byFile.get(baseName(file).toLowerCase()) ?? (isWindows ? byWindowsFile.get(name) : undefined);
  return tool && judge(tool, argv.slice(1), 'name');
}

function matchProducts({ products, path }: Program, argv: readonly string[]): ToolMatch | null | undefined {
  for (const product of products ?? []) {
    const tool = byProduct.get(product.trim().toLowerCase());
    if (!tool) continue;
    const isRenamed = !tool.files.includes(programName(path ?? argv[0] ?? '')) && !tool.windowsFiles;
    return judge(tool, argv.slice(1), isRenamed ? 'product' : 'name');
  }
  return undefined;
}

/** Whether a known tool's words say that it scans. */
function judge(tool: Tool, words: readonly string[], by: ToolMatch['by']): ToolMatch | null {
  const isQuiet = words.some((word) => tool.quiet?.includes(word));
  if (isQuiet || (tool.verbs && !tool.verbs.includes(words.find((word) => !word.startsWith('-')) ?? ''))) return null;
  const { plain, ports, hasList, marks } = read(tool, words);
  const many = hasList || plain.length >= MANY_TARGETS || plain.some((word) => targetForm(word) === 'many');
  const isMet = {
    nothing: true,
    target: plain.length > 0 || hasList,
    'many-targets': many,
    mark: marks > 0,
    spread: many || ports > 1,
  }[tool.needs];
  const targets = plain.filter((word) => targetForm(word) !== undefined).slice(0, MOST_TARGETS);
  if (!isMet) return null;
  const severity = by === 'product' ? 'high' : (tool.severity ?? 'medium');
  return { tool: tool.name, by, severity, confidence: tool.confidence ?? 85, targets };
}

interface Reading {
  /** Words that are no options and no values of options. */
  readonly plain: readonly string[];
  readonly ports: number;
  readonly hasList: boolean;
  readonly marks: number;
  readonly weakMarks: number;
}

/** The words of a tool, sorted by its own options. */
function read(tool: Tool, words: readonly string[]): Reading {
  const plain: string[] = [];
  const found = { ports: 0, hasList: false, marks: new Set<string>(), weakMarks: new Set<string>() };
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const isOption = word.startsWith('-') || (tool.marks?.some((mark) => mark.startsWith('/')) && word.startsWith('/'));
    if (!isOption) {
      plain.push(word);
      continue;
    }
    const cut = word.search(/[=:]/);
    const option = cut > 0 && !tool.marks?.includes(word) ? word.slice(0, cut) : word;
    const value = cut > 0 ? word.slice(cut + 1) : (words[at + 1] ?? '');
    if (tool.lists?.includes(option)) found.hasList = true;
    if (tool.ports?.includes(option)) found.ports = Math.max(found.ports, portsOf(value));
    else if (option.startsWith('-p') && tool.ports?.includes('-p'))
      found.ports = Math.max(found.ports, portsOf(option.slice(2)));
    if (tool.marks?.includes(option)) found.marks.add(option);
    else if (tool.weakMarks?.includes(option) || (/^-p[\dT-]/.test(option) && tool.weakMarks?.includes('-p')))
      found.weakMarks.add(option);
    if (cut < 0 && tool.valued?.includes(option)) at += 1;
  }
  return {
    plain,
    ports: found.ports,
    hasList: found.hasList,
    marks: found.marks.size,
    weakMarks: found.weakMarks.size,
  };
}

/** How many ports a value names. hping3 counts upwards from `++20`. */
const portsOf = (value: string): number => (value.startsWith('++') ? 65_535 : (portCount(value) ?? 0));

/** A renamed scanner: two of its own options, or one and two that it shares, and a target that is no ordinary word. */
function matchMarks(file: string, argv: readonly string[]): ToolMatch | undefined {
  if (ORDINARY.has(programName(file)) && (!/[/\\]/.test(file) || SYSTEM_FOLDERS.test(file))) return undefined;
  const words = argv.slice(1);
  let best: ToolMatch | undefined;
  let most = 0;
  for (const tool of TOOLS) {
    if (!tool.marks || words.some((word) => tool.quiet?.includes(word))) continue;
    const { plain, hasList, marks, weakMarks } = read(tool, words);
    const targets = plain.filter(isAddressLike);
    const isClear = marks >= 3 && plain.some((word) => targetForm(word) === 'host' && word.includes('.'));
    const isTold = marks >= 1 && marks + weakMarks >= 2 && (targets.length > 0 || (hasList && marks >= 2) || isClear);
    if (!isTold || marks * 2 + weakMarks <= most) continue;
    most = marks * 2 + weakMarks;
    best = {
      tool: tool.name,
      by: 'arguments',
      severity: 'high',
      confidence: 80,
      targets: targets.slice(0, MOST_TARGETS),
    };
  }
  return best;
}

/** What a command starts or runs: the command of a wrapper, the script of a shell or interpreter, netcat's ports. */
function matchInner(name: string, argv: readonly string[], depth: number): ToolMatch | undefined {
  const again = (words: readonly string[]) => match(words, {}, depth + 1);
  if (isShell(name)) return matchShell(argv, again, depth);
  if (name === 'cmd') {
    const at = argv.findIndex((word) => /^\/[ckr]$/i.test(word));
    return at < 0
      ? undefined
      : (matchPowerShell(argv.slice(at + 1).join(' ')) ?? again(windowsWords(argv.slice(at + 1).join(' '))));
  }
  if (name === 'powershell' || name === 'pwsh' || name === 'powershell_ise') {
    const script = decodeEncodedCommand(argv);
    return script === undefined ? undefined : matchPowerShell(script);
  }
  if (INTERPRETERS.test(name)) return matchInterpreter(name, argv, again);
  const image = ENGINES.has(name) ? matchRun(argv, again) : undefined;
  if (image) return image;
  const inner = unwrap(argv);
  if (inner) return again(inner);
  const probe = probeOf(argv);
  const isMany = probe && probe.ports >= MANY_PORTS && (probe.tool === 'nc' || probe.tool === 'curl');
  return isMany
    ? { tool: probe.tool, by: 'name', severity: 'medium', confidence: 85, targets: [probe.host] }
    : undefined;
}

/** `docker run IMAGE WORDS` and `kubectl run NAME --image=IMAGE -- WORDS`: the words, or an image that scans by itself. */
function matchRun(argv: readonly string[], again: (words: readonly string[]) => ToolMatch | undefined) {
  const run = argv.findIndex((word) => word === 'run' || word === 'create' || word === 'debug');
  if (run < 1) return undefined;
  for (const [position, word] of argv.entries()) {
    if (position <= run || NAMING.has(argv[position - 1]!)) continue;
    const image = matchImage(word.startsWith('--image=') ? word.slice('--image='.length) : word);
    if (!image) continue;
    const words = argv.slice(Math.max(position, argv.indexOf('--')) + 1);
    const command = again(words) ?? again([image.tool, ...words]);
    if (command || image.isToolbox) return command;
    return { tool: image.tool, by: 'image' as const, severity: 'low' as const, confidence: 60, targets: [] };
  }
  return undefined;
}

function matchShell(
  argv: readonly string[],
  again: (words: readonly string[]) => ToolMatch | undefined,
  depth: number,
) {
  const at = argv.findIndex((word, position) => position > 0 && /^-[a-z]*c[a-z]*$/.test(word));
  if (at > 0) return matchShellScript(argv[at + 1] ?? '', (words, inner) => match(words, {}, depth + inner));
  // `sh /opt/portscan.sh` runs the file. A tool's name there is that of the script.
  const file = argv.findIndex((word, position) => position > 0 && !word.startsWith('-'));
  return file < 0 ? undefined : again(argv.slice(file));
}

function matchInterpreter(
  name: string,
  argv: readonly string[],
  again: (words: readonly string[]) => ToolMatch | undefined,
) {
  const code = argv.findIndex((word, position) => position > 0 && /^-[a-zA-Z]{0,4}[ceEr]$/.test(word));
  if (code > 0) return matchCode(name, argv[code + 1] ?? '');
  const at = argv.findIndex((word, position) => position > 0 && !word.startsWith('-'));
  if (at < 0) return undefined;
  // `python3 -m nmap` names a module.
  return again(argv.slice(at));
}

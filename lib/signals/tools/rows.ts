/** Rows of the tool table against the words of one command: by file name, by product, by options that remain. */
import { FAST_SCANNERS } from './fast-scanners.ts';
import { MORE_SCANNERS } from './more-scanners.ts';
import { SCANNERS } from './scanners.ts';
import { isAddressLike, portCount, targetForm } from './targets.ts';
import type { Tool } from './tool.ts';
import { MOST_TARGETS, type ToolMatch } from './tool-match.ts';
import { baseName, programName } from './words.ts';

/** Every row of the table. */
export const TOOLS: readonly Tool[] = [...SCANNERS, ...FAST_SCANNERS, ...MORE_SCANNERS];

/** What is known of a program beyond its words. */
export interface Program {
  /** The path of the file that runs. It decides over the first word, which the caller chooses freely. */
  readonly path?: string;
  /** OriginalFileName, Product and Description of a Windows program. */
  readonly products?: readonly string[];
}

/** Words of a list that are many targets. */
const MANY_TARGETS = 8;

const byFile = new Map(TOOLS.flatMap((tool) => tool.files.map((file) => [file, tool] as const)));
const byWindowsFile = new Map(TOOLS.flatMap((tool) => (tool.windowsFiles ?? []).map((file) => [file, tool] as const)));
const byProduct = new Map(TOOLS.flatMap((tool) => (tool.products ?? []).map((product) => [product, tool] as const)));

/** The marks of every tool. */
const ALL_MARKS = new Set(TOOLS.flatMap(({ marks }) => marks ?? []));

/** An option without the value behind `=` or `:`. */
const optionOf = (word: string): string => {
  if (!word.startsWith('-') && !word.startsWith('/')) return '';
  if (ALL_MARKS.has(word)) return word;
  const cut = word.search(/[=:]/);
  return cut > 0 ? word.slice(0, cut) : word;
};

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
const SYSTEM_FOLDERS = /^(?:\/usr)?(?:\/local)?\/s?bin\/|^[a-z]:\\(?:windows|program files)/i;

export const isMultiCall = (path: string): boolean => ['busybox', 'toybox'].includes(programName(path));

/** A match by name, null if the name is known but nothing speaks for a scan, undefined if it is unknown. */
export function matchName(file: string, argv: readonly string[]): ToolMatch | null | undefined {
  const isWindows = file.toLowerCase().endsWith('.exe');
  const name = programName(file);
  const tool =
    byFile.get(name) ?? byFile.get(baseName(file).toLowerCase()) ?? (isWindows ? byWindowsFile.get(name) : undefined);
  return tool && judge(tool, argv.slice(1), 'name');
}

export function matchProducts({ products, path }: Program, argv: readonly string[]): ToolMatch | null | undefined {
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
export function matchMarks(file: string, argv: readonly string[]): ToolMatch | undefined {
  if (ORDINARY.has(programName(file)) && (!/[/\\]/.test(file) || SYSTEM_FOLDERS.test(file))) return undefined;
  const words = argv.slice(1);
  // Nearly every command stops here.
  if (!words.some((word) => ALL_MARKS.has(optionOf(word)))) return undefined;
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

/** Whether a table knows a program by its name. */
export const isKnownFile = (name: string): boolean => byFile.has(name);

/** A tool known by its file alone, where a log does not tell the arguments. */
export function matchFile(path: string): ToolMatch | undefined {
  const tool =
    byFile.get(programName(path)) ??
    (path.toLowerCase().endsWith('.exe') ? byWindowsFile.get(programName(path)) : undefined);
  // A file name that other programs share says nothing without arguments.
  if (!tool || tool.needs === 'mark' || tool.verbs) return undefined;
  return { tool: tool.name, by: 'name', severity: 'low', confidence: 50, targets: [] };
}

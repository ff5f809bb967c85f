/** Recognises known tools in commands: by file name, by options that remain when the file is renamed, by scripts. */
import { shellOfCmd } from './cmd.ts';
import { matchCode } from './code.ts';
import { matchImage } from './images.ts';
import { matchPowerShell, scriptOfPowerShell } from './powershell.ts';
import { probeOf } from './probes.ts';
import { isKnownFile, isMultiCall, matchMarks, matchName, matchProducts, type Program } from './rows.ts';
import { isShell, matchShellScript } from './shell-script.ts';
import type { ToolMatch } from './tool-match.ts';
import { unwrap } from './unwrap.ts';
import { programName, windowsWords } from './words.ts';

const MOST_WORDS = 5000;
const DEEPEST = 8;
/** Ports of one netcat command that are a scan. */
const MANY_PORTS = 5;

/** Programs that run what their arguments name. */
const INTERPRETERS = /^(?:python|pypy|perl|ruby|node|nodejs|bun|deno|php|lua)[\d.]*$/;
/** Programs that start containers. */
const ENGINES = new Set(['docker', 'podman', 'nerdctl', 'kubectl', 'oc', 'ctr', 'machinectl']);
const ENGINE_VERBS = new Set(['run', 'create', 'debug', 'shell', 'task', 'tasks', 't']);
/** Programs that run the script behind `-c` as somebody else, or on a terminal of their own. */
const SCRIPT_STARTERS = new Set(['su', 'runuser', 'script', 'flock']);
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
export function matchJoinedCommand(text: string, program: string | Program = {}): ToolMatch | undefined {
  const words = text.trim().split(/\s+/).slice(0, MOST_WORDS);
  const at = words.findIndex((word, position) => position > 0 && /^-[a-z]{0,3}[ce]$/.test(word));
  const name = programName(words[at - 1] ?? '');
  if (at > 0 && (isShell(name) || INTERPRETERS.test(name)))
    return matchCommand([...words.slice(0, at + 1), words.slice(at + 1).join(' ')], program);
  return matchCommand(words, program);
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

/** What a command starts or runs: the command of a wrapper, the script of a shell or interpreter, netcat's ports. */
function matchInner(name: string, argv: readonly string[], depth: number): ToolMatch | undefined {
  const again = (words: readonly string[]) => match(words, {}, depth + 1);
  if (isShell(name)) return matchShell(argv, again, depth);
  if (name === 'cmd') {
    const at = argv.findIndex((word) => /^\/[ckr]$/i.test(word));
    return at < 0 ? undefined : matchScript(shellOfCmd(argv.slice(at + 1).join(' ')), depth);
  }
  if (name === 'powershell' || name === 'pwsh') {
    const script = scriptOfPowerShell(argv);
    // A plain `powershell nmap 10.0.0.1` starts a program.
    return script === undefined ? undefined : (matchPowerShell(script) ?? again(windowsWords(script)));
  }
  if (SCRIPT_STARTERS.has(name)) {
    const at = argv.findIndex((word) => word === '-c' || word === '--command');
    if (at > 0) return matchScript(argv[at + 1] ?? '', depth);
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
  const run = argv.findIndex((word) => ENGINE_VERBS.has(word));
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
  return matchBehindImage(argv, run + 2, again);
}

/** Of an ordinary image: a shell with a script, or a known tool, among the words behind the image. */
function matchBehindImage(
  argv: readonly string[],
  from: number,
  again: (words: readonly string[]) => ToolMatch | undefined,
) {
  for (let at = from; at < Math.min(argv.length, from + MOST_OPTIONS); at++) {
    if (NAMING.has(argv[at - 1]!)) continue;
    const name = programName(argv[at]!);
    const isCommand = (isShell(name) && /^-[a-z]*c$/.test(argv[at + 1] ?? '')) || isKnownFile(name);
    const found = isCommand ? again(argv.slice(at)) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** Options before the command of a container. */
const MOST_OPTIONS = 60;

const matchScript = (script: string, depth: number) =>
  matchShellScript(script, (words, inner) => match(words, {}, depth + inner));

function matchShell(
  argv: readonly string[],
  again: (words: readonly string[]) => ToolMatch | undefined,
  depth: number,
) {
  const at = argv.findIndex((word, position) => position > 0 && /^-[a-z]*c[a-z]*$/.test(word));
  if (at > 0) return matchScript(argv[at + 1] ?? '', depth);
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

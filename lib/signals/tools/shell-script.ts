/** Whether a shell script probes many targets: `/dev/tcp`, netcat, telnet, curl or ping in a loop. */
import { matchCode } from './code.ts';
import { deviceProbe, type Probe, probeOf } from './probes.ts';
import { type Loop, type SimpleCommand, simpleCommands, sizeOfSeq, sizeOfWords } from './shell-loops.ts';
import { isAddressLike, portCount } from './targets.ts';
import type { ToolMatch } from './tool-match.ts';
import { unwrap } from './unwrap.ts';
import { decodeBase64, programName } from './words.ts';

/** This many ports of one host are a scan, and this many hosts by address. Waiting for services names fewer. */
const MANY_PORTS = 5;
const MANY_ADDRESSES = 5;
const MANY_NAMES = 10;
/** Nested commands (`sh -c` in `xargs` in `$(...)`) are read to this depth. */
const DEEPEST = 4;

/** Matches one command, and finds the tools that it starts. Comes from outside, since the two need each other. */
export type MatchWords = (words: readonly string[], depth: number) => ToolMatch | undefined;

/** The variables of a script that take many values, under every name that they have. */
class Variables {
  readonly #loops = new Map<string, Loop>();

  add(name: string, loop: Loop): void {
    // One value is no loop: `while true` has no variable.
    if (name !== '' && loop.size !== 1) this.#loops.set(name, loop);
  }

  /** The loop that a word depends on, the largest if several. */
  in(word: string): Loop | undefined {
    let found: Loop | undefined;
    for (const [, braced, plain] of word.matchAll(
      /\$(?:\{([A-Za-z_]\w{0,60}|\d)[^}]{0,60}\}|([A-Za-z_]\w{0,60}|\d))/g,
    )) {
      const loop = this.#loops.get(braced ?? plain!);
      if (loop && (found === undefined || (found.size ?? Infinity) < (loop.size ?? Infinity))) found = loop;
    }
    return found;
  }
}

/** The best match in a script, or undefined. */
export function matchShellScript(
  script: string,
  matchWords: MatchWords,
  depth = 0,
  outer: readonly Loop[] = [],
): ToolMatch | undefined {
  if (depth > DEEPEST) return undefined;
  const commands = withItems(simpleCommands(script));
  const variables = variablesOf(commands, outer);
  const literal = new Map<string, Set<string>>();
  let best: ToolMatch | undefined;
  const offer = (match: ToolMatch | undefined) => {
    if (match && (best === undefined || match.confidence > best.confidence)) best = match;
  };
  for (const { words, loops } of commands) {
    const command = stripped(words);
    for (const word of words)
      for (const inner of substitutions(word))
        offer(matchShellScript(inner, matchWords, depth + 1, [...outer, ...loops]));
    const inner = scriptOf(command);
    if (inner === undefined) offer(matchWords(command, depth + 1));
    else offer(matchShellScript(inner, matchWords, depth + 1, [...outer, ...loops]));
    for (const probe of probesOf(words, command)) {
      offer(spreadOf(probe, variables));
      if (!probe.host.includes('$') && !probe.port.includes('$')) note(literal, probe);
    }
  }
  for (const [tool, targets] of literal) offer(listed(tool, targets));
  for (const hidden of hiddenIn(commands))
    offer(matchShellScript(hidden, matchWords, depth + 1) ?? matchCode('python', hidden));
  return best;
}

/** Different targets that a script names one by one, of a tool. */
const note = (literal: Map<string, Set<string>>, { tool, host, port }: Probe): void => {
  const targets = literal.get(tool) ?? new Set();
  targets.add(`${host}:${port}`);
  literal.set(tool, targets);
};

function listed(tool: string, targets: ReadonlySet<string>): ToolMatch | undefined {
  if (tool === 'curl' || tool === 'wget' || targets.size < MANY_PORTS) return undefined;
  const hosts = [...targets].map((target) => target.slice(0, target.lastIndexOf(':')));
  return hosts.every((host) => isAddressLike(host)) || new Set(hosts).size === 1
    ? { tool, by: 'script', severity: 'low', confidence: 60, targets: [...new Set(hosts)].slice(0, 20) }
    : undefined;
}

/** Scripts that `base64 -d` reveals: `echo Zm9y... | base64 -d | bash`. */
function hiddenIn(commands: readonly SimpleCommand[]): string[] {
  const isDecoded = commands.some(
    ({ words }) => words[0] === 'base64' && words.some((word) => /^(?:-d|-D|--decode)$/.test(word)),
  );
  return isDecoded
    ? commands.flatMap(({ words }) => words.flatMap((word) => decodeBase64(word.replace(/^<<</, '')) ?? [])).slice(0, 5)
    : [];
}

/** What `xargs` and `parallel` insert becomes a variable. */
const ITEM = '$__item';

/** Commands behind `xargs` and `parallel` with the variable that they insert, and the loop that feeds it. */
function withItems(commands: readonly SimpleCommand[]): SimpleCommand[] {
  return commands.map((command, at) => {
    const name = programName(stripped(command.words)[0] ?? '');
    const isParallel = name === 'parallel';
    if (!isParallel && !(name === 'xargs' && command.isPipedInto)) return command;
    const colons = command.words.indexOf(':::');
    const size = colons > 0 ? sizeOfWords(command.words.slice(colons + 1)) : sizeOfOutput(commands[at - 1]);
    const kept = colons > 0 ? command.words.slice(0, colons) : command.words;
    const mark = isParallel ? '{}' : replacement(kept);
    const inner = (isParallel ? kept.slice(1).filter((word) => !/^-/.test(word)) : unwrap(stripped(kept))) ?? [];
    const words =
      mark === undefined || !inner.some((word) => word.includes(mark))
        ? [...inner, ITEM]
        : inner.map((word) => word.replaceAll(mark, ITEM));
    return { ...command, words, loops: [...command.loops, { name: '__item', size }] };
  });
}

/** The text that `xargs -I TEXT` replaces. */
function replacement(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word.startsWith('-I') || word === '-i' || word.startsWith('--replace'));
  const option = words[at];
  if (option === undefined) return undefined;
  return option === '-I' ? words[at + 1] : option.startsWith('-I') ? option.slice(2) : '{}';
}

/** How many lines a command before a pipe prints. */
function sizeOfOutput(command: SimpleCommand | undefined): number | undefined {
  const words = command?.words ?? [];
  if (words[0] === 'seq') return sizeOfSeq(words.slice(1));
  return words[0] === 'echo' || words[0] === 'printf' ? sizeOfWords(words.slice(1)) : undefined;
}

function variablesOf(commands: readonly SimpleCommand[], outer: readonly Loop[]): Variables {
  const variables = new Variables();
  for (const loop of outer) variables.add(loop.name, loop);
  for (const { loops } of commands) for (const loop of loops) variables.add(loop.name, loop);
  const bodies = new Set(commands.flatMap(({ inFunction }) => inFunction ?? []));
  for (const { words } of commands) {
    const [first = '', ...rest] = words;
    const assignment = /^([A-Za-z_]\w{0,60})=/.exec(first);
    const source = assignment && variables.in(first.slice(assignment[0].length));
    if (assignment && source) variables.add(assignment[1]!, source);
    if (!bodies.has(first)) continue;
    for (const [position, word] of rest.entries()) {
      const loop = variables.in(word);
      if (loop) variables.add(String(position + 1), loop);
    }
  }
  // `port=$((port+1))` counts without a loop variable. A function's `host=$1` stands before its call.
  for (const { words } of commands)
    for (const word of words) {
      const assignment = /^([A-Za-z_]\w{0,60})=(.{1,200})$/s.exec(word);
      if (!assignment) continue;
      const [, name, value] = assignment;
      const source =
        variables.in(value!) ?? (value!.startsWith('$((') && value!.includes(name!) ? { name: name! } : undefined);
      if (source) variables.add(name!, source);
    }
  return variables;
}

/** The command behind assignments, redirections and wrappers. */
function stripped(words: readonly string[]): readonly string[] {
  let rest = words.filter((word) => !/^\d?[<>]/.test(word));
  while (rest.length > 0 && /^[A-Za-z_]\w*=/.test(rest[0]!)) rest = rest.slice(1);
  for (let rounds = 0; rounds < 8; rounds++) {
    if (programName(rest[0] ?? '') === 'xargs') return rest;
    const inner = unwrap(rest);
    if (!inner) break;
    rest = [...inner];
  }
  return rest;
}

/** The script of `sh -c SCRIPT`. */
function scriptOf(command: readonly string[]): string | undefined {
  if (!isShell(programName(command[0] ?? ''))) return undefined;
  const at = command.findIndex((word, position) => position > 0 && /^-[a-z]*c[a-z]*$/.test(word));
  return at < 0 ? undefined : command[at + 1];
}

export const isShell = (name: string): boolean =>
  ['sh', 'bash', 'dash', 'ash', 'ksh', 'zsh', 'mksh', 'rbash'].includes(name);

/** The scripts inside `$(...)` of a word. */
function substitutions(word: string): string[] {
  const at = word.indexOf('$(');
  return at < 0 || word[at + 2] === '(' ? [] : [word.slice(at + 2, word.endsWith(')') ? -1 : undefined)];
}

/** The targets of a command: of `/dev/tcp` redirections, and of the program. */
function* probesOf(words: readonly string[], command: readonly string[]): Generator<Probe> {
  for (const word of words) {
    const device = deviceProbe(word);
    if (device) yield device;
  }
  const probe = isShell(programName(command[0] ?? '')) ? undefined : probeOf(command);
  if (probe) yield probe;
}

/** Whether one command in loops probes many ports or hosts. */
function spreadOf(probe: Probe, variables: Variables): ToolMatch | undefined {
  const { tool, host, port } = probe;
  const portLoop = variables.in(port);
  const hostLoop = variables.in(host);
  const targets = [host.replace(/\$\{?\w+\}?/g, '*')];
  const ports = portLoop ? (portLoop.size ?? MANY_PORTS) : (portCount(port) ?? 1);
  if (portLoop && ports >= MANY_PORTS) return { tool, by: 'script', severity: 'medium', confidence: 85, targets };
  if (!hostLoop) return undefined;
  const isAddress = /^[\d.]{2,}|[\d]\.\$/.test(host);
  if (isAddress && (hostLoop.size ?? MANY_ADDRESSES) >= MANY_ADDRESSES)
    return { tool, by: 'script', severity: 'medium', confidence: 80, targets };
  // Hosts by name or from a file are as often a list of one's own servers.
  if (tool === 'curl' || tool === 'wget' || tool === 'ping' || tool === 'openssl') return undefined;
  if ((hostLoop.size ?? MANY_NAMES) < MANY_NAMES) return undefined;
  return { tool, by: 'script', severity: 'low', confidence: 45, targets };
}

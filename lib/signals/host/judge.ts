/** Process events to signals: which of them speak for a scan, who did it, and where. */

import type { Actor, Place, Signal } from '../signal.ts';
import { matchCommand, matchJoinedCommand, matchWindowsCommand, type ToolMatch } from '../tools/index.ts';
import { matchPowerShell } from '../tools/powershell.ts';
import { netConnectionProbe, type Probe, probeOf } from '../tools/probes.ts';
import { matchFile } from '../tools/rows.ts';
import { unwrap } from '../tools/unwrap.ts';
import { baseName, programName, shellWords, windowsWords } from '../tools/words.ts';
import { Counters, type Spread } from './counters.ts';
import type { About, ProcessEvent, ProcessStart, ScriptRun } from './process-event.ts';

/** Longest command in a signal. */
const MOST_COMMAND = 500;
/** A command and its `sudo` or `sh -c` are one run if they start within this time. */
const SAME_RUN_MS = 10_000;
const MOST_RUNS = 2000;

/** Commands that are remembered, and the longest of them. */
const MOST_CACHED = 1000;
const MOST_CACHED_TEXT = 8000;

/** What a command alone says. */
interface Reading {
  readonly match: ToolMatch | undefined;
  readonly probe: Probe | undefined;
}

export class HostJudge {
  readonly #readings = new Map<string, Reading>();
  readonly #counters = new Counters();
  /** The last command of a tool with the same targets on a host. */
  readonly #runs = new Map<string, { readonly at: number; readonly command: string }>();
  readonly #place: Place;

  /** `source` is the name of the file or log stream, which often names the instance. */
  constructor(source: string) {
    this.#place = placeOf(source);
  }

  get droppedCounters(): number {
    return this.#counters.dropped;
  }

  /** The signal of an event, or undefined. */
  judge(event: ProcessEvent): Signal | undefined {
    switch (event.type) {
      case 'start':
        return this.#judgeStart(event);
      case 'script':
        return this.#judgeScript(event);
      case 'connection': {
        const name = programName(event.program ?? '');
        const by = SHELLS.test(name) ? 'shell' : SCRIPTING.test(name) ? 'script' : 'program';
        const spread = this.#counters.addConnection(event.address, event.port, event, by);
        return (
          spread &&
          this.#counted(event, name.replace(/[\d.]+$/, '') || 'a program', spread, by === 'program' ? 'low' : 'medium')
        );
      }
    }
  }

  /** Whether an event can become a signal, alone or with others. Most programs cannot. */
  concerns(event: ProcessEvent): boolean {
    if (event.type === 'connection' || event.rules) return true;
    if (event.type === 'script') return concernsScript(event);
    const { match, probe } = this.#reading(event);
    return match !== undefined || probe !== undefined;
  }

  /** The signals of the rules of the user that fit an event. */
  judgeRules(event: ProcessEvent): Signal[] {
    return (event.rules ?? []).map(({ id, title, author, level }) => {
      const command = event.type === 'start' ? commandOf(event) : event.type === 'script' ? event.script : undefined;
      const shown = command === undefined ? undefined : cut(command, MOST_COMMAND);
      const credit = author === undefined ? id : `${id}, by ${author}`;
      const actor = actorOf(event, shown);
      return {
        at: event.at,
        kind: 'tool-execution',
        severity: level === 'critical' ? 'high' : level,
        confidence: CONFIDENCE_OF_LEVEL[level],
        actor,
        place: this.#placeOf(event),
        summary: `Sigma rule "${title}" (${credit}) matched ${actor.name} ${whereOf(event)}`,
        eventId: `${event.eventId}:${id}`,
        dataQuality: event.limits,
      };
    });
  }

  #judgeStart(event: ProcessStart): Signal | undefined {
    const { match, probe } = this.#reading(event);
    if (match) return this.#signal(event, match, commandOf(event));
    const spread = probe && this.#counters.addProbe(probe, event);
    return spread && this.#counted(event, probe.tool, spread, 'medium');
  }

  /** Most programs of a host start again and again with the same words. */
  #reading(event: ProcessStart): Reading {
    const key = [event.program, event.joined, ...productsOf(event.about), event.line, ...event.argv].join('\u0000');
    const isShort = key.length <= MOST_CACHED_TEXT;
    const known = isShort ? this.#readings.get(key) : undefined;
    if (known) return known;
    const match = matchStart(event);
    const reading = { match, probe: match ? undefined : probeOfStart(event) };
    if (isShort) {
      if (this.#readings.size >= MOST_CACHED) this.#readings.clear();
      this.#readings.set(key, reading);
    }
    return reading;
  }

  #judgeScript(event: ScriptRun): Signal | undefined {
    const match = matchPowerShell(event.isPartial ? afterComment(event.script) : event.script);
    if (match) {
      // Without the beginning, a comment may look like code.
      const careful = event.isPartial
        ? { ...match, severity: 'low' as const, confidence: Math.min(match.confidence, 50) }
        : match;
      return this.#signal(event, careful, event.script);
    }
    const probe = netConnectionProbe(event.script);
    const spread = probe && this.#counters.addProbe(probe, event);
    return spread && this.#counted(event, probe.tool, spread, 'medium');
  }

  #counted(
    event: ProcessEvent,
    tool: string,
    { ports, hosts, isSure, targets }: Spread,
    severity: 'low' | 'medium',
  ): Signal | undefined {
    const match: ToolMatch = {
      tool,
      by: 'count',
      severity: isSure ? severity : 'low',
      confidence: isSure ? 75 : 55,
      targets,
    };
    const what = ports > hosts ? `${ports} ports of one host` : `${hosts} addresses on one port`;
    const command = event.type === 'start' ? commandOf(event) : undefined;
    const signal = this.#signal(event, match, command, `${tool} contacted ${what} within five minutes`);
    // The event that reached the threshold is not the only one, so its id alone would hide the second signal.
    return signal && { ...signal, eventId: `${signal.eventId}:${isSure ? 'many' : 'several'}` };
  }

  #signal(event: ProcessEvent, match: ToolMatch, command: string | undefined, summary?: string): Signal | undefined {
    if (match.by !== 'count' && this.#isSameRun(event, match, wordsOf(event))) return undefined;
    const shown = command === undefined ? undefined : cut(command, MOST_COMMAND);
    return {
      at: event.at,
      kind: 'tool-execution',
      severity: match.severity,
      confidence: match.confidence,
      actor: actorOf(event, shown),
      place: this.#placeOf(event),
      tool: match.tool,
      summary: summary ?? summaryOf(event, match, shown),
      eventId: event.eventId,
      dataQuality: event.limits,
    };
  }

  /** `sudo nmap` gives an event for sudo and one for nmap, with the words of the other in it. The first one counts. */
  #isSameRun({ at, host }: ProcessEvent, { tool, targets }: ToolMatch, command: string): boolean {
    const key = [host, tool, ...targets].join(' ');
    const last = this.#runs.get(key);
    this.#runs.delete(key);
    this.#runs.set(key, { at, command });
    if (this.#runs.size > MOST_RUNS) this.#runs.delete(this.#runs.keys().next().value!);
    if (last === undefined || Math.abs(at - last.at) > SAME_RUN_MS || last.command === command) return false;
    return last.command.includes(command) || command.includes(last.command);
  }

  /** The address of a host is that of its processes, but not that of the pods on it. */
  #placeOf(event: ProcessEvent): Place {
    const { host, container } = event;
    const ofLog = event.type === 'script' && event.log !== undefined ? placeOf(event.log) : this.#place;
    const own = host === undefined ? {} : placeOf(host);
    const instanceId = own.instanceId ?? ofLog.instanceId;
    const addresses = own.addresses ?? (host === undefined ? ofLog.addresses : undefined);
    const nodeName = host ?? undefined;
    return {
      ...(addresses && !container?.pod ? { addresses } : {}),
      ...(instanceId === undefined ? {} : { instanceId }),
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(container?.podUid === undefined ? {} : { podUid: container.podUid }),
    };
  }
}

/** A script whose parts may come again without the others must stay known, if some of them look worse than the whole. */
function concernsScript({ script, cuts = [] }: ScriptRun): boolean {
  const isTelling = (text: string): boolean =>
    matchPowerShell(text) !== undefined || netConnectionProbe(text) !== undefined;
  return isTelling(script) || cuts.some((start, part) => isTelling(script.slice(start, cuts[part + 2])));
}

const SHELLS = /^(?:sh|bash|ksh|zsh|nc|ncat|nc\.openbsd|nc\.traditional)$/;
/** Programs that run scripts. Their servers connect to many peers. */
const SCRIPTING = /^(?:busybox|python|perl|ruby|node|php|powershell|pwsh)[\d.]*$/;

/** The instance id or private address in a name: `i-0123456789abcdef0`, `ip-10-0-7-105.ec2.internal`. */
function placeOf(name: string): Place {
  const instanceId = /(?<![0-9a-z])i-(?:[0-9a-f]{17}|[0-9a-f]{8})(?![0-9a-f])/.exec(name)?.[0];
  const dashed = /(?<![0-9a-z])ip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})(?![0-9])/.exec(name);
  const octets = dashed?.slice(1);
  return {
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(octets?.every((octet) => Number(octet) < 256) ? { addresses: [octets.map(Number).join('.')] } : {}),
  };
}

const productsOf = (about: About | undefined): string[] =>
  [about?.originalFileName, about?.product, about?.description].filter((text) => text !== undefined);

function matchStart({ argv, line, joined, program, about, limits }: ProcessStart): ToolMatch | undefined {
  const known = { path: program, products: productsOf(about) };
  if (line === undefined) {
    const isBare = limits.length > 0 && argv.length <= 1;
    return matchCommand(argv, known) ?? (isBare ? matchFile(program ?? argv[0] ?? '') : undefined);
  }
  if (joined === 'windows') return matchWindowsCommand(line, known);
  // Quotes may have been kept or lost. A script that was joined with blanks reads the same either way.
  const hasQuotes = joined === 'quoted' && /["'\\]/.test(line);
  return (hasQuotes ? matchCommand(shellWords(line), known) : undefined) ?? matchJoinedCommand(line, known);
}

function probeOfStart({ argv, line, joined, program }: ProcessStart): Probe | undefined {
  let words: readonly string[] =
    line === undefined ? argv : joined === 'windows' ? windowsWords(line) : shellWords(line);
  for (let rounds = 0; rounds < 5; rounds++) {
    const inner = unwrap(words);
    if (!inner) return probeOf(words, rounds === 0 ? program : undefined);
    words = inner;
  }
  return undefined;
}

const commandOf = ({ argv, line }: ProcessStart): string => line ?? argv.map(shownWord).join(' ');

/** The words of a command with single blanks, to compare with those of its wrapper. A script has none. */
const wordsOf = (event: ProcessEvent): string =>
  event.type === 'start'
    ? cut((event.line ?? event.argv.join(' ')).replace(/[\s"']+/g, ' ').trim(), 2000)
    : `${event.eventId};`;

/** A word with blanks in quotes, so that a reader sees where it ends. */
const shownWord = (word: string): string => (/^[^\s"']+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 3)}...` : text);

/** A part of a script whose beginning is missing may begin inside a comment. */
function afterComment(script: string): string {
  const end = script.indexOf('#>');
  const start = script.indexOf('<#');
  return end >= 0 && (start < 0 || end < start) ? script.slice(end + 2) : script;
}

function actorOf(
  { host, pid, parent, session, user, loginUser, container, program, type }: ProcessEvent,
  command: string | undefined,
): Actor {
  const kind = container?.pod ? 'pod' : container ? 'container' : 'process';
  const file = program === undefined ? undefined : baseName(program);
  const name =
    container?.pod ??
    container?.name ??
    container?.id ??
    file ??
    (type === 'script' ? 'powershell' : `process ${pid ?? ''}`.trim());
  const inSession = session ?? parent;
  return {
    kind,
    name,
    ...(container?.namespace === undefined ? {} : { namespace: container.namespace }),
    ...((loginUser ?? user) === undefined ? {} : { user: loginUser ?? user }),
    ...(container?.image === undefined ? {} : { image: container.image }),
    ...(command === undefined ? {} : { command }),
    ...(host === undefined ? {} : { host }),
    ...(inSession === undefined ? {} : { session: `${host ?? ''}/${inSession}` }),
  };
}

function summaryOf(event: ProcessEvent, { tool, by, targets }: ToolMatch, command: string | undefined): string {
  const how =
    { arguments: ' under another name', product: ' under another name', script: ' as a loop of a script' }[
      by as string
    ] ?? '';
  const against =
    targets.length > 0 ? ` against ${targets.slice(0, 3).join(', ')}${targets.length > 3 ? ' and others' : ''}` : '';
  return `${tool} ran${how} ${whereOf(event)}${against}${command === undefined ? '' : `: ${cut(command, 200)}`}`;
}

const whereOf = ({ container, host }: ProcessEvent): string =>
  container?.pod ? `in pod ${container.namespace ?? ''}/${container.pod}` : `on ${host ?? 'a host without a name'}`;

/** How sure a rule of each level is. Its author does not say. */
const CONFIDENCE_OF_LEVEL = { informational: 20, low: 40, medium: 55, high: 70, critical: 80 } as const;

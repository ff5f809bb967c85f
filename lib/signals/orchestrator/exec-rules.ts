/**
 * Which entries into running containers are findings. A known tool is one. So is a shell that an unusual identity opens.
 * Everything else is only evidence beside a scan: health checks, runners of continuous integration and `kubectl cp` never
 * alert alone.
 */
import type { Signal } from '../signal.ts';
import type { ToolMatch } from '../tools/index.ts';
import { probeOf } from '../tools/probes.ts';
import { isAddressLike } from '../tools/targets.ts';
import { actorOf, placeName, placeOf, userOf } from './actors.ts';
import { type ExecFact, NO_TIME, workloadId } from './facts.ts';
import { type Identity, identityOf } from './identities.ts';
import { type Ledger, madeKey } from './ledger.ts';
import type { Occurrence } from './occurrences.ts';
import { imageToolOf, toolOf } from './programs.ts';

/** What somebody did in a container. */
type Deed = 'tool' | 'shell' | 'script' | 'copy' | 'unknown' | 'other';
type Grade = Pick<Signal, 'severity' | 'confidence'> | 'context';

/** An answer that kubectl got refused by WebSocket it asks for again by SPDY. */
const REPEATED = 10_000;
/** An entry can explain a scan for so long, if its end is not known. */
const SESSION = 3_600_000;
const DAY = 86_400_000;
/** Days before on which the same caller did the same, after which it is no news. */
const HABIT_DAYS = 3;
/** Repetitions and regularity of a health check. */
const CHECKS = 3;
const CHECK_JITTER = 0.25;
const LONGEST_PERIOD = 3_600_000;
/** Distinct targets that one-target commands of one caller reach within a span. */
const MANY_PROBES = 10;
const PROBE_SPAN = 600_000;

const SHELLS = /^(?:.*\/)?(?:ba|da|a|z|k|mk|rba)?sh(?:\.exe)?$|^(?:.*\/)?(?:powershell|pwsh|cmd)(?:\.exe)?$/i;
/** A script that opens a shell: `clear; (bash || ash || sh)`, `command -v bash >/dev/null && exec bash || exec sh`. */
const OPENS_SHELL = /(?:^|[;&|(]\s*|\bexec\s+)(?:\/(?:usr\/)?bin\/)?(?:ba|da|a|z|k)?sh(?:\s+-[il]+)?\s*(?:$|[;&|)])/;

export interface ExecOptions {
  /** Whether a command that repeats at a fixed period is excused as a health check. */
  readonly excusesPeriods: boolean;
}

/** The signals of all entries. */
export function judgeExecs(
  { execs, made }: Pick<Ledger, 'execs' | 'made'>,
  { excusesPeriods }: ExecOptions = { excusesPeriods: true },
): Signal[] {
  const signals: Signal[] = [];
  const probes = new Map<string, Probed[]>();
  const tools = new Map<string, number[]>();
  const all = [...execs.values()].map((group) => ({ group, attempts: attemptsOf(group.occurrences.sorted()) }));
  for (const { group, attempts } of all) {
    const habit = habitKey(group.fact);
    tools.set(habit, [...(tools.get(habit) ?? []), ...attempts.map(({ at }) => at)]);
  }
  for (const { group, attempts } of all) {
    const { fact } = group;
    const match = toolOf(fact.argv, fact.where.platform);
    const deed = deedOf(fact, match);
    const isPeriodic = excusesPeriods && isHealthCheck(attempts);
    const days = tools.get(habitKey(fact)) ?? [];
    const madeAt = made.get(madeKey(fact.caller?.user ?? '', workloadId(fact.where)));
    for (const attempt of attempts) {
      const isHabit = daysBefore(days, attempt.at) >= HABIT_DAYS;
      const isOwn = madeAt !== undefined && madeAt <= attempt.at && attempt.at - madeAt < DAY;
      signals.push(signalOf(fact, attempt, deed, match, { isPeriodic, isHabit, isOwn }));
      const probe = deed === 'other' || deed === 'script' ? probeOf(fact.argv) : undefined;
      if (!probe || isPeriodic) continue;
      const key = [fact.where.platform, fact.where.host, workloadId(fact.where), fact.caller?.user].join('\n');
      const { host, port } = probe;
      probes.set(key, [...(probes.get(key) ?? []), { fact, at: attempt.at, host, port, key: attempt.key }]);
    }
  }
  for (const list of probes.values()) signals.push(...manyProbes(list));
  return signals;
}

/** Attempts by time. A refused one that was repeated at once is the same attempt. */
function attemptsOf(occurrences: readonly Occurrence[]): Occurrence[] {
  const attempts: Occurrence[] = [];
  for (const one of occurrences) {
    const before = attempts.at(-1);
    if (before?.isRefused && one.at - before.at <= REPEATED) {
      attempts[attempts.length - 1] = {
        ...before,
        isRefused: one.isRefused,
        ...(one.until !== undefined && { until: one.until }),
      };
    } else attempts.push(one);
  }
  return attempts;
}

/** Whether attempts repeat at a fixed period. */
function isHealthCheck(attempts: readonly Occurrence[]): boolean {
  if (attempts.length < CHECKS) return false;
  const gaps = attempts.slice(1).map(({ at }, index) => at - attempts[index]!.at);
  const period = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)]!;
  const slack = Math.max(500, period * CHECK_JITTER);
  // A pause between two runs of the container breaks the period now and then.
  const regular = gaps.filter((gap) => Math.abs(gap - period) <= slack).length;
  return period > 0 && period <= LONGEST_PERIOD && regular >= Math.max(2, 0.75 * gaps.length);
}

/** Callers have habits in namespaces, not in pods, which come and go. */
const habitKey = ({ where, caller, argv }: ExecFact): string =>
  [where.platform, where.host, where.namespace, caller?.user, argv[0] ?? ''].join('\n');

function daysBefore(times: readonly number[], at: number): number {
  const today = Math.floor(at / DAY);
  return new Set(times.map((time) => Math.floor(time / DAY)).filter((day) => day < today)).size;
}

function deedOf(fact: ExecFact, match: ToolMatch | undefined): Deed {
  const { argv, entry } = fact;
  if (match) return 'tool';
  if (entry === 'ephemeral-container') return imageTool(fact) ? 'tool' : 'shell';
  if (entry === 'port-forward') return 'other';
  // Attached to a container that reads its input, one types in it.
  if (entry === 'attach') return fact.isInteractive ? 'script' : 'other';
  if (fact.isCommandUnknown || argv.length === 0) return 'unknown';
  if (argv[0] === 'tar' && argv.includes('-') && argv.some((word) => /^-?[a-z]*[cx][a-z]*f?$/.test(word)))
    return 'copy';
  if (!SHELLS.test(argv[0]!)) return 'other';
  const at = argv.findIndex((word) => /^(?:-[a-z]*c|\/c|-command)$/i.test(word));
  if (at < 0) return argv.slice(1).every((word) => word.startsWith('-')) ? 'shell' : 'script';
  return OPENS_SHELL.test((argv[at + 1] ?? '').slice(0, 2000)) ? 'shell' : 'script';
}

const imageTool = ({ where }: ExecFact) => {
  const match = imageToolOf(where.image);
  return match && !match.isToolbox ? match : undefined;
};

interface Circumstances {
  readonly isPeriodic: boolean;
  readonly isHabit: boolean;
  /** The caller made the pod itself a short time ago, and could have given it any command. */
  readonly isOwn: boolean;
}

/** How serious a deed is by itself. */
function gradeOf(
  fact: ExecFact,
  deed: Deed,
  match: ToolMatch | undefined,
  isRefused: boolean,
  { isPeriodic, isHabit, isOwn }: Circumstances,
): Grade {
  const identity = identityOf(fact.caller?.user);
  const isExcused = isPeriodic || isHabit || isMachine(identity);
  if (deed === 'tool') {
    const confidence = Math.min(95, (match?.confidence ?? imageTool(fact)?.confidence ?? 60) + 5);
    if (isExcused || isRefused || match?.severity === 'low')
      return { severity: 'low', confidence: Math.round(confidence / 2) };
    return { severity: match && fact.entry !== 'ephemeral-container' ? 'high' : 'medium', confidence };
  }
  if (fact.entry === 'kubelet-exec' && !isRefused) return { severity: 'medium', confidence: 40 };
  if (isRefused || isPeriodic) return 'context';
  if (identity === 'anonymous' && deed !== 'other') return { severity: 'high', confidence: 50 };
  if (isExcused || fact.entry === 'session') return 'context';
  switch (deed) {
    case 'shell':
      return { severity: identity === 'workload' && !isOwn ? 'medium' : 'low', confidence: 20 };
    case 'script':
      return identity === 'person' ? { severity: 'informational', confidence: 10 } : 'context';
    case 'unknown':
      return identity === 'person' || identity === 'unknown'
        ? { severity: 'informational', confidence: 10 }
        : 'context';
    default:
      return 'context';
  }
}

/** Runners, controllers and the cluster itself enter containers all day. */
const isMachine = (identity: Identity): boolean =>
  identity === 'automation' || identity === 'controller' || identity === 'system';

function signalOf(
  fact: ExecFact,
  attempt: Occurrence,
  deed: Deed,
  match: ToolMatch | undefined,
  circumstances: Circumstances,
): Signal {
  const grade = gradeOf(fact, deed, match, attempt.isRefused, circumstances);
  const image = imageTool(fact);
  const tool = match?.tool ?? (deed === 'tool' ? image?.tool : undefined);
  return {
    at: attempt.at,
    kind: 'exec-into-container',
    ...(grade === 'context' ? { severity: 'informational', confidence: 5, isContext: true } : grade),
    actor: actorOf(fact),
    place: placeOf(fact),
    ...(tool !== undefined && { tool }),
    ...(match?.targets.length && { targets: match.targets }),
    until: attempt.until ?? attempt.at + SESSION,
    group: groupOf(fact),
    summary: summaryOf(fact, deed, attempt.isRefused),
    eventId: attempt.key,
    dataQuality: qualityOf(fact, deed, circumstances),
  };
}

/** Entries into one container are one finding, whoever entered. */
const groupOf = ({ where }: ExecFact): string =>
  [where.platform, where.host ?? '', where.instanceId ?? '', workloadId(where)].join('|');

const ENTERED: Readonly<Record<ExecFact['entry'], string>> = {
  exec: 'an exec into',
  attach: 'an attach to',
  'port-forward': 'a port-forward to',
  'ephemeral-container': 'a debug container in',
  'kubelet-exec': 'an exec, past the API of pods, into',
  session: 'a Systems Manager session on',
};

function summaryOf(fact: ExecFact, deed: Deed, isRefused: boolean): string {
  const { where, caller, entry, argv } = fact;
  const who = caller ? userOf(caller) : 'somebody';
  const what =
    argv.length > 0
      ? ` with the command "${argv.join(' ').trim()}"`
      : deed === 'unknown'
        ? ' with an unknown command'
        : '';
  const image = entry === 'ephemeral-container' && where.image !== undefined ? ` of the image ${where.image}` : '';
  return `${who} ${isRefused ? 'was refused' : 'made'} ${ENTERED[entry]} ${placeName(fact)}${image}${what}`;
}

function qualityOf(fact: ExecFact, deed: Deed, { isPeriodic, isHabit }: Circumstances): string[] {
  const quality: string[] = [];
  if (deed === 'unknown' && fact.entry !== 'session')
    quality.push(
      fact.where.platform === 'podman' || fact.where.platform === 'containerd'
        ? `Events of ${fact.where.platform === 'podman' ? 'Podman' : 'containerd'} do not hold the command of an exec.`
        : 'The event does not hold the command.',
    );
  if (deed === 'shell' || fact.entry === 'session')
    quality.push('Commands that are typed in a shell are in no audit log. Process records of the host show them.');
  if (fact.at === NO_TIME) quality.push('The event has no time.');
  if (fact.caller === undefined && fact.where.platform !== 'kubernetes' && fact.where.platform !== 'ecs')
    quality.push('Events of container engines do not name the user.');
  if (isPeriodic) quality.push('The command repeats at a fixed period, as a health check does.');
  if (isHabit) quality.push('The same caller did the same on earlier days.');
  return quality;
}

/** A command that reaches one target. */
interface Probed {
  readonly fact: ExecFact;
  readonly at: number;
  readonly host: string;
  readonly port: string;
  readonly key: string;
}

/** How many ports of a host that is named make a search. One or two are those of a service. */
const PORTS_OF_NAME = 3;

/** Targets that somebody searches: a name that is asked for a port or two is a service that the caller knows. */
function searchedOf(probed: readonly Probed[]): { readonly all: Set<string>; readonly searched: number } {
  const ports = new Map<string, Set<string>>();
  for (const { host, port } of probed) ports.set(host, (ports.get(host) ?? new Set()).add(port));
  let searched = 0;
  for (const [host, { size }] of ports) if (isAddressLike(host) || size >= PORTS_OF_NAME) searched += size;
  return { all: new Set(probed.map(({ host, port }) => `${host}:${port}`)), searched };
}

/** Commands of one target each that together reach many targets. The first span that is telling counts most. */
function manyProbes(list: readonly Probed[]): Signal[] {
  return spanOf(list, ({ searched }) => searched, 'high') ?? spanOf(list, ({ all }) => all.size, 'low') ?? [];
}

function spanOf(
  list: readonly Probed[],
  countOf: (reached: ReturnType<typeof searchedOf>) => number,
  severity: 'high' | 'low',
): Signal[] | undefined {
  const sorted = list.toSorted((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
  let from = 0;
  for (let to = 0; to < sorted.length; to++) {
    while (sorted[to]!.at - sorted[from]!.at > PROBE_SPAN) from++;
    if (to + 1 - from < MANY_PROBES || countOf(searchedOf(sorted.slice(from, to + 1))) < MANY_PROBES) continue;
    const { fact, at, key } = sorted[from]!;
    const everything = searchedOf(sorted.slice(from)).all;
    return [
      {
        at,
        kind: 'exec-into-container',
        severity: isMachine(identityOf(fact.caller?.user)) ? 'low' : severity,
        confidence: severity === 'high' ? 80 : 20,
        actor: actorOf(fact),
        place: placeOf(fact),
        tool: fact.argv[0]!.split('/').at(-1)!,
        targets: [...everything].slice(0, 20),
        until: sorted.at(-1)!.at + SESSION,
        group: groupOf(fact),
        measure: { test: 'many-targets-by-exec', value: everything.size, threshold: MANY_PROBES },
        summary: `${fact.caller ? userOf(fact.caller) : 'somebody'} reached ${everything.size} targets, one by each exec into ${placeName(fact)}`,
        eventId: `${key} probes`,
        dataQuality:
          severity === 'high'
            ? []
            : ['The targets are names with a port or two each, as services that the caller knows.'],
      },
    ];
  }
  return undefined;
}

/**
 * Which pods, workloads, tasks and containers are findings: those that run a known tool by command or arguments, and
 * those of a known tool's image. An image's name says less than a command.
 */
import type { Signal } from '../signal.ts';
import type { ToolMatch } from '../tools/index.ts';
import { actorOf, userOf } from './actors.ts';
import { NO_TIME, type Program, type WorkloadFact, workloadId } from './facts.ts';
import { identityOf, isCiNamespace } from './identities.ts';
import type { Ledger } from './ledger.ts';
import { imageToolOf, toolOfProgram } from './programs.ts';

type Severity = Signal['severity'];

const DAY = 86_400_000;
const HABIT_DAYS = 3;
/** A container that ran once can explain a scan for so long, if its end is not known. */
const RUNNING = DAY;
/** Events of one task or container that say the same are one signal. */
const CONTROLLED: ReadonlySet<string> = new Set(['Pod', 'Container', 'Task']);

/** The signals of everything that was made to run a known tool. */
export function judgeWorkloads(ledger: Ledger): Signal[] {
  const creators = creatorsOf(ledger.workloads.values());
  const days = new Map<string, Set<number>>();
  const all = [...ledger.workloads.values()].map((fact) => ({ fact, creator: creatorOf(fact, creators) }));
  for (const { fact } of all) {
    const known = days.get(habitKey(fact)) ?? new Set();
    days.set(habitKey(fact), known.add(Math.floor(fact.at / DAY)));
  }
  return all.flatMap(({ fact, creator }) => {
    const earlier = [...days.get(habitKey(fact))!].filter((day) => day < Math.floor(fact.at / DAY)).length;
    return signalOf(fact, creator, earlier >= HABIT_DAYS, ledger) ?? [];
  });
}

/** What runs again and again from one image with the same command is a habit, whatever the names of its pods. */
const habitKey = ({ where, programs }: WorkloadFact): string =>
  [
    where.platform,
    where.host,
    where.namespace,
    ...programs.map(({ image, argv }) => `${image} ${argv.join(' ')}`),
  ].join('\n');

/** Who made the workloads that make pods, by namespace and name. */
function creatorsOf(facts: Iterable<WorkloadFact>): Map<string, string> {
  const creators = new Map<string, { at: number; user: string }>();
  for (const { kind, where, name, caller, at } of facts) {
    if (!caller || !name || (CONTROLLED.has(kind) && where.taskArn === undefined)) continue;
    const key = where.taskArn ?? `${where.namespace ?? ''}/${name}`;
    const known = creators.get(key);
    const user = userOf(caller);
    if (!known || at < known.at || (at === known.at && user < known.user)) creators.set(key, { at, user });
  }
  return new Map([...creators].map(([key, { user }]) => [key, user]));
}

/** Controllers make pods for somebody. Names of the owners between lead to who made the first. */
function creatorOf({ where, owner, caller, kind, name }: WorkloadFact, creators: ReadonlyMap<string, string>) {
  const own = caller && userOf(caller);
  // The state of a task does not name who ran it. The call does.
  if (where.taskArn !== undefined) return own ?? creators.get(where.taskArn);
  if (where.platform !== 'kubernetes') return own;
  const names = [
    owner?.name,
    owner?.name.replace(/-[a-z0-9]{5,10}$/, ''),
    owner?.name.replace(/-\d+$/, ''),
    kind === 'Pod' ? undefined : name,
  ];
  for (const candidate of names) {
    const creator = candidate === undefined ? undefined : creators.get(`${where.namespace ?? ''}/${candidate}`);
    if (creator !== undefined) return creator;
  }
  return own;
}

interface Found {
  readonly program: Program;
  readonly match?: ToolMatch;
  readonly tool: string;
  readonly severity: Severity;
  readonly confidence: number;
}

/** The strongest of a workload's programs. */
function strongest(fact: WorkloadFact): Found | undefined {
  const found = fact.programs.map((program) => gradeProgram(program, fact)).filter((one) => one !== undefined);
  return found.sort((a, b) => rank(b.severity) - rank(a.severity) || b.confidence - a.confidence)[0];
}

const rank = (severity: Severity): number => ['informational', 'low', 'medium', 'high'].indexOf(severity);

function gradeProgram(program: Program, fact: WorkloadFact): Found | undefined {
  const match = toolOfProgram(program);
  if (match) {
    // Access to raw packets, or to the network of the node, is what a scanner asks for.
    const severity = match.severity === 'low' ? 'low' : fact.hasHostNetwork || fact.hasNetRaw ? 'high' : match.severity;
    return { program, match, tool: match.tool, severity, confidence: match.confidence };
  }
  const image = imageToolOf(program.image);
  if (!image || image.isToolbox) return undefined;
  const { tool } = image;
  if (program.isCommandUnknown) {
    // Names are made up for containers that a person or a script starts by hand.
    const isByHand = fact.hasRandomName === true || fact.kind === 'Task';
    return { program, tool, severity: isByHand ? 'medium' : 'low', confidence: Math.min(60, image.confidence) };
  }
  const first = program.argv[0];
  // The table knows the tool and says that these arguments do not scan.
  if (first !== undefined && (first.startsWith('-') || first.split('/').at(-1) === tool)) return undefined;
  return { program, tool, severity: 'low', confidence: Math.min(40, image.confidence) };
}

function signalOf(
  fact: WorkloadFact,
  creator: string | undefined,
  isHabit: boolean,
  ledger: Ledger,
): Signal | undefined {
  const found = strongest(fact);
  if (!found) return undefined;
  const { program, match, tool } = found;
  const identity = identityOf(fact.caller?.user);
  const isCi = identity === 'automation' || fact.isForCi === true || isCiNamespace(fact.where.namespace);
  const isExcused = isCi || isHabit || fact.isRefused;
  const actor = actorOf({
    where: { ...fact.where, pod: fact.where.pod ?? fact.name },
    argv: program.argv,
    key: fact.key,
  });
  const end = ledger.ends.last(workloadId(fact.where), fact.at);
  return {
    at: fact.at,
    kind: 'tool-execution',
    severity: isExcused && rank(found.severity) > 1 ? 'low' : found.severity,
    confidence: isExcused ? Math.round(found.confidence / 2) : found.confidence,
    actor: {
      ...actor,
      ...(creator !== undefined && { user: creator }),
      ...(program.image !== undefined && { image: program.image }),
    },
    place: {
      ...(fact.where.taskArn !== undefined && { taskArn: fact.where.taskArn }),
      ...(fact.where.host?.startsWith('i-') && { instanceId: fact.where.host }),
    },
    tool,
    ...(match?.targets.length && { targets: match.targets }),
    until: end ?? fact.at + RUNNING,
    group: groupOf(fact, creator, tool),
    summary: summaryOf(fact, program, creator, tool),
    eventId: fact.key,
    dataQuality: [
      ...(program.isCommandUnknown
        ? [`${ORIGIN[fact.where.platform]} do not hold the command of a container, so only its image speaks.`]
        : []),
      ...(fact.at === NO_TIME ? ['The event has no time.'] : []),
      ...(isHabit ? ['The same image ran the same command on earlier days.'] : []),
      ...(isCi ? ['It was made for continuous integration, by its name or labels.'] : []),
    ],
  };
}

const ORIGIN = {
  kubernetes: 'Events of this cluster',
  ecs: 'State changes of ECS tasks',
  docker: 'Events of Docker',
  swarm: 'Events of Docker',
  podman: 'Events of Podman',
  containerd: 'Events of containerd',
} as const;

/** Runs of one tool by one creator in one place are one finding, however many containers they take. */
const groupOf = ({ where, caller }: WorkloadFact, creator: string | undefined, tool: string): string =>
  [
    where.platform,
    where.host ?? '',
    where.cluster?.split('/').at(-1) ?? '',
    where.namespace ?? '',
    creator ?? caller?.user ?? '',
    tool,
  ].join('|');

function summaryOf(fact: WorkloadFact, program: Program, creator: string | undefined, tool: string): string {
  const what = fact.kind.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  const name =
    fact.where.namespace !== undefined && fact.where.platform === 'kubernetes'
      ? `${fact.where.namespace}/${fact.name}`
      : fact.name;
  const image = program.image === undefined ? '' : ` of the image ${program.image}`;
  const command = program.argv.length ? ` with "${program.argv.join(' ')}"` : '';
  const rights = [fact.hasHostNetwork && 'the network of its node', fact.hasNetRaw && 'raw sockets'].filter(Boolean);
  const extra = rights.length ? `, with ${rights.join(' and ')}` : '';
  return `${creator ?? 'somebody'} ${fact.isRefused ? 'was refused' : 'started'} ${what} ${name}${image}${command}, which is ${tool}${extra}`;
}

/**
 * Many short-lived containers of one image by one caller, without an owner that explains them. Alone it is never more than
 * a low finding: continuous integration, autoscaling and tests do the same. A known tool in them makes it more.
 */
import type { Signal } from '../signal.ts';
import { actorOf, userOf } from './actors.ts';
import type { WorkloadFact } from './facts.ts';
import { identityOf, isCiNamespace } from './identities.ts';
import type { ChurnGroup, Ledger } from './ledger.ts';
import type { Occurrence } from './occurrences.ts';
import { imageToolOf, toolOfProgram } from './programs.ts';

/** A container that lives no longer than this is short-lived. Before a pod or a task runs, its image is pulled. */
const SHORT = 60_000;
const SHORT_WITH_START = 120_000;
const SPAN = 600_000;
/** Short-lived containers within the span. Of a known tool's image fewer are enough. */
const MANY = 6;
const MANY_OF_TOOL = 3;
const DAY = 86_400_000;

/** The signals of churn. */
export function judgeChurn(ledger: Ledger): Signal[] {
  return [...ledger.churn.values()].flatMap((group) => judgeGroup(group, ledger) ?? []);
}

function judgeGroup(group: ChurnGroup, ledger: Ledger): Signal | undefined {
  const { fact } = group;
  const program = fact.programs[0];
  const match = program && toolOfProgram(program);
  const image = imageToolOf(program?.image);
  const tool = match?.tool ?? (image && !image.isToolbox ? image.tool : undefined);
  const isAutomatic = identityOf(fact.caller?.user) === 'automation' || isCiNamespace(fact.where.namespace);
  if (isAutomatic && tool === undefined) return undefined;
  const short = group.made.sorted().filter((one) => isShort(one, group, ledger));
  const threshold = tool === undefined ? MANY : MANY_OF_TOOL;
  const burst = firstBurst(short, threshold);
  if (!burst || isHabit(short, burst[0]!, threshold)) return undefined;
  const first = burst[0]!;
  const within = short.filter(({ at }) => at >= first.at);
  const who = fact.caller ? userOf(fact.caller) : 'somebody';
  const what = fact.kind === 'Pod' ? 'pods' : fact.kind === 'Task' ? 'tasks' : 'containers';
  const place = fact.where.namespace === undefined ? '' : ` in ${fact.where.namespace}`;
  const actor = actorOf({ where: fact.where, argv: program?.argv ?? [], key: first.key });
  return {
    at: first.at,
    kind: 'container-churn',
    severity: tool === undefined || isAutomatic ? 'low' : 'medium',
    confidence: tool === undefined ? 15 : 65,
    actor: {
      ...actor,
      ...(fact.caller && { user: who }),
      ...(program?.image !== undefined && { image: program.image }),
    },
    place: fact.where.host?.startsWith('i-') ? { instanceId: fact.where.host } : {},
    ...(tool !== undefined && { tool }),
    until: within.at(-1)!.at + SHORT,
    group: [
      fact.where.platform,
      fact.where.host ?? '',
      fact.where.cluster?.split('/').at(-1) ?? '',
      fact.where.namespace ?? '',
      fact.caller?.user ?? '',
      tool ?? `churn ${program?.image ?? ''}`,
    ].join('|'),
    measure: { test: 'short-lived-containers', value: within.length, threshold },
    summary: `${who} made ${within.length} ${what} of the image ${program?.image ?? 'unknown'}${place} that each lived less than ${longest(fact) / 1000} seconds`,
    eventId: `${first.key} churn`,
    dataQuality: group.made.isFull ? ['More were made than are kept, so their number is a lower bound.'] : [],
  };
}

const longest = ({ kind }: WorkloadFact): number => (kind === 'Container' ? SHORT : SHORT_WITH_START);

function isShort({ key, at }: Occurrence, group: ChurnGroup, ledger: Ledger): boolean {
  const end = ledger.ends.first(group.ids.get(key) ?? '', at);
  return end !== undefined && end - at <= longest(group.fact);
}

/** The first run of enough occurrences within the span. */
function firstBurst(short: readonly Occurrence[], threshold: number): readonly Occurrence[] | undefined {
  for (let from = 0; from + threshold <= short.length; from++)
    if (short[from + threshold - 1]!.at - short[from]!.at <= SPAN) return short.slice(from, from + threshold);
  return undefined;
}

/** Whether the same happened a day or more after the first time too: a habit is no news. */
function isHabit(short: readonly Occurrence[], first: Occurrence, threshold: number): boolean {
  const later = short.filter(({ at }) => at - first.at >= DAY);
  return firstBurst(later, threshold) !== undefined;
}

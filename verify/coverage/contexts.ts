/** The effect of each context: the scans that are missed, and the ordinary traffic that alarms, without it. */
import type { Table } from '../../bench/table.ts';
import type { Finding } from '../../lib/finding/model.ts';
import { CONTEXTS, type ContextName } from '../../lib/scan/contexts.ts';
import type { HeldLog } from './held-log.ts';
import type { LabelledLog } from './labelled-logs.ts';
import { type Score, score } from './score.ts';

/** A change of what becomes of one scan or one source without a context. */
interface Effect {
  readonly context: ContextName;
  /** `found` and `quiet` are scans and alarms that the context costs. */
  readonly what: 'missed' | 'alarm' | 'found' | 'quiet';
  readonly log: Pick<LabelledLog, 'name' | 'format'>;
  /** The name of the scan, or the direction and source of the alarm. */
  readonly about: string;
}

/** The contacts of one log in each context, and what the contexts change in it. */
export interface ContextEffects {
  readonly contacts: ReadonlyMap<ContextName, number>;
  readonly effects: readonly Effect[];
}

const NAMES = Object.keys(CONTEXTS) as ContextName[];
/** Contacts in any other context are weighed as these are, so nothing can be measured without them. */
const ANY_OTHER: readonly ContextName[] = ['answered', 'failed'];
/** More logs than this are counted rather than named. */
const MOST_NAMED = 6;
const NOTHING = '·';

/** Judges a log without each context that occurs in it. */
export async function contextEffects(log: LabelledLog, held: HeldLog): Promise<ContextEffects> {
  const judge = async (without?: ContextName) => score(await held.findings(without && { without }), log, log.format);
  const before = await judge();
  const effects: Effect[] = [];
  for (const context of NAMES)
    if (held.contexts.has(context) && !ANY_OTHER.includes(context))
      effects.push(...effectsOf(context, log, before, await judge(context)));
  return { contacts: held.contexts, effects };
}

function effectsOf(context: ContextName, { name, format }: LabelledLog, before: Score, after: Score): Effect[] {
  const found = ({ verdicts }: Score) => verdicts.filter(({ finding }) => finding).map(({ label }) => label.name);
  const alarms = ({ falseAlarms }: Score) => falseAlarms.map(alarmOf);
  const onlyIn = (some: readonly string[], others: readonly string[], what: Effect['what']): Effect[] =>
    some.filter((one) => !others.includes(one)).map((about) => ({ context, what, log: { name, format }, about }));
  return [
    ...onlyIn(found(before), found(after), 'missed'),
    ...onlyIn(alarms(after), alarms(before), 'alarm'),
    ...onlyIn(found(after), found(before), 'found'),
    ...onlyIn(alarms(before), alarms(after), 'quiet'),
  ];
}

const alarmOf = ({ direction, source, sources }: Finding): string =>
  `${direction} ${source?.address ?? `campaign of ${sources?.sample[0]}`}`;

/** The table of contexts with their weights, how often they occur, and their effect. */
export function contextTable(title: string, logs: readonly ContextEffects[]): Table {
  const effects = logs.flatMap((log) => log.effects);
  return {
    title,
    header: ['context', 'failures', 'successes', 'at most', 'contacts', 'missed without it', 'alarms without it'],
    rows: NAMES.map((name) => {
      const { failure, success, atMost = '-' } = CONTEXTS[name];
      const contacts = logs.reduce((sum, log) => sum + (log.contacts.get(name) ?? 0), 0);
      const logsWith = (what: Effect['what']) =>
        listOf(effects.filter((effect) => effect.context === name && effect.what === what).map(({ log }) => log.name));
      const cells = ANY_OTHER.includes(name) ? ['-', '-'] : [logsWith('missed'), logsWith('alarm')];
      return [name, String(failure), String(success), atMost, rounded(contacts), ...cells];
    }),
  };
}

/** Two digits are enough to tell rare contexts from common ones, and do not change with every detail of the evidence. */
const rounded = (count: number): string => Number(count.toPrecision(2)).toLocaleString('en');

function listOf(logs: readonly string[]): string {
  const names = [...new Set(logs)];
  const more = names.length - MOST_NAMED;
  return [...names.slice(0, MOST_NAMED), ...(more > 0 ? [`${more} more`] : [])].join(', ') || NOTHING;
}

const VERBS: Readonly<Record<Effect['what'], string>> = {
  missed: 'misses',
  alarm: 'alarms about',
  found: 'finds',
  quiet: 'does not alarm about',
};

/** One line for each effect. */
export const effectLines = (logs: readonly ContextEffects[]): string[] =>
  logs
    .flatMap(({ effects }) => effects)
    .sort((a, b) => NAMES.indexOf(a.context) - NAMES.indexOf(b.context))
    .map(
      ({ context, what, log, about }) => `without "${context}": ${VERBS[what]} ${about} in ${log.name} ${log.format}`,
    );

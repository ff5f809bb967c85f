/** The proof as a whole: every deployment audited, and what the audit says of each mistake that is planted in it. */

import type { OwnerChanges } from '../../lib/config/foreign-bucket.ts';
import type { SettingsInput } from '../../lib/config/schema.ts';
import { audit, judge, type Verdict } from './audit.ts';
import { mutationsOf, statementMistakesOf } from './mutations.ts';
import { changesIn, ownerTemplate } from './owner.ts';
import { DEPLOYMENTS, onPaper, type PaperStack, templateOf } from './stacks.ts';

/** A mistake that was planted. */
export interface Planted {
  readonly kind: string;
  readonly at: string;
  /** The rules that it breaks. Empty if the audit does not notice. */
  readonly foundBy: readonly string[];
}

/** A deployment with what was found about it. */
export interface Proof {
  readonly name: string;
  readonly stack: PaperStack;
  readonly verdict: Verdict;
  /** One mistake at a time. */
  readonly planted: readonly Planted[];
}

/** Stands for the rule that a mistake breaks which does no more than leave an acceptance with nothing to be about. */
export const POINTLESS = 'pointless acceptance';

/** Where mistakes are planted. */
interface Planting {
  /** Whether a mistake is planted also where an earlier deployment had the same statement word for word. */
  readonly everywhere?: boolean | undefined;
  /** Deployments in which mistakes are planted. Default: all. */
  readonly within?: readonly string[];
}

/** Audits all deployments, and plants every mistake, one at a time. */
export function prove({ everywhere = false, within = Object.keys(DEPLOYMENTS) }: Planting = {}): Proof[] {
  const known = new Set<string>();
  return Object.entries(DEPLOYMENTS).map(([name, settings]: [string, SettingsInput]) => {
    const template = templateOf(settings);
    const stack = onPaper(template, settings);
    const verdictOf = (changed: object, changes?: OwnerChanges): Verdict =>
      judge(audit(() => onPaper(changed, settings, changes)));
    const verdict = verdictOf(template);
    const changes = stack.owner?.changes;
    const tried = [
      ...mutationsOf(template).map((mutation) => ({ ...mutation, verdict: () => verdictOf(mutation.plant()) })),
      // What the owner of a foreign bucket adds can be wrong as well.
      ...(changes ? statementMistakesOf(ownerTemplate(changes)) : []).map((mutation) => ({
        ...mutation,
        verdict: () => verdictOf(template, changesIn(mutation.plant(), changes!)),
      })),
    ];
    const mutations = within.includes(name) ? tried.filter(({ key }) => everywhere || !known.has(key)) : [];
    for (const { key } of mutations) known.add(key);
    const planted = mutations.map(({ kind, at, verdict: planted }) => {
      const { problems, accepted } = planted();
      const isPointless = problems.length === 0 && verdict.accepted.some((key) => !accepted.includes(key));
      const rules = isPointless ? [POINTLESS] : problems.map((problem) => problem.split(':')[0]!);
      return { kind, at, foundBy: [...new Set(rules)].sort() };
    });
    return { name, stack, verdict, planted };
  });
}

/** The proof as a whole: every deployment audited, and what the audit says of each mistake that is planted in it. */
import type { SettingsInput } from '../../lib/config/schema.ts';
import { audit, judge, type Verdict } from './audit.ts';
import { mutationsOf } from './mutations.ts';
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
    const verdictOf = (changed: object): Verdict => judge(audit(() => onPaper(changed, settings)));
    const verdict = verdictOf(template);
    const mutations = within.includes(name)
      ? mutationsOf(template).filter(({ key }) => everywhere || !known.has(key))
      : [];
    for (const { key } of mutations) known.add(key);
    const planted = mutations.map(({ kind, at, plant }) => {
      const { problems, accepted } = verdictOf(plant());
      const isPointless = problems.length === 0 && verdict.accepted.some((key) => !accepted.includes(key));
      const rules = isPointless ? [POINTLESS] : problems.map((problem) => problem.split(':')[0]!);
      return { kind, at, foundBy: [...new Set(rules)].sort() };
    });
    return { name, stack: onPaper(template, settings), verdict, planted };
  });
}

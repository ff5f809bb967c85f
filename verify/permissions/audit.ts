/** Everything that is wrong with the permissions of a deployment. A key names what may be accepted. */
import { wiringProblems } from '../../local/checks/permissions.ts';
import { ACCEPTED } from './accepted.ts';
import type { Problem } from './problem.ts';
import { dataProblems } from './rules/data.ts';
import { ownerProblems } from './rules/owner.ts';
import { roleProblems } from './rules/roles.ts';
import { serviceProblems } from './rules/services.ts';
import { strangerProblems } from './rules/strangers.ts';
import type { PaperStack } from './stacks.ts';

/** All problems of a deployment. An unreadable policy is one. */
export function audit(makeStack: () => PaperStack): Problem[] {
  try {
    const stack = makeStack();
    return [
      ...wiringProblems(stack).map((text): Problem => ({ rule: 'wiring', text })),
      ...roleProblems(stack),
      ...serviceProblems(stack),
      ...strangerProblems(stack),
      ...ownerProblems(stack),
      ...dataProblems(stack),
    ];
  } catch (error) {
    if (!(error instanceof Error) || !['PolicyError', 'TemplateError'].includes(error.name)) throw error;
    return [{ rule: 'readable', text: error.message }];
  }
}

/** What an audit comes to. */
export interface Verdict {
  /** What nobody accepted. */
  readonly problems: readonly string[];
  /** The acceptances that applied. */
  readonly accepted: readonly string[];
}

/** Tells what is accepted from what is not. */
export function judge(found: readonly Problem[]): Verdict {
  const keys = [...new Set(found.map(({ rule, text }) => `${rule}: ${text}`))];
  return {
    problems: keys.filter((key) => !Object.hasOwn(ACCEPTED, key)),
    accepted: keys.filter((key) => Object.hasOwn(ACCEPTED, key)),
  };
}

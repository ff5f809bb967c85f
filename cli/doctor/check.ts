/** One check of `doctor`: what it asks, where it is documented, and its verdict. */

import type { Answer, Facts } from '../../lib/store/health/facts.ts';
import { shellWord } from '../../lib/text/untrusted.ts';

/** From harmless to harmful. `skip`: could not be asked, or does not apply. */
export type Status = 'ok' | 'warn' | 'FAIL' | 'skip';

/** A verdict on one thing. */
export interface Verdict {
  readonly status: Status;
  readonly text: string;
  /** What follows from it, or what AWS says. */
  readonly because?: string;
  /** The command to run next. */
  readonly command?: string;
}

/** A check with a stable id. */
export interface Check<Known = Facts> {
  readonly id: string;
  /** The permission that the caller needs. */
  readonly permission: string;
  /** The section of docs/operations.md about the trouble. */
  readonly anchor: string;
  /** One verdict or more. */
  judge(facts: Known): readonly Verdict[];
}

/** Facts about something with a place. */
interface Placed {
  readonly stack: Pick<Facts['stack'], 'name' | 'region'>;
}

export const ok = (text: string): Verdict => ({ status: 'ok', text });
export const skip = (text: string): Verdict => ({ status: 'skip', text });
export const warn = (text: string, because: string, command?: string): Verdict => ({
  status: 'warn',
  text,
  because,
  ...(command && { command }),
});
export const fail = (text: string, because: string, command?: string): Verdict => ({
  status: 'FAIL',
  text,
  because,
  ...(command && { command }),
});

/** Judges an answer: `with` its value, or says why it has none. `what` names what was asked about. */
export function judged<T>(
  facts: Placed,
  what: string,
  answer: Answer<T> | undefined,
  using: (value: T) => readonly Verdict[] | Verdict,
): readonly Verdict[] {
  if (answer === undefined) return [];
  if ('denied' in answer) return [skip(`${what}: not looked at, because the caller may not call ${answer.denied}`)];
  if ('failed' in answer) return [skip(`${what}: not looked at (${answer.failed})`)];
  if ('missing' in answer) {
    const drift = `aws cloudformation detect-stack-drift --stack-name ${shellWord(facts.stack.name)} ${region(facts)}`;
    return [fail(`${what}: it does not exist`, answer.missing, drift)];
  }
  const verdicts = using(answer.value);
  return Array.isArray(verdicts) ? verdicts : [verdicts as Verdict];
}

/** The option that selects the Region of the deployment in a command of AWS. */
export const region = ({ stack }: Placed): string => `--region ${stack.region}`;

/** A span of seconds in words. */
export function spanOf(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** Tells operations of a suppression that silences much or lasts long. */
import type { Suppression } from '../lib/notify/suppression.ts';
import { tellOperations } from '../lib/store/operations-notice.ts';
import { plain, printable } from '../lib/text/untrusted.ts';
import type { Deployment } from './deployment.ts';
import { scopeText } from './rule-text.ts';

/** The limit of SNS. */
const SUBJECT_LENGTH = 100;

/** A line for the person who added the rule: whether operations were told, and what to do if not. */
export async function tellOfWideRule(
  rule: Suppression,
  why: string,
  by: string,
  { operations, again }: Pick<Deployment, 'operations' | 'again'>,
): Promise<string> {
  const because = `the rule ${why}`;
  if (!operations)
    return `operations were not told that ${because}, because only the outputs of a stack name their topic. Tell them, or use --stack next time`;
  try {
    await tellOperations(operations.connection, operations.topic, noticeOf(rule, why, by, again));
    return `operations were told, because ${because}`;
  } catch (error) {
    const { name, message } = error as Error;
    return `operations could not be told that ${because} (${printable(`${name}: ${message}`)}). Tell them, or allow sns:Publish on ${operations.topic}`;
  }
}

function noticeOf(rule: Suppression, why: string, by: string, again: string) {
  const text = [
    `Alerts about ${scopeText(rule)} are silent until ${rule.expires}. You are told because the rule ${why}.`,
    `Rule ${rule.id}, owner ${rule.owner}, added by ${by}.`,
    `Reason: ${rule.reason}`,
    'Findings are still recorded and name the rule in suppressedBy.',
    `Remove it: npx --no-install sweepwatch suppress remove ${rule.id} ${again}`,
  ];
  return {
    subject: plain(`Suppression added: ${scopeText(rule)}`).slice(0, SUBJECT_LENGTH),
    text: `${text.map(plain).join('\n')}\n`,
  };
}

/** The texts of an alert in Security Hub: its title, what happened in two sentences, what to do first. */
import type { AlertEvent } from '../finding/lifecycle.ts';
import type { Finding } from '../finding/model.ts';
import { alertSubject } from './message.ts';
import { closing, firstAction, inShort, isOurs } from './text.ts';

/** The texts, of any length. */
export const hubTexts = (event: AlertEvent, finding: Finding) => ({
  title: alertSubject(event, finding),
  description: [inShort(finding), isOurs(finding), event === 'closed' ? closing(finding) : '']
    .filter(Boolean)
    .join(' '),
  recommendation: event === 'closed' ? '' : firstAction(finding),
});

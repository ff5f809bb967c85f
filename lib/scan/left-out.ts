/** What is known of the contacts that the samples of a source's hours left out. */
import type { Pane, SeenContact, SourceEvidence } from '../evidence/evidence.ts';
import { mayBeLeftOut, wasAnswered } from '../evidence/sample.ts';
import { SEEN_CONVERSATION, SEEN_REPLY } from '../evidence/seen.ts';

/** What was seen of a contact in an hour whose sample left it out: an answer, and more than a touch. */
export const SEEN_UNKEPT = SEEN_REPLY | SEEN_CONVERSATION;

/** Whether the contact was answered in one of the epoch hours `[from, to)`, and their samples left it out. */
export function isAnsweredUnkept(contact: SeenContact, { panes }: SourceEvidence, from: number, to: number): boolean {
  for (const { hour, sample } of panes) if (hour >= from && hour < to && wasAnswered(sample, contact)) return true;
  return false;
}

/** If an earlier hour is sampled, a visit in it may not have been kept. */
export const isSurelyFirst = (contact: SeenContact, { hour }: Pane, { panes }: SourceEvidence): boolean =>
  panes.every((pane) => pane.hour >= hour || !mayBeLeftOut(pane.sample, contact));

/** The filter policy of the addresses in `emails`. This file must not import zod. */
import { SEVERITIES } from '../finding/model.ts';
import type { Settings } from './settings-types.ts';

/** A value that passes, or the absence of the attribute. */
type Condition = string | { readonly exists: boolean };

/**
 * Values by message attribute. Messages without an attribute pass: the digest has neither, findings of signals have no
 * direction. Undefined if all alerts are mailed.
 */
export function emailFilterPolicy({
  emailFilter,
}: Pick<Settings, 'emailFilter'>): Record<string, Condition[]> | undefined {
  if (emailFilter === undefined) return undefined;
  const absent = { exists: false };
  const severities = SEVERITIES.slice(SEVERITIES.indexOf(emailFilter.minSeverity));
  return { severity: [...severities, absent], direction: [...emailFilter.directions, absent] };
}

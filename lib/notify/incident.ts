/** An alert as an incident: what pagers ask for, under the words of PagerDuty's Events API v2. */
import type { AlertEvent } from '../finding/lifecycle.ts';
import type { Finding, Severity } from '../finding/model.ts';
import { plain } from '../text/untrusted.ts';
import { whoseOf } from './name.ts';

/** The fields that an input transformer copies into the body of PagerDuty. */
export interface Incident {
  /** Opens or updates the incident of this key, or resolves it. */
  readonly action: 'trigger' | 'resolve';
  /** The id of the finding, so that all alerts about it are one incident. */
  readonly key: string;
  readonly severity: 'critical' | 'error' | 'warning' | 'info';
  /** The subject of the alert. */
  readonly summary: string;
  /** The address that scanned, or another name of who did. */
  readonly source: string;
}

/** Severities of pagers. */
const LEVELS: Readonly<Record<Severity, Incident['severity']>> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'info',
  informational: 'info',
};
/** PagerDuty takes 1,024 characters. */
const SOURCE_LIMIT = 255;

/**
 * The incident of an alert. A test has none, since no later alert would resolve it. Input transformers put text into a template without looking at it, so the texts have no
 * character that ends a JSON string.
 * @param summary the subject of the alert.
 */
export const incidentOf = (event: AlertEvent, finding: Finding, summary: string): Incident | undefined =>
  finding.test
    ? undefined
    : {
        action: event === 'closed' ? 'resolve' : 'trigger',
        key: finding.id,
        severity: LEVELS[finding.severity],
        summary: harmless(summary),
        source: harmless(whoseOf(finding)).slice(0, SOURCE_LIMIT) || 'unknown',
      };

const harmless = (text: string): string => plain(text).replace(/["\\]/g, '?');

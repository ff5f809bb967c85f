/**
 * What the evidence says of a source that was not reported, or was: how far it was from each threshold, and which
 * contexts weighed for and against. Pure, for files and for tables alike.
 */
import { SOURCE_DETECTIONS } from '../detections/index.ts';
import { testName } from '../detections/tests.ts';
import type { SourceEvidence } from '../evidence/evidence.ts';
import { describeQuality, SAMPLED } from '../evidence/quality.ts';
import { hasInitiatorHalf, isFailure, outcomeOf } from '../evidence/seen.ts';
import { distinctContacts, firstContacts } from '../scan/contacts.ts';
import { type Ceiling, CONTEXTS, type ContextName } from '../scan/contexts.ts';
import { type HorizonName, LONGEST_SECONDS } from '../scan/detection.ts';
import type { FirstContact } from '../scan/first-contact.ts';
import { type Lack, type Nearest, nearestWindows } from '../scan/nearest.ts';
import { detectScans, type JudgingContext } from './describe-scan.ts';
import { type Direction, type Finding, type FindingSource, isoTime } from './model.ts';
import { findingSource } from './source.ts';

/** A value and what it had to reach. */
interface Against {
  readonly value: number;
  readonly threshold: number;
}

/** Contacts of a context: what each is worth for a scan and against it. */
export interface WeighedContext {
  readonly context: ContextName;
  readonly contacts: number;
  readonly failure: number;
  readonly success: number;
  /** The highest severity that such contacts allow alone. */
  readonly atMost?: Ceiling;
}

/** How near a source came to one threshold of one detection. */
export interface ExplainedWindow {
  readonly detection: string;
  readonly test: string;
  readonly direction: Direction;
  readonly horizon: HorizonName;
  /** The target or the port that the contacts share, if any. */
  readonly shared?: string;
  readonly from: string;
  readonly to: string;
  readonly failures: Against;
  /** Failures for each success. The value is absent without successes, when there is nothing to compare. */
  readonly perSuccess: { readonly value?: number; readonly threshold: number };
  readonly walk: Against;
  /** Recurring failures, which count only beyond the limit. */
  readonly recurring: Against;
  readonly lacks: readonly Lack[];
  /** 1 if met. */
  readonly nearness: number;
  readonly contexts: readonly WeighedContext[];
}

/** What the evidence says of a source. */
export interface Explanation {
  readonly source: FindingSource;
  readonly inside: boolean;
  /** First and last contact. */
  readonly from: string;
  readonly to: string;
  readonly contacts: {
    /** Distinct contacts of each hour that the source began. */
    readonly begun: number;
    /** Those not made in the hour before, and decided. */
    readonly first: number;
    readonly failed: number;
    readonly answered: number;
    readonly recurring: number;
    /** Contacts whose answer is not overdue yet. */
    readonly waiting: number;
  };
  /** For each detection and horizon, the nearest first. */
  readonly windows: readonly ExplainedWindow[];
  /** The scans that this evidence shows, before the traffic of others is weighed. */
  readonly scans: readonly Pick<Finding, 'id' | 'kind' | 'severity' | 'direction' | 'firstSeen' | 'lastSeen'>[];
  readonly isSampled: boolean;
  readonly dataQuality: readonly string[];
}

/** Explains a source by its evidence. */
export function explainSource(evidence: SourceEvidence, context: JudgingContext): Explanation {
  const first = firstContacts(evidence, context.settings, context);
  const distinct = distinctContacts(evidence, context.settings, context, LONGEST_SECONDS);
  const begun = evidence.panes.flatMap(({ contacts }) => contacts.filter(({ seen }) => hasInitiatorHalf(seen)));
  const quality = evidence.panes.reduce((bits, pane) => bits | pane.quality, 0);
  const times = begun.length ? begun : evidence.panes.flatMap(({ contacts }) => contacts);
  return {
    source: findingSource(evidence.address, evidence.scope, evidence.identity),
    inside: evidence.inside,
    from: isoTime(times.reduce((least, { firstStart }) => Math.min(least, firstStart), Number.POSITIVE_INFINITY)),
    to: isoTime(times.reduce((most, { lastEnd }) => Math.max(most, lastEnd), 0)),
    contacts: {
      begun: begun.length,
      first: first.length,
      failed: first.filter(({ outcome }) => isFailure(outcome)).length,
      answered: first.filter(({ outcome }) => !isFailure(outcome)).length,
      recurring: first.filter(({ isHabit }) => isHabit).length,
      waiting: begun.filter(({ seen, lastEnd }) => outcomeOf(seen) === 'unanswered' && lastEnd >= context.overdueBefore)
        .length,
    },
    windows: nearestWindows({ first, distinct }, SOURCE_DETECTIONS, context.settings).map(explainWindow),
    scans: detectScans(evidence, context).map(({ finding }) => ({
      id: finding.id,
      kind: finding.kind,
      severity: finding.severity,
      ...(finding.direction && { direction: finding.direction }),
      firstSeen: finding.firstSeen,
      lastSeen: finding.lastSeen,
    })),
    isSampled: (quality & SAMPLED) !== 0,
    dataQuality: describeQuality(quality, evidence),
  };
}

function explainWindow(nearest: Nearest): ExplainedWindow {
  const { detection, rule, direction, shared, contacts, failures, successes } = nearest;
  return {
    detection: detection.id,
    test: testName(detection.test, rule.horizon),
    direction,
    horizon: rule.horizon,
    ...(shared && { shared }),
    from: isoTime(contacts.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY)),
    to: isoTime(contacts.reduce((most, { end }) => Math.max(most, end), 0)),
    failures: { value: failures, threshold: nearest.floor },
    perSuccess: { ...(successes > 0 && { value: round(failures / successes) }), threshold: nearest.perSuccess },
    walk: { value: round(nearest.walk), threshold: round(nearest.bound) },
    recurring: { value: nearest.recurring, threshold: nearest.habitLimit },
    lacks: nearest.lacks,
    nearness: round(nearest.nearness),
    contexts: contextsOf(contacts),
  };
}

/** The contexts of contacts, the most frequent first. */
function contextsOf(contacts: readonly FirstContact[]): WeighedContext[] {
  return [...Map.groupBy(contacts, ({ context }) => context)]
    .map(([context, members]) => ({ context, contacts: members.length, ...CONTEXTS[context] }))
    .sort((a, b) => b.contacts - a.contacts);
}

const round = (value: number): number => Math.round(value * 100) / 100;

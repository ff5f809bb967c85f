/** What an audit of permissions looks at, and its results. */

/** What the audit looks at. */
export const RULES = [
  'wiring',
  'call denied',
  'unused',
  'wildcard',
  'managed policy',
  'key used by hand',
  'service denied',
  'confused deputy',
  'log delivery',
  'plain HTTP',
  'foreign principal',
  'locked out',
  'owner',
  'data',
  'type',
  'readable',
] as const;

/** One thing that is wrong, or would be if nobody had accepted it. */
export interface Problem {
  readonly rule: (typeof RULES)[number];
  /** The mistake, by the names of constructs, so that deployments can be compared. */
  readonly text: string;
}

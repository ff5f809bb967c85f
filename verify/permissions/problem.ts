/** The result of an audit. */

/** One thing that is wrong, or would be if nobody had accepted it. */
export interface Problem {
  /** One of the audit's RULES. */
  readonly rule: string;
  /** The mistake, by the names of constructs, so that deployments can be compared. */
  readonly text: string;
}

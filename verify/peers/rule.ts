/** What every re-implemented rule is: records in, alarms out. */
import type { FlowRecord } from './record.ts';

/** What a rule would have told its user. Times are epoch seconds of log time. */
export interface Alarm {
  readonly source: string;
  /** The one host that was scanned, where the rule is about one. */
  readonly target?: string;
  /** When the rule was first satisfied. */
  readonly at: number;
  readonly kind: string;
}

/** A published rule with its default settings. */
export interface Rule {
  /** Name of its row in the tables. */
  readonly name: string;
  /** The alarms over records that are ordered by their end. */
  readonly alarms: (records: readonly FlowRecord[]) => Iterable<Alarm>;
}

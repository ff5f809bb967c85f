/** Recent: which open findings were judged a moment ago, so that a scan seen by many files is not read again for each. */
import { type Direction, epochSeconds } from '../finding/model.ts';
import type { StoredFinding } from '../store/finding-item.ts';

/** Seconds of log time in which a source with an open finding is read once. */
const ONCE_IN = 60;
/** Findings that are remembered; a flood of them is forgotten, and then read again. */
const MOST = 10_000;

/** What a file says of a source that may be a scanner. */
export interface Sighting {
  /** Log time of the file. */
  readonly logTime: number;
  readonly directions: ReadonlySet<Direction>;
}

interface Judgement {
  readonly judgedAt: number;
  readonly lastSeen: number;
}

/** Remembers judgements that changed nothing, which the findings table does not. */
export class Recent {
  #judged = new Map<string, Judgement>();

  /** Notes a judgement of a finding that is open. */
  note(id: string, judgement: Judgement): void {
    if (this.#judged.size >= MOST) this.#judged.clear();
    this.#judged.set(id, judgement);
  }

  /**
   * Whether all that a file says of a source goes on with scans that are open, and were judged within the minute: so soon
   * after their last probes that nothing in the file can be the beginning of another finding.
   * @param gap seconds of silence after which other targets make another finding.
   */
  covers(stored: readonly StoredFinding[], { logTime, directions }: Sighting, gap: number): boolean {
    const fresh = stored
      .filter(({ finding }) => finding.status === 'open')
      .filter(({ finding, judgedAt }) => {
        const known = this.#judged.get(finding.id);
        const lastJudged = Math.max(judgedAt, known?.judgedAt ?? 0);
        const lastSeen = Math.max(epochSeconds(finding.lastSeen), known?.lastSeen ?? 0);
        return Math.abs(logTime - lastJudged) < ONCE_IN && logTime - lastSeen < Math.min(gap, ONCE_IN);
      })
      .map(({ finding }) => finding.direction);
    return directions.size > 0 && [...directions].every((direction) => fresh.includes(direction));
  }
}

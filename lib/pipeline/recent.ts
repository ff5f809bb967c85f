/**
 * Remembers which open findings were judged a moment ago, so that a scan seen by many files is not read again for each.
 */
import { type Direction, epochSeconds } from '../finding/model.ts';
import type { StoredFinding } from '../store/finding-item.ts';

/** A source with an open finding is read only once within this many seconds of log time. */
const ONCE_IN = 60;
/** Number of findings to remember. Beyond it all are forgotten, and their sources are read again. */
const MOST = 10_000;

/** The evidence in one file about a source that may be a scanner. */
export interface Sighting {
  /** Log time of the file. */
  readonly logTime: number;
  readonly directions: ReadonlySet<Direction>;
  /** The first epoch hour in which the file has contacts of the source, of whatever outcome. */
  readonly firstHour: number;
}

interface Judgement {
  readonly judgedAt: number;
  readonly lastSeen: number;
}

/** Remembers judgements that changed nothing, since the findings table does not record them. */
export class Recent {
  #judged = new Map<string, Judgement>();

  /** Remembers a judgement of an open finding. */
  note(id: string, judgement: Judgement): void {
    if (this.#judged.size >= MOST) this.#judged.clear();
    this.#judged.set(id, judgement);
  }

  /**
   * Whether everything that a file shows about a source continues open scans that were judged within the last minute.
   * Nothing in the file can then be the beginning of another finding.
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

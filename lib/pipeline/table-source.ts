/** Evidence about one source from the windows table, for one judgement. */
import { type Fragment, mergeFragments, type SourceEvidence } from '../evidence/evidence.ts';
import type { Hours } from '../store/finding-item.ts';
import type { SourceName } from '../store/keys.ts';
import type { KnownPacked, WindowsStore } from '../store/windows-store.ts';
import type { SourceReader } from './evidence-reader.ts';

export class TableSource implements SourceReader {
  readonly #own: Stretch;
  readonly #packed: Stretch;

  /**
   * @param present the first epoch hour of the present. Hours before it are read once and eventually consistent, as if
   * the evidence of the last second had come a second later. Late evidence leaves a mark of its own.
   * @param packed packed items of an outside source that were already read. For packed items, the present begins after
   * them.
   */
  constructor(windows: WindowsStore, name: SourceName, present: number, packed?: KnownPacked) {
    this.#own = new Stretch(present, ({ from, to }, isPast) => windows.readOwnItems(name, from, to, isPast));
    const presentOfPacked = packed ? Math.max(...packed.hours) + 1 : present;
    this.#packed = new Stretch(presentOfPacked, ({ from, to }, isPast) =>
      (isPast && packed ? packed.view : windows).readPackedItems(name, from, to, { packed, isPast }),
    );
  }

  async read(
    hours: Hours,
    isEnough: (suspects: SourceEvidence | undefined) => boolean,
  ): Promise<SourceEvidence | undefined> {
    const own = await this.#own.read(hours);
    if (isEnough(mergeFragments(own))) return undefined;
    return mergeFragments([...own, ...(await this.#packed.read(hours))]);
  }

  renew(): void {
    this.#own.forgetPresent();
    this.#packed.forgetPresent();
  }
}

/** Fragments of consecutive hours. A wider range reads only what is missing. */
class Stretch {
  readonly #present: number;
  readonly #readHours: (hours: Hours, isPast: boolean) => Promise<readonly Fragment[]>;
  #known: (Hours & { readonly fragments: readonly Fragment[] }) | undefined;

  constructor(present: number, readHours: (hours: Hours, isPast: boolean) => Promise<readonly Fragment[]>) {
    this.#present = present;
    this.#readHours = readHours;
  }

  async read({ from, to }: Hours): Promise<Fragment[]> {
    const known = this.#known;
    const missing = known
      ? [
          { from: known.to + 1, to },
          { from, to: known.from - 1 },
        ]
      : [{ from, to }];
    const parts = missing.flatMap((hours) => this.#split(hours)).filter((hours) => hours.from <= hours.to);
    const read = await Promise.all(parts.map((hours) => this.#readHours(hours, hours.to < this.#present)));
    const fragments = [...(known?.fragments ?? []), ...read.flat()];
    this.#known = { from: Math.min(from, known?.from ?? from), to: Math.max(to, known?.to ?? to), fragments };
    return fragments.filter(({ hour }) => hour >= from && hour <= to);
  }

  forgetPresent(): void {
    const known = this.#known;
    if (!known) return;
    const to = Math.min(known.to, this.#present - 1);
    const fragments = known.fragments.filter(({ hour }) => hour <= to);
    this.#known = known.from <= to ? { from: known.from, to, fragments } : undefined;
  }

  /** The present first, then the past. */
  #split({ from, to }: Hours): Hours[] {
    return [
      { from: Math.max(from, this.#present), to },
      { from, to: Math.min(to, this.#present - 1) },
    ];
  }
}

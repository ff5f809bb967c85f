/** Who and what the findings of a day are about most: sources, targets and ports, with those that are new. */
import type { Finding } from '../finding/model.ts';
import { countOf } from '../text/wording.ts';

/** How many of each are named. */
const TOP = 5;

/** A source, a target or a port. */
export interface Active {
  /** An address, a port, or the name of an actor. Text from logs. */
  readonly name: string;
  /** Number of scans that it is part of, as far as their samples tell. */
  readonly scans: number;
  /** Whether no finding of the days before names it. Absent if these are too many to look through. */
  readonly isNew?: boolean;
}

export interface MostActive {
  readonly sources: readonly Active[];
  readonly targets: readonly Active[];
  readonly ports: readonly Active[];
}

/** The lists, in the order in which they are shown. */
const LISTS = ['sources', 'targets', 'ports'] as const;

const NAMES: Readonly<Record<(typeof LISTS)[number], (finding: Finding) => readonly (string | number)[]>> = {
  sources: ({ source, sources, actor }) =>
    source ? [source.address] : (sources?.sample ?? (actor ? [actor.user ?? actor.name] : [])),
  targets: ({ targets }) => targets.sample,
  ports: ({ ports }) => ports.sample,
};

const keyOf = (list: (typeof LISTS)[number], name: string): string => `${list} ${name}`;

/** Everything that a finding names, to be compared with the findings of a later day. */
export const namedBy = (finding: Finding): string[] =>
  LISTS.flatMap((list) => NAMES[list](finding).map((name) => keyOf(list, String(name))));

/**
 * The most frequent sources, targets and ports. Sources inside come before those outside, whose scans are the background
 * noise of the internet.
 * @param known what the findings of the days before named ({@link namedBy}). Undefined if that is not known.
 */
export function mostActive(findings: readonly Finding[], known?: ReadonlySet<string>): MostActive {
  const topOf = (list: (typeof LISTS)[number]): Active[] => {
    const counts = new Map<string, { scans: number; inside: number }>();
    for (const finding of findings)
      for (const name of new Set(NAMES[list](finding).map(String))) {
        const { scans, inside } = counts.get(name) ?? { scans: 0, inside: 0 };
        counts.set(name, { scans: scans + 1, inside: inside + Number(finding.direction !== 'inbound') });
      }
    return [...counts]
      .sort(
        ([a, of], [b, others]) =>
          Number(others.inside > 0) - Number(of.inside > 0) || others.scans - of.scans || (a < b ? -1 : 1),
      )
      .slice(0, TOP)
      .map(([name, { scans }]) => ({ name, scans, ...(known && { isNew: !known.has(keyOf(list, name)) }) }));
  };
  return { sources: topOf('sources'), targets: topOf('targets'), ports: topOf('ports') };
}

/** A line for each list that has an entry: `Ports: 22 (7 scans), 23 (new, 1 scan)`. */
export const activeLines = (active: MostActive): string[] =>
  LISTS.filter((list) => active[list].length > 0).map(
    (list) => `${list[0]!.toUpperCase()}${list.slice(1)}: ${active[list].map(activeText).join(', ')}`,
  );

/** Longer names are cut. Addresses have at most 39 characters. */
const LONGEST = 48;

const activeText = ({ name, scans, isNew }: Active): string =>
  `${name.length > LONGEST ? `${name.slice(0, LONGEST - 3)}...` : name} (${isNew ? 'new, ' : ''}${countOf(scans, 'scan')})`;

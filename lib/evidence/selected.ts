/** Selects the sources of a table that can become findings, by counts and columns, so that others cost no objects. */
import { ContactColumns } from '../kernel/contact-columns.ts';
import type { ContactTable, PaneView } from '../kernel/contact-table.ts';
import { GroupCounter, type LeastEvidence } from './least-evidence.ts';
import { isFailedProbe, mayBeProbe } from './seen.ts';
import { PossibleFindings, type WindowFloors } from './window-floors.ts';

const UDP = 17;

/** What is known of the addresses of a table, by their numbers. */
interface Addresses {
  /** A number for the network of an address. */
  networkKey(source: number): number;
  isInside(source: number): boolean;
  /** Whether two numbers of targets of the source may be one address. */
  mayHaveNamesakes(source: number): boolean;
}

/** The hours of a source, with what it can be as far as its windows tell. */
interface Selected {
  readonly views: readonly PaneView[];
  /** Whether it can have a finding of its own. */
  readonly mayScan: boolean;
  /** Whether it can be a member of a campaign. */
  readonly mayShare: boolean;
}

/**
 * The sources with at least this much evidence, in the order of the table.
 * @param least default: every source.
 * @param floors leaves out sources that can be nothing by their windows. Default: none.
 */
export function* selected(
  table: ContactTable,
  addresses: Addresses,
  least?: LeastEvidence,
  floors?: WindowFloors,
): Generator<Selected> {
  if (!least) {
    for (const views of table.sources()) yield { views, mayScan: true, mayShare: true };
    return;
  }
  const outsideFailures = Math.min(least.failures, ...least.outside.map(({ floor }) => floor));
  const failures = table.failedProbes();
  const crowded = crowdedNetworks(failures, least.network, addresses);
  const isOfCrowd = (source: number) =>
    failures[source]! > 0 && !addresses.isInside(source) && crowded.has(addresses.networkKey(source));
  const isWanted = (source: number) =>
    failures[source]! >= outsideFailures || addresses.isInside(source) || isOfCrowd(source);
  const possible = floors && new PossibleFindings(floors);
  const columns = new ContactColumns();
  for (const panes of table.panes(isWanted)) {
    const source = table.sourceOf(panes[0]!);
    const place = { isInside: addresses.isInside(source), mayHaveNamesakes: addresses.mayHaveNamesakes(source) };
    table.readColumns(panes, columns);
    const mayScan = possible?.mayScan(columns, place) ?? true;
    const mayShare = isOfCrowd(source) || (possible?.mayShare(columns, place) ?? true);
    const isEnough = () =>
      failures[source]! >= least.failures || isOfCrowd(source) || mayAddUp(columns, place.isInside, least, addresses);
    if ((mayScan || mayShare) && isEnough()) yield { views: table.views(panes), mayScan, mayShare };
  }
}

/** The networks in which at least so many outside sources failed, by their keys. */
function crowdedNetworks(failures: Uint32Array, least: number, addresses: Addresses): ReadonlySet<number> {
  const counts = new Map<number, number>();
  for (let source = 1; source < failures.length; source++) {
    if (failures[source] === 0 || addresses.isInside(source)) continue;
    const key = addresses.networkKey(source);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return new Set([...counts].filter(([, count]) => count >= least).map(([key]) => key));
}

/**
 * Whether contacts that failed or were left at once may add up to a scan: a share of a campaign, or a sweep of open
 * ports.
 */
function mayAddUp(
  { length, target, service, seen }: ContactColumns,
  inside: boolean,
  least: LeastEvidence,
  addresses: Addresses,
): boolean {
  const counter = new GroupCounter<number>(inside ? least.inside : least.outside);
  const shares = new GroupCounter<number>(inside ? least.shares : []);
  for (let row = 0; row < length; row++) {
    const isLateral = inside && addresses.isInside(target[row]!);
    if (isLateral && isFailedProbe(seen[row]!) && shares.add(target[row]!, service[row]!)) return true;
    // UDP exchanges are often one datagram each way, so nobody can tell whether a UDP service was left at once.
    if ((inside && (service[row]! & 255) === UDP) || !mayBeProbe(seen[row]!)) continue;
    if (counter.add(target[row]!, service[row]!, isLateral)) return true;
  }
  return false;
}

/** Reads from the windows table what the traffic of others says of a source's detections. */

import { mergeFragments } from '../evidence/evidence.ts';
import type { DetectedFinding } from '../finding/describe-scan.ts';
import {
  areErrors,
  Completions,
  hoursAround,
  mayCauseError,
  possibleAskers,
  questionable,
  serviceKey,
  weighed,
} from '../finding/surroundings.ts';
import type { ReaderOptions } from './reading.ts';
import type { Uses } from './uses.ts';

type Options = Pick<ReaderOptions, 'windows' | 'networks' | 'settings'>;

/** The detections as the traffic of others shows them; reads nothing where it could not matter. */
export async function inSurroundings(
  options: Options,
  detections: readonly DetectedFinding[],
  uses: Uses,
): Promise<readonly DetectedFinding[]> {
  const seen: DetectedFinding[] = [];
  for (const detection of detections) {
    if (areErrors(detection, await askersOf(options, detection))) continue;
    seen.push(weighed(detection, await completionsOf(uses, detection), options.settings));
  }
  return seen;
}

async function askersOf({ windows, networks }: Options, detection: DetectedFinding): Promise<ReadonlySet<string>> {
  const { source } = detection.finding;
  const { from, to } = hoursAround(detection);
  const askers = new Set<string>();
  for (const address of possibleAskers(detection)) {
    const scope = networks.isInsideText(address) ? source!.scope : 'internet';
    const evidence = mergeFragments(await windows.readSource({ scope, address }, from, to));
    const asked = evidence?.panes.some(({ contacts }) =>
      contacts.some(({ target, protocol, seen }) => target === source!.address && mayCauseError(seen, protocol)),
    );
    if (asked) askers.add(address);
  }
  return askers;
}

async function completionsOf(uses: Uses, detection: DetectedFinding): Promise<Completions> {
  const completions = new Completions();
  const services = questionable(detection).map(serviceKey);
  if (!services.length) return completions;
  const { from, to } = hoursAround(detection);
  for (let hour = from; hour <= to; hour++) {
    const used = await uses.of(hour);
    for (const service of services)
      for (const address of used.get(service) ?? []) completions.add(service, address, hour);
  }
  return completions;
}

/** Reads from the windows table what the traffic of others says of a source's detections. */

import type { Detection } from '../detect/detect.ts';
import {
  areErrors,
  Completions,
  hoursAround,
  isUse,
  mayCauseError,
  possibleAskers,
  questionable,
  serviceKey,
  weighed,
} from '../detect/surroundings.ts';
import { NOISE_BUCKETS } from '../store/keys.ts';
import type { WindowsStore } from '../store/windows-store.ts';
import { mergeFragments } from '../window/evidence.ts';
import type { JudgeOptions } from './judge.ts';

const PARALLEL = 8;

type Options = Pick<JudgeOptions, 'windows' | 'networks' | 'settings'>;

/** The detections as the traffic of others shows them; reads nothing where it could not matter. */
export async function inSurroundings(
  options: Options,
  detections: readonly Detection[],
): Promise<readonly Detection[]> {
  const seen: Detection[] = [];
  for (const detection of detections) {
    if (areErrors(detection, await askersOf(options, detection))) continue;
    seen.push(weighed(detection, await completionsOf(options.windows, detection), options.settings));
  }
  return seen;
}

async function askersOf({ windows, networks }: Options, detection: Detection): Promise<ReadonlySet<string>> {
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

async function completionsOf(windows: WindowsStore, detection: Detection): Promise<Completions> {
  const completions = new Completions();
  const services = new Set(questionable(detection).map(serviceKey));
  if (!services.size) return completions;
  const { from, to } = hoursAround(detection);
  const places = Array.from({ length: (to - from + 1) * NOISE_BUCKETS }, (_, at) => ({
    hour: from + Math.floor(at / NOISE_BUCKETS),
    bucket: at % NOISE_BUCKETS,
  })).values();
  const readOn = async () => {
    // Of one conversation each file may have one half.
    for (const { hour, bucket } of places)
      for (const group of Map.groupBy(await windows.outsideSources(hour, bucket), ({ address }) => address).values()) {
        const { address, panes } = mergeFragments(group)!;
        for (const contact of panes.flatMap(({ contacts }) => contacts))
          if (services.has(serviceKey(contact)) && isUse(contact.seen))
            completions.add(serviceKey(contact), address, hour);
      }
  };
  await Promise.all(Array.from({ length: PARALLEL }, readOn));
  return completions;
}

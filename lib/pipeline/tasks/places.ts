/**
 * Carries the pods and tasks that still run from day to day. A pod tells its address when it starts, and perhaps never
 * again, but what is known of it is read for five days only.
 */
import { Directory } from '../../signals/orchestrator/directory.ts';
import { Ends } from '../../signals/orchestrator/ends.ts';
import type { PlaceFact } from '../../signals/orchestrator/facts.ts';
import type { SignalsStore } from '../../store/signals-store.ts';
import type { Services } from '../services.ts';
import { type Counts, once, type Run } from './run.ts';

const HOUR = 3600;
const DAY_HOURS = 24;
/** A day is looked at this long after it began, when late events of the day before have come. */
const AFTER_HOURS = 3;
/** Events may come so many days late and still count. */
const LATE_DAYS = 5;
/** What began within this time before the day is read from the events themselves, by every judgement. */
const YOUNG_MS = 86_400_000;
/** The deletion of a pod can be lost. What began longer ago is not carried further. */
const OLDEST_MS = 180 * 86_400_000;
/** Pods and tasks that are carried. Of more, those with an address of their own come first, then the oldest. */
const MOST_CARRIED = 20_000;

/** Once a day. Without a log of orchestrators it does nothing. */
export async function carryPlaces(services: Services, run: Run): Promise<Partial<Counts>> {
  const { signals, windowDays, logger } = services;
  if (!signals) return {};
  const day = Math.floor((run.now / HOUR - AFTER_HOURS) / DAY_HOURS);
  const counts = { postponed: 0 };
  const claim = { pk: 'settle', sk: `places#${day}`, expiresAt: run.now + 2 * DAY_HOURS * HOUR };
  await once(services, run, claim, async () => {
    const directory = await directoryAt(signals, day, windowDays, run);
    if (!directory) {
      counts.postponed++;
      return false;
    }
    const { places, left } = carriedFrom(directory, day * DAY_HOURS * HOUR * 1000);
    if (left) logger.warn('pods not carried to the next day', { left, most: MOST_CARRIED });
    await signals.writePlaces(day * DAY_HOURS, places, run.now);
    return true;
  });
  return counts;
}

/** Who is where by what was carried last and told since then. Undefined if there was no time to read it. */
async function directoryAt(
  signals: SignalsStore,
  day: number,
  windowDays: number,
  { hasTime }: Run,
): Promise<Directory | undefined> {
  const directory = new Directory();
  const ends = new Ends();
  const first = day - windowDays;
  let last = day - 1;
  for (; last > first; last--) {
    const carried = await signals.readPlaces(last * DAY_HOURS);
    if (!carried) continue;
    for (const fact of carried) if (fact.type === 'place') directory.add(fact);
    break;
  }
  for (let read = Math.max(first, Math.min(last, day - LATE_DAYS)); read < day; read++) {
    if (!hasTime()) return undefined;
    const { gathered } = await signals.read({ from: read * DAY_HOURS, to: (read + 1) * DAY_HOURS - 1 });
    for (const { facts } of gathered)
      for (const fact of facts)
        if (fact.type === 'place') directory.add(fact);
        else if (fact.type === 'end') ends.add(fact.id, fact.at);
  }
  directory.close(ends);
  return directory;
}

/** What is carried to a time. */
function carriedFrom(directory: Directory, time: number): { places: PlaceFact[]; left: number } {
  const places = withoutReplaced(directory.standing(time))
    .filter(({ from }) => from < time - YOUNG_MS && from > time - OLDEST_MS)
    .sort((a, b) => Number(a.hasHostNetwork) - Number(b.hasHostNetwork) || a.from - b.from || (a.key < b.key ? -1 : 1));
  return { places: places.slice(0, MOST_CARRIED), left: Math.max(0, places.length - MOST_CARRIED) };
}

/** An instance or interface has an address once, so that a later pod with it tells the end of the one before. */
function withoutReplaced(places: readonly PlaceFact[]): PlaceFact[] {
  const latest = new Map<string, number>();
  const keysOf = ({ hasHostNetwork, instanceId, interfaceId, addresses }: PlaceFact): string[] => {
    const where = interfaceId ?? instanceId;
    return hasHostNetwork || where === undefined ? [] : addresses.map((address) => `${where} ${address}`);
  };
  for (const place of places)
    for (const key of keysOf(place)) latest.set(key, Math.max(place.from, latest.get(key) ?? 0));
  return places.filter((place) => keysOf(place).every((key) => place.from >= latest.get(key)!));
}

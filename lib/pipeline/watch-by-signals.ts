/** Starts watches of the places where somebody opened a shell or ran a tool, if the setting `watch.bySignals` says so. */
import { createHash } from 'node:crypto';
import { episodeId, type SignalEpisode } from '../finding/describe-signals.ts';
import { isoTime, severityRank } from '../finding/model.ts';
import { hostCidr } from '../net/cidr.ts';
import type { Watch } from '../notify/watch.ts';
import type { Signal } from '../signals/signal.ts';
import type { WatchesStore } from '../store/watches-store.ts';

/**
 * A watch is about a half day, so that all events of it start the same watch, in whatever order and deliveries they come.
 * An episode that goes on starts another one in the next.
 */
const SLOT_SECONDS = 43_200;
/** How long a place is watched before and after the half day. */
const BEFORE_SECONDS = 600;
const AFTER_SECONDS = 86_400;
/** Watches that one episode may start in a half day. A tool may run on many hosts at once. */
const MOST_PLACES = 8;
/** Watches that may be in force before signals start no more, since each judgement compares its source with all. */
const MOST_WATCHES = 200;

interface Watching {
  readonly secret: string;
  readonly watches?: WatchesStore;
}

/**
 * Starts the watches of some episodes. The same events start the same watches, and one that somebody ended is not
 * started again by them. @returns how many were not started because there are too many.
 */
export async function watchBySignals(
  episodes: readonly SignalEpisode[],
  { secret, watches }: Watching,
  now: number,
): Promise<number> {
  const wanted = episodes.filter(isTelling).flatMap((episode) => watchesOf(episode, secret));
  const running = wanted.filter(({ until }) => until > isoTime(now));
  if (!watches || !running.length) return 0;
  const current = await watches.current(now);
  const started = [...new Map(running.map((watch) => [watch.id, watch])).values()].filter(({ id }) => !current.has(id));
  const room = Math.max(0, MOST_WATCHES - current.countAt(now));
  for (const watch of started.slice(0, room)) await watches.start(watch);
  if (started.length) await watches.fresh(now);
  return Math.max(0, started.length - room);
}

/** Whether somebody got into a container or ran a tool, and not only by habit. */
const isTelling = ({ core }: SignalEpisode): boolean => core.some(isTellingSignal);

const isTellingSignal = ({ kind, severity }: Signal): boolean =>
  (kind === 'exec-into-container' || kind === 'tool-execution') && severityRank(severity) >= severityRank('medium');

function watchesOf(episode: SignalEpisode, secret: string): Watch[] {
  const reason = `finding ${episodeId(secret, episode)}`;
  const slots = Map.groupBy(episode.core.filter(isTellingSignal), ({ at }) => Math.floor(at / 1000 / SLOT_SECONDS));
  return [...slots].flatMap(([slot, telling]) => {
    const places = new Map(telling.flatMap(scopesOf).map((scope) => [JSON.stringify(scope), scope] as const));
    return [...places].slice(0, MOST_PLACES).map(
      ([name, scope]): Watch => ({
        id: createHash('sha256').update(`${slot} ${name}`).digest('hex').slice(0, 12),
        ...scope,
        owner: 'signals',
        reason,
        sensitivity: 'high',
        from: isoTime(slot * SLOT_SECONDS - BEFORE_SECONDS),
        until: isoTime((slot + 1) * SLOT_SECONDS + AFTER_SECONDS),
      }),
    );
  });
}

/** The addresses of a pod or host, or its instance if no address is known. A user who is far away is not a place. */
function scopesOf({ actor, place }: Signal): Pick<Watch, 'source' | 'instance'>[] {
  if (actor.kind === 'user') return [];
  const addresses = place.addresses ?? [];
  if (addresses.length) return addresses.map((address) => ({ source: hostCidr(address) }));
  return place.instanceId === undefined ? [] : [{ instance: place.instanceId }];
}

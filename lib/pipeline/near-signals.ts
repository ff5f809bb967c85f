/** What logs of orchestrators and hosts tell about some hours, as a judge of scans and the judge of signals read it. */
import { SignalMeeting } from '../finding/meet-signals.ts';
import { judgeGathered } from '../signals/gathered.ts';
import type { Fact } from '../signals/orchestrator/facts.ts';
import type { Hours } from '../store/finding-item.ts';
import type { SignalsStore } from '../store/signals-store.ts';

/**
 * Hours before a signal that are read for the habits of callers, for the history of a namespace, and for the pods that
 * still run. Rules ask whether the same happened on three earlier days, so a fifth day is never asked for.
 */
const PAST_HOURS = 120;
/**
 * Pods that told their address before that are carried from day to day. These days are looked at, in hours before the
 * judged ones: the second is for a day that could not be carried, the others for the first days of a deployment.
 */
const CARRIED_HOURS = [48, 72, 24, 0];
/** Hours before that are read as they are at this moment: those in which findings may change. */
const FRESH_HOURS = 26;
/** Hours after a signal: the end of its episode, and repetitions that make it a habit. */
const LATER_HOURS = 48;

/** Signals, the places of pods and tasks, and on how many items they rest. */
export interface NearSignals {
  readonly meeting: SignalMeeting;
  /** The time of the last event, epoch seconds. */
  readonly lastAt: number;
  /** Number of items in an inclusive range of epoch hours. */
  readonly itemsIn: (hours: Hours) => number;
  /** Facts that were dropped at a memory limit. */
  readonly dropped: number;
}

/**
 * Reads what is known about some epoch hours, with what rules need before and after them. The days before are read
 * eventually consistent.
 */
export async function readNearSignals(store: SignalsStore, { from, to }: Hours): Promise<NearSignals> {
  const past = await store.readPast({ from: from - PAST_HOURS, to: from - FRESH_HOURS - 1 });
  const fresh = await store.read({ from: from - FRESH_HOURS, to: to + LATER_HOURS });
  const carried = { facts: await readCarried(store, from), hosts: [] };
  const { signals, directory, lastAt, dropped } = judgeGathered([...past.gathered, ...fresh.gathered, carried]);
  const items = [...past.items, ...fresh.items];
  return {
    meeting: new SignalMeeting({ signals, directory }),
    lastAt: lastAt / 1000,
    itemsIn: (hours) => {
      let count = 0;
      for (const [hour, ofHour] of items) if (hour >= hours.from && hour <= hours.to) count += ofHour;
      return count;
    },
    dropped,
  };
}

/** The pods that ran some days before an epoch hour. Ends and addresses since then are among what is read as it came. */
async function readCarried(store: SignalsStore, hour: number): Promise<readonly Fact[]> {
  for (const before of CARRIED_HOURS) {
    const places = await store.readPlaces(Math.floor((hour - before) / 24) * 24);
    if (places) return places;
  }
  return [];
}

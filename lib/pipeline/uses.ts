/** Who from outside uses which service, hour by hour: read once for all findings that are judged in one run. */

import { mergeFragments } from '../evidence/evidence.ts';
import { isPublicPort, isUse, serviceKey } from '../finding/surroundings.ts';
import { OUTSIDE_BUCKETS } from '../store/keys.ts';
import type { WindowsStore } from '../store/windows-store.ts';

const PARALLEL = 8;

/** Outside sources by the service that they completed a contact with. */
export type UsersOfHour = ReadonlyMap<string, ReadonlySet<string>>;

/** What was read of others' traffic in one run. */
export class Uses {
  #windows: Pick<WindowsStore, 'outsideSources'>;
  #hours = new Map<number, Promise<UsersOfHour>>();

  constructor(windows: Pick<WindowsStore, 'outsideSources'>) {
    this.#windows = windows;
  }

  /** The users of every service in an epoch hour but those that are public by their port. */
  of(hour: number): Promise<UsersOfHour> {
    const known = this.#hours.get(hour) ?? this.#read(hour);
    this.#hours.set(hour, known);
    return known;
  }

  async #read(hour: number): Promise<UsersOfHour> {
    const users = new Map<string, Set<string>>();
    const buckets = Array.from({ length: OUTSIDE_BUCKETS }, (_, bucket) => bucket).values();
    const readOn = async () => {
      for (const bucket of buckets) {
        const fragments = await this.#windows.outsideSources(hour, bucket);
        // Of one conversation each file may have one half.
        for (const group of Map.groupBy(fragments, ({ address }) => address).values()) {
          const { address, panes } = mergeFragments(group)!;
          for (const contact of panes.flatMap(({ contacts }) => contacts)) {
            if (isPublicPort(contact.port) || !isUse(contact.seen)) continue;
            const service = serviceKey(contact);
            users.set(service, (users.get(service) ?? new Set()).add(address));
          }
        }
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, readOn));
    return users;
  }
}

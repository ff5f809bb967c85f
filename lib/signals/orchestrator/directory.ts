/**
 * Which pod or task had which address when. Addresses are used again within a minute, so that only an interval of time
 * says whose an address was.
 */
import { canonicalAddress } from '../../net/address.ts';
import type { Place, Signal } from '../signal.ts';
import type { Ends } from './ends.ts';
import type { PlaceFact } from './facts.ts';

/** One pod or task with what is known of its place. Times are epoch milliseconds. */
export interface Resident extends Omit<PlaceFact, 'key' | 'at' | 'type' | 'hasHostNetwork'> {
  /** It shares the address of its node with the node and others. */
  readonly hasHostNetwork: boolean;
  /** Infinity while it runs. */
  readonly to: number;
}

/** The kubelet reports an address after the first packets may have left, and clocks disagree. */
const EARLIER = 120_000;
const LATER = 60_000;
const MOST_RESIDENTS = 200_000;
/** Candidates that are named for one address. */
const MOST_NAMED = 5;

/** Collects places, and answers who was where. */
export class Directory {
  readonly #places = new Map<string, Resident>();
  #byAddress: Map<string, Resident[]> | undefined;
  #byName = new Map<string, Resident[]>();
  #instances = new Map<string, string>();
  /** Places that were dropped at the limit. */
  dropped = 0;

  add(fact: PlaceFact): void {
    // Without a uid, two pods of one name cannot be told apart: the name is all there is.
    const key = fact.uid ?? fact.id;
    const known = this.#places.get(key);
    if (!known && this.#places.size >= MOST_RESIDENTS) {
      this.dropped++;
      return;
    }
    this.#places.set(key, known ? merged(known, residentOf(fact)) : residentOf(fact));
    this.#byAddress = undefined;
  }

  get size(): number {
    return this.#places.size;
  }

  /** Closes the intervals. Call before questions, once everything was added. */
  close(ends: Ends): void {
    this.#byAddress = new Map();
    this.#byName = new Map();
    this.#instances = new Map();
    const sorted = [...this.#places.values()].sort((a, b) => a.from - b.from || (key(a) < key(b) ? -1 : 1));
    for (const place of sorted) {
      const end = ends.last(place.id, place.from);
      const namesakes = this.#byName.get(place.id) ?? [];
      // A pod that follows under the same name ends the one before.
      const resident = { ...place, to: end ?? Number.POSITIVE_INFINITY };
      const before = namesakes.at(-1);
      if (before && before.to > resident.from) namesakes[namesakes.length - 1] = { ...before, to: resident.from };
      namesakes.push(resident);
      this.#byName.set(place.id, namesakes);
      if (place.node !== undefined && place.instanceId !== undefined) this.#instances.set(place.node, place.instanceId);
    }
    for (const residents of this.#byName.values())
      for (const resident of residents)
        for (const address of resident.addresses) {
          const known = this.#byAddress.get(address) ?? [];
          known.push(resident);
          this.#byAddress.set(address, known);
        }
  }

  /** All pods and tasks that ran at a time, as facts. Call after {@link close}. */
  standing(time: number): PlaceFact[] {
    return [...this.#byName.values()]
      .flat()
      .flatMap(({ to, ...place }) =>
        place.from <= time && to > time
          ? [{ ...place, type: 'place' as const, key: place.uid ?? place.id, at: place.from }]
          : [],
      );
  }

  /** The pods and tasks that had an address at some time between two. */
  at(address: string, from: number, to: number): readonly Resident[] {
    const all = this.#byAddress?.get(address) ?? [];
    const exact = all.filter((one) => one.from <= to && one.to >= from);
    const found = exact.length ? exact : all.filter((one) => one.from - EARLIER <= to && one.to + LATER >= from);
    return found.slice(0, MOST_NAMED);
  }

  /** A pod or task by its name at a time. */
  named(id: string, at: number): Resident | undefined {
    const namesakes = this.#byName.get(id) ?? [];
    return (
      namesakes.find((one) => one.from <= at && one.to >= at) ??
      namesakes.find((one) => one.from - EARLIER <= at && one.to + LATER >= at) ??
      // An event without a time belongs to the only one.
      (namesakes.length === 1 && at === 0 ? namesakes[0] : undefined)
    );
  }

  /** The EC2 instance of a node. */
  instanceOf(node: string): string | undefined {
    return this.#instances.get(node);
  }

  /** A signal with the place that the directory knows for its pod or task. */
  resolve(signal: Signal): Signal {
    const { actor, place, at } = signal;
    const isPod = actor.kind === 'pod' || actor.namespace !== undefined;
    const id = place.taskArn ?? (isPod ? `${actor.namespace ?? ''}/${actor.name}` : undefined);
    const resident = id === undefined ? undefined : this.named(id, at);
    const node = place.nodeName ?? actor.host;
    if (!resident) {
      const instanceId = place.instanceId ?? (node === undefined ? undefined : this.instanceOf(node));
      return instanceId === undefined || instanceId === place.instanceId
        ? signal
        : { ...signal, place: { ...place, instanceId } };
    }
    return {
      ...signal,
      place: { ...place, ...placeOf(resident) },
      ...(Number.isFinite(resident.to) && signal.until !== undefined && { until: Math.min(signal.until, resident.to) }),
      ...(resident.hasHostNetwork && {
        dataQuality: [
          ...signal.dataQuality,
          'The pod uses the network of its node, so its address is that of the node and of other pods.',
        ],
      }),
    };
  }
}

/** The place of a resident in the form of a signal's. */
const placeOf = (resident: Resident): Place => ({
  addresses: resident.addresses,
  ...(resident.instanceId !== undefined && { instanceId: resident.instanceId }),
  ...(resident.interfaceId !== undefined && { interfaceId: resident.interfaceId }),
  ...(resident.platform === 'ecs' && { taskArn: resident.id }),
  ...(resident.uid !== undefined && { podUid: resident.uid }),
  ...(resident.node !== undefined && { nodeName: resident.node }),
});

const key = (place: Resident): string => `${place.id} ${place.uid ?? ''}`;

const residentOf = ({ type: _type, key: _key, at: _at, ...fact }: PlaceFact): Resident => ({
  ...fact,
  addresses: fact.addresses
    .map(canonicalAddress)
    .filter((address) => address !== undefined)
    .sort(),
  hasHostNetwork: fact.hasHostNetwork ?? false,
  to: Number.POSITIVE_INFINITY,
});

/** Both say something about one pod. Later reports repeat only what changed. */
function merged(a: Resident, b: Resident): Resident {
  return {
    ...a,
    ...b,
    ...least('node', a, b),
    ...least('nodeAddress', a, b),
    ...least('instanceId', a, b),
    ...least('interfaceId', a, b),
    ...least('image', a, b),
    ...least('uid', a, b),
    addresses: [...new Set([...a.addresses, ...b.addresses])].sort(),
    hasHostNetwork: a.hasHostNetwork || b.hasHostNetwork,
    from: Math.min(a.from, b.from),
  };
}

/** One value of both, the same whichever came first. */
function least<K extends 'node' | 'nodeAddress' | 'instanceId' | 'interfaceId' | 'image' | 'uid'>(
  name: K,
  a: Resident,
  b: Resident,
): Partial<Resident> {
  const [x, y] = [a[name], b[name]];
  const value = x === undefined ? y : y === undefined ? x : x < y ? x : y;
  return value === undefined ? {} : { [name]: value };
}

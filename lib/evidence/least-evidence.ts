/**
 * The least evidence that a source must have shown before any detection can recognise a scan. The builder, the windows
 * table and the reader all ask it, so that most sources cost little. All three use the numbers of the registry.
 */

/** Contacts that have something in common, and how many of them may be enough for a detection. */
export interface GroupFloor {
  readonly groupBy: 'target' | 'port' | 'source';
  /** TCP ports that count. Default: contacts of any protocol and port. */
  readonly tcpPorts?: ReadonlySet<number>;
  readonly floor: number;
  /** Seconds within which they must be made. */
  readonly seconds: number;
  /** Whether only contacts from inside to inside count. */
  readonly isLateral: boolean;
}

/** The evidence without which no detection can fire. */
export interface LeastEvidence {
  /** Contacts that failed or were probed without a SYN. A source with this many is examined whatever else it did. */
  readonly failures: number;
  /** A source with fewer is examined if contacts that failed or were left at once add up to one of these floors. */
  readonly inside: readonly GroupFloor[];
  /** The same for an outside source, which may be a member of a campaign. */
  readonly outside: readonly GroupFloor[];
  /** The same for an inside source that is nothing more than a member of a campaign. */
  readonly shares: readonly GroupFloor[];
  /** Outside sources of one network that are examined even with a single failure each, if there are so many of them. */
  readonly network: number;
}

const TCP = 6;

/** Port and protocol as one number. */
export const serviceNumber = ({ port, protocol }: { readonly port: number; readonly protocol: number }): number =>
  port * 256 + protocol;

const isCovered = ({ tcpPorts }: GroupFloor, service: number): boolean =>
  !tcpPorts || ((service & 255) === TCP && tcpPorts.has(service >>> 8));

/** Counts distinct contacts by group until those of one group may be enough. */
export class GroupCounter<Target extends string | number> {
  readonly #groups: readonly { readonly group: GroupFloor; readonly counts: Map<Target | number, number> }[];
  readonly #share: number;

  /** @param share part of a floor that is enough, where more contacts may be known elsewhere. */
  constructor(groups: readonly GroupFloor[], share = 1) {
    this.#groups = groups.map((group) => ({ group, counts: new Map() }));
    this.#share = share;
  }

  /** Counts a contact. Returns whether a group has enough with it. @param service see {@link serviceNumber}. */
  add(target: Target, service: number, isLateral = true): boolean {
    let isEnough = false;
    for (const { group, counts } of this.#groups) {
      if ((group.isLateral && !isLateral) || !isCovered(group, service)) continue;
      const key = group.groupBy === 'target' ? target : group.groupBy === 'port' ? service : 0;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      isEnough ||= count >= group.floor * this.#share;
    }
    return isEnough;
  }
}

/** A contact and when it was first made, epoch seconds. */
interface TimedContact {
  readonly target: string;
  readonly port: number;
  readonly protocol: number;
  readonly firstStart: number;
}

/**
 * Whether distinct contacts, which may come from several hours, add up to a share of a group's floor within its time.
 */
export function mayAddUp<Contact extends TimedContact>(
  contacts: readonly Contact[],
  isLateral: (contact: Contact) => boolean,
  groups: readonly GroupFloor[],
  share: number,
): boolean {
  return groups.some((group) => {
    const counted = contacts.filter(
      (contact) => isCovered(group, serviceNumber(contact)) && (!group.isLateral || isLateral(contact)),
    );
    const keyOf = (contact: Contact) =>
      group.groupBy === 'target' ? contact.target : group.groupBy === 'port' ? serviceNumber(contact) : 0;
    return [...Map.groupBy<string | number, Contact>(counted, keyOf).values()].some(
      (members) => mostWithin(members, group.seconds) >= group.floor * share,
    );
  });
}

/** The largest number of distinct contacts made within any span of that many seconds. */
function mostWithin(contacts: readonly TimedContact[], seconds: number): number {
  const inOrder = contacts.toSorted((a, b) => a.firstStart - b.firstStart);
  const nameOf = (contact: TimedContact) => `${contact.target} ${serviceNumber(contact)}`;
  const times = new Map<string, number>();
  let most = 0;
  let oldest = 0;
  for (const contact of inOrder) {
    for (; inOrder[oldest]!.firstStart < contact.firstStart - seconds; oldest++) {
      const left = nameOf(inOrder[oldest]!);
      const remaining = times.get(left)! - 1;
      if (remaining) times.set(left, remaining);
      else times.delete(left);
    }
    times.set(nameOf(contact), (times.get(nameOf(contact)) ?? 0) + 1);
    most = Math.max(most, times.size);
  }
  return most;
}

/** Which interface holds which address: ties of different sureness, of which the surest wins whatever the order. */
import { enterNetwork, INSIDE, kind, ownerOf, rankOf, setOwner } from './addresses';
import { INTERFACE_BYTES, INTERFACE_INDEX, INTERFACE_SLOTS, INTERFACES, MOST_INTERFACES } from './layout';

/**
 * What a row holds: the name, padded with zeros; the two addresses that all records so far had in common, where these
 * have no direction; the number of its network; what the host and the records tell of it; how many records it has.
 */
const NAME_BYTES: u32 = 48;
const CANDIDATES: u32 = 48;
const NETWORK: u32 = 56;
const TRAITS: u32 = 58;
const NAME_LENGTH: u32 = 59;
const RECORDS: u32 = 60;

/** Candidates are known; it belongs to an instance; it took in what is addressed to the outside. */
const WITHOUT_DIRECTION: u32 = 1;
export const HAS_INSTANCE: u32 = 2;
export const FORWARDS: u32 = 4;

/** No address, where number 0 would be one: that of a record without. */
const REMOVED: u32 = 0xffffffff;

/** How sure a tie is. An interface that merely saw an address says nothing of its holder but the network. */
export const OWN: u32 = 4;
const BEHIND_INSTANCE: u32 = 3;
const BEHIND: u32 = 2;
const SEEN: u32 = 1;

export const INGRESS: u32 = 1;
export const EGRESS: u32 = 2;

/**
 * Identity columns are best effort and may be "-" at first: the host looks at the first records of an interface, and then
 * at those whose number is a power of two.
 */
const FIRST_LOOKS: u32 = 16;
const LAST_LOOK: u32 = 4096;

/** Reads the text columns of the line at `[start, end)`, or of the record that the host handed in, where both are 0. */
// @ts-expect-error: decorator
@external('host', 'look')
declare function look(id: u32, start: u32, end: u32): void;

/** Rows in use, that of no interface included; beyond the most, interfaces are taken for none, and counted. */
export let count: u32 = 1;
export let unnamed: u32 = 0;
let last: u32 = 0;

// @ts-expect-error: decorator
@inline
function row(id: u32): u32 {
  return INTERFACES + id * INTERFACE_BYTES;
}

/** Whether an interface has the name of so many bytes at `at`: compared in words, the last of which overlaps. */
// @ts-expect-error: decorator
@inline
function isNamed(id: u32, at: u32, bytes: u32): bool {
  const name = row(id);
  if (load<u8>(name, NAME_LENGTH) != bytes) return false;
  if (bytes < 8) return memory.compare(name, at, bytes) == 0;
  for (let from: u32 = 0; from + 8 < bytes; from += 8) if (load<u64>(name + from) != load<u64>(at + from)) return false;
  return load<u64>(name + bytes - 8) == load<u64>(at + bytes - 8);
}

/** Whether the name of one interface stands after that of another, byte by byte. */
function isAfter(id: u32, other: u32): bool {
  for (let from: u32 = 0; from < NAME_BYTES; from += 8) {
    const a = bswap<u64>(load<u64>(row(id) + from));
    const b = bswap<u64>(load<u64>(row(other) + from));
    if (a != b) return a > b;
  }
  return false;
}

/** The number of the name at `[start, end)`, of which 48 bytes count: ids of interfaces have 21 at most. */
export function interfaceNamed(start: u32, end: u32): u32 {
  const bytes = min(end - start, NAME_BYTES);
  if (last != 0 && isNamed(last, start, bytes)) return last;
  let hash: u64 = bytes;
  for (let at: u32 = 0; at < bytes; at += 8) {
    const left = bytes - at;
    let part = load<u64>(start + at);
    if (left < 8) part &= ((<u64>1) << (left * 8)) - 1;
    hash = (hash ^ part) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  let slot = <u32>(hash >> 17) & (INTERFACE_SLOTS - 1);
  for (;;) {
    const id = load<u32>(INTERFACE_INDEX + slot * 4);
    if (id == 0) break;
    if (isNamed(id, start, bytes)) {
      last = id;
      return id;
    }
    slot = (slot + 1) & (INTERFACE_SLOTS - 1);
  }
  if (count == MOST_INTERFACES) {
    unnamed++;
    return 0;
  }
  const id = count++;
  memory.copy(row(id), start, bytes);
  setCandidate(id, 0, REMOVED);
  setCandidate(id, 1, REMOVED);
  store<u8>(row(id), <u8>bytes, NAME_LENGTH);
  store<u32>(INTERFACE_INDEX + slot * 4, id);
  last = id;
  return id;
}

export function traitsOf(id: u32): u32 {
  return load<u8>(row(id), TRAITS);
}
export function candidate(id: u32, which: u32): u32 {
  return load<u32>(row(id) + which * 4, CANDIDATES);
}
export function setCandidate(id: u32, which: u32, address: u32): void {
  store<u32>(row(id) + which * 4, address, CANDIDATES);
}

export function addTraits(id: u32, traits: u32): void {
  store<u8>(row(id), <u8>(traitsOf(id) | traits), TRAITS);
}

/** Notes the number of an interface's network; 0 for one that the host has yet to look up. */
export function setNetwork(id: u32, number: u32): void {
  store<u16>(row(id), <u16>number, NETWORK);
}

/** Says that the addresses read next are those of a record of an interface, whose network the host looks up at first. */
// @ts-expect-error: decorator
@inline
export function enter(id: u32, start: u32, end: u32): void {
  if (load<u16>(row(id), NETWORK) == 0) look(id, start, end);
  enterNetwork(load<u16>(row(id), NETWORK));
}

/** Learns from one record. */
// @ts-expect-error: decorator
@inline
export function learn(
  id: u32,
  source: u32,
  target: u32,
  ownSource: u32,
  ownTarget: u32,
  direction: u32,
  start: u32,
  end: u32,
): void {
  const at = row(id);
  const records = load<u32>(at, RECORDS) + 1;
  store<u32>(at, records, RECORDS);
  if (records <= FIRST_LOOKS || (records <= LAST_LOOK && popcnt(records) == 1)) look(id, start, end);
  if (direction == EGRESS) {
    tie(source, ownSource, id);
    sight(target, id);
  } else if (direction == INGRESS) {
    tie(target, ownTarget, id);
    if (target != ownTarget && !(kind(target) & INSIDE)) addTraits(id, FORWARDS);
    sight(source, id);
  } else if (load<u8>(at, TRAITS) & WITHOUT_DIRECTION) {
    const first = candidate(id, 0);
    const second = candidate(id, 1);
    if (first != ownSource && first != ownTarget) setCandidate(id, 0, REMOVED);
    if (second != ownSource && second != ownTarget) setCandidate(id, 1, REMOVED);
  } else {
    addTraits(id, WITHOUT_DIRECTION);
    setCandidate(id, 0, ownSource);
    setCandidate(id, 1, ownTarget);
  }
}

/** Only of an inside address does it matter who saw it: outside ones have one network. */
// @ts-expect-error: decorator
@inline
function sight(address: u32, id: u32): void {
  if (kind(address) & INSIDE) claim(address, id, SEEN);
}

// @ts-expect-error: decorator
@inline
function tie(address: u32, ownAddress: u32, id: u32): void {
  if (address == ownAddress) claim(address, id, OWN);
  // What a NAT gateway or a transit gateway forwards from outside is not its own.
  else if (kind(address) & INSIDE) claim(address, id, traitsOf(id) & HAS_INSTANCE ? BEHIND_INSTANCE : BEHIND);
}

/** Ties an address to an interface: the surer tie wins, of two the interface with the smaller name. */
export function claim(address: u32, id: u32, rank: u32): void {
  const held = rankOf(address);
  if (rank < held) return;
  const owner = ownerOf(address);
  if (rank == held && (owner == id || isAfter(id, owner))) return;
  setOwner(address, id, rank);
}

/** Concludes from all records which address is whose, where the log has no directions. */
export function conclude(): void {
  for (let id: u32 = 1; id < count; id++) {
    if (!(traitsOf(id) & WITHOUT_DIRECTION)) continue;
    const first = candidate(id, 0);
    const second = candidate(id, 1);
    if (first == REMOVED || second == REMOVED) {
      const only = first == REMOVED ? second : first;
      if (only != REMOVED) claim(only, id, OWN);
      continue;
    }
    const isFirst = (kind(first) & INSIDE) != 0;
    if (isFirst != ((kind(second) & INSIDE) != 0)) claim(isFirst ? first : second, id, OWN);
  }
}

/** Takes the candidates that another table had of an interface: those that both have in common remain. */
export function uniteCandidates(id: u32, first: u32, second: u32): void {
  if (!(traitsOf(id) & WITHOUT_DIRECTION)) {
    addTraits(id, WITHOUT_DIRECTION);
    setCandidate(id, 0, first);
    setCandidate(id, 1, second);
    return;
  }
  for (let which: u32 = 0; which < 2; which++)
    if (candidate(id, which) != first && candidate(id, which) != second) setCandidate(id, which, REMOVED);
}

/** Forgets what the records of each interface had in common: which address is its own is then not concluded. */
export function forgetCandidates(): void {
  for (let id: u32 = 1; id < count; id++) {
    setCandidate(id, 0, REMOVED);
    setCandidate(id, 1, REMOVED);
  }
}

/** Forgets all interfaces. */
export function clear(): void {
  memory.fill(INTERFACES, 0, count * INTERFACE_BYTES);
  memory.fill(INTERFACE_INDEX, 0, INTERFACE_SLOTS * 4);
  count = 1;
  last = 0;
}

/** Marks the addresses that are in use. */
export function markAddresses(marks: u32): void {
  for (let id: u32 = 1; id < count; id++)
    for (let which: u32 = 0; which < 2; which++)
      if (candidate(id, which) != REMOVED) store<u32>(marks + candidate(id, which) * 4, 1);
}

/** Keeps candidates' numbers true when addresses are renumbered; `numbers` lists the new one of each old one. */
export function renumber(numbers: u32): void {
  for (let id: u32 = 1; id < count; id++)
    for (let which: u32 = 0; which < 2; which++) {
      const address = candidate(id, which);
      if (address != REMOVED && address != 0) setCandidate(id, which, load<u32>(numbers + address * 4));
    }
}

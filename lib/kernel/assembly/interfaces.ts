/** Which interface holds which address. Ties differ in certainty, and the most certain one wins in any order. */
import { INTERFACE_BYTES, INTERFACE_CANDIDATES, INTERFACE_NAME_BYTES, INTERFACE_NAME_LENGTH, INTERFACE_NETWORK, INTERFACE_RECORDS, INTERFACE_TRAITS, KIND_INSIDE, NO_CANDIDATE, RANK_BEHIND, RANK_BEHIND_INSTANCE, RANK_OWN, RANK_SEEN, TRAIT_FORWARDS, TRAIT_INSTANCE, TRAIT_WITHOUT_DIRECTION } from '../rows';
import { enterNetwork, kind, ownerOf, rankOf, setOwner } from './addresses';
import { INTERFACE_INDEX, INTERFACE_SLOTS, INTERFACES, MOST_INTERFACES } from './layout';

export const INGRESS: u32 = 1;
export const EGRESS: u32 = 2;
/** The ends of a transit gateway's record. */
export const SOURCE_END: u32 = 1;
export const TARGET_END: u32 = 2;

/**
 * Identity columns are best effort and may be "-" at first. The host reads them for the first records of an interface,
 * and then for those whose number is a power of two.
 */
const FIRST_LOOKS: u32 = 16;
const LAST_LOOK: u32 = 4096;

/**
 * Reads the text columns of the line at `[start, end)`, or of the record that the host passed in if both are 0: those of
 * the interface, or of the VPC at the {@link SOURCE_END} or {@link TARGET_END} of a transit gateway's record.
 */
// @ts-expect-error: decorator
@external('host', 'look')
declare function look(id: u32, start: u32, end: u32, side: u32): void;

/** Rows in use, including the row for no interface. Beyond the limit, records count as having no interface. */
export let count: u32 = 1;
export let unnamed: u32 = 0;
let last: u32 = 0;

// @ts-expect-error: decorator
@inline
function row(id: u32): u32 {
  return INTERFACES + id * INTERFACE_BYTES;
}

/**
 * Whether the name of an interface equals the text at `at`. Names are compared in words, and the last word overlaps.
 */
// @ts-expect-error: decorator
@inline
function isNamed(id: u32, at: u32, bytes: u32): bool {
  const name = row(id);
  if (load<u8>(name, INTERFACE_NAME_LENGTH) != bytes) return false;
  if (bytes < 8) return memory.compare(name, at, bytes) == 0;
  for (let from: u32 = 0; from + 8 < bytes; from += 8) if (load<u64>(name + from) != load<u64>(at + from)) return false;
  return load<u64>(name + bytes - 8) == load<u64>(at + bytes - 8);
}

/** Whether the name of one interface sorts after that of another, byte by byte. */
function isAfter(id: u32, other: u32): bool {
  for (let from: u32 = 0; from < <u32>INTERFACE_NAME_BYTES; from += 8) {
    const a = bswap<u64>(load<u64>(row(id) + from));
    const b = bswap<u64>(load<u64>(row(other) + from));
    if (a != b) return a > b;
  }
  return false;
}

/** The number of the name at `[start, end)`. Only 48 bytes count, since ids of interfaces have at most 21. */
export function interfaceNamed(start: u32, end: u32): u32 {
  const bytes = min(end - start, <u32>INTERFACE_NAME_BYTES);
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
  setCandidate(id, 0, NO_CANDIDATE);
  setCandidate(id, 1, NO_CANDIDATE);
  store<u8>(row(id), <u8>bytes, INTERFACE_NAME_LENGTH);
  store<u32>(INTERFACE_INDEX + slot * 4, id);
  last = id;
  return id;
}

export function traitsOf(id: u32): u32 {
  return load<u8>(row(id), INTERFACE_TRAITS);
}
export function candidate(id: u32, which: u32): u32 {
  return load<u32>(row(id) + which * 4, INTERFACE_CANDIDATES);
}
export function setCandidate(id: u32, which: u32, address: u32): void {
  store<u32>(row(id) + which * 4, address, INTERFACE_CANDIDATES);
}

export function addTraits(id: u32, traits: u32): void {
  store<u8>(row(id), <u8>(traitsOf(id) | traits), INTERFACE_TRAITS);
}

/** Stores the number of an interface's network. 0 means that the host has not looked it up yet. */
export function setNetwork(id: u32, number: u32): void {
  store<u16>(row(id), <u16>number, INTERFACE_NETWORK);
}

/**
 * Announces that the next addresses belong to a record of this interface, whose network the host looks up the first
 * time.
 */
// @ts-expect-error: decorator
@inline
export function enter(id: u32, start: u32, end: u32): void {
  if (load<u16>(row(id), INTERFACE_NETWORK) == 0) look(id, start, end, 0);
  enterNetwork(load<u16>(row(id), INTERFACE_NETWORK));
}

/**
 * Announces that the next addresses are at one end of a transit gateway's record. VPCs are numbered like interfaces,
 * whose names are different. Number 0 is an end outside any VPC, which belongs to the network of the file.
 */
export function enterEnd(vpc: u32, start: u32, end: u32, side: u32): void {
  if (load<u16>(row(vpc), INTERFACE_NETWORK) == 0) look(vpc, start, end, vpc == 0 ? 0 : side);
  enterNetwork(load<u16>(row(vpc), INTERFACE_NETWORK));
}

/** Learns the holders of addresses from one record. */
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
  const records = load<u32>(at, INTERFACE_RECORDS) + 1;
  store<u32>(at, records, INTERFACE_RECORDS);
  if (records <= FIRST_LOOKS || (records <= LAST_LOOK && popcnt(records) == 1)) look(id, start, end, 0);
  if (direction == EGRESS) {
    tie(source, ownSource, id);
    sight(target, id);
  } else if (direction == INGRESS) {
    tie(target, ownTarget, id);
    if (target != ownTarget && !(kind(target) & KIND_INSIDE)) addTraits(id, TRAIT_FORWARDS);
    sight(source, id);
  } else if (load<u8>(at, INTERFACE_TRAITS) & TRAIT_WITHOUT_DIRECTION) {
    const first = candidate(id, 0);
    const second = candidate(id, 1);
    if (first != ownSource && first != ownTarget) setCandidate(id, 0, NO_CANDIDATE);
    if (second != ownSource && second != ownTarget) setCandidate(id, 1, NO_CANDIDATE);
  } else {
    addTraits(id, TRAIT_WITHOUT_DIRECTION);
    setCandidate(id, 0, ownSource);
    setCandidate(id, 1, ownTarget);
  }
}

/** Only for an inside address does it matter which interface saw it, since outside addresses share one network. */
// @ts-expect-error: decorator
@inline
function sight(address: u32, id: u32): void {
  if (kind(address) & KIND_INSIDE) claim(address, id, RANK_SEEN);
}

// @ts-expect-error: decorator
@inline
function tie(address: u32, ownAddress: u32, id: u32): void {
  if (address == ownAddress) claim(address, id, RANK_OWN);
  // Addresses outside that a NAT gateway or a transit gateway forwards for are not its own.
  else if (kind(address) & KIND_INSIDE) claim(address, id, traitsOf(id) & TRAIT_INSTANCE ? RANK_BEHIND_INSTANCE : RANK_BEHIND);
}

/** Ties an address to an interface. The more certain tie wins, then the interface with the smaller name. */
export function claim(address: u32, id: u32, rank: u32): void {
  const held = rankOf(address);
  if (rank < held) return;
  const owner = ownerOf(address);
  if (rank == held && (owner == id || isAfter(id, owner))) return;
  setOwner(address, id, rank);
}

/** Once all records are read, concludes which address belongs to which interface if the log has no directions. */
export function conclude(): void {
  for (let id: u32 = 1; id < count; id++) {
    if (!(traitsOf(id) & TRAIT_WITHOUT_DIRECTION)) continue;
    const first = candidate(id, 0);
    const second = candidate(id, 1);
    if (first == NO_CANDIDATE || second == NO_CANDIDATE) {
      const only = first == NO_CANDIDATE ? second : first;
      if (only != NO_CANDIDATE) claim(only, id, RANK_OWN);
      continue;
    }
    const isFirst = (kind(first) & KIND_INSIDE) != 0;
    if (isFirst != ((kind(second) & KIND_INSIDE) != 0)) claim(isFirst ? first : second, id, RANK_OWN);
  }
}

/** Intersects the candidates of an interface with those from another table. */
export function uniteCandidates(id: u32, first: u32, second: u32): void {
  if (!(traitsOf(id) & TRAIT_WITHOUT_DIRECTION)) {
    addTraits(id, TRAIT_WITHOUT_DIRECTION);
    setCandidate(id, 0, first);
    setCandidate(id, 1, second);
    return;
  }
  for (let which: u32 = 0; which < 2; which++)
    if (candidate(id, which) != first && candidate(id, which) != second) setCandidate(id, which, NO_CANDIDATE);
}

/** Forgets the candidates of all interfaces, so that no own address is concluded from them. */
export function forgetCandidates(): void {
  for (let id: u32 = 1; id < count; id++) {
    setCandidate(id, 0, NO_CANDIDATE);
    setCandidate(id, 1, NO_CANDIDATE);
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
      if (candidate(id, which) != NO_CANDIDATE) store<u32>(marks + candidate(id, which) * 4, 1);
}

/** Updates the candidates when addresses are renumbered. `numbers` lists the new number of each old one. */
export function renumber(numbers: u32): void {
  for (let id: u32 = 1; id < count; id++)
    for (let which: u32 = 0; which < 2; which++) {
      const address = candidate(id, which);
      if (address != NO_CANDIDATE && address != 0) setCandidate(id, which, load<u32>(numbers + address * 4));
    }
}

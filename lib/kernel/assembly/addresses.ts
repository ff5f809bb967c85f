/** Addresses as four 32-bit words. Each distinct address has a small number, and number 0 means no address. */
import { ADDRESS_BYTES, ADDRESS_KIND, ADDRESS_NETWORK, ADDRESS_OWNER, ADDRESS_PANE, ADDRESS_PANE_HOUR, ADDRESS_PANE_QUALITY, ADDRESS_RANK, KIND_INSIDE } from '../rows';
import {
  addresses,
  addressIndex,
  LONG_TEXT,
  LONG_TEXT_BYTES,
  LONG_TEXTS,
  slots,
  TEXT,
  TEXT_BYTES,
  TEXTS,
} from './layout';
import { mayHave, numberIn, slotOf } from './slots';

// @ts-expect-error: decorator
@external('host', 'kindOf')
declare function kindOf(w0: u32, w1: u32, w2: u32, w3: u32): u32;

/** Rows in use, including the row for no address. */
export let count: u32 = 1;

export function setCount(value: u32): void {
  count = value;
}

// @ts-expect-error: decorator
@inline
function row(id: u32): u32 {
  return addresses + id * ADDRESS_BYTES;
}

// @ts-expect-error: decorator
@inline
export function word(id: u32, position: u32): u32 {
  return load<u32>(row(id) + position * 4);
}

// @ts-expect-error: decorator
@inline
export function isIpv4(id: u32): bool {
  const at = row(id);
  return load<u64>(at) == 0 && load<u32>(at, 8) == 0xffff;
}

// @ts-expect-error: decorator
@inline
export function ownerOf(id: u32): u32 {
  return load<u16>(row(id), ADDRESS_OWNER);
}
// @ts-expect-error: decorator
@inline
export function rankOf(id: u32): u32 {
  return load<u8>(row(id), ADDRESS_RANK);
}
// @ts-expect-error: decorator
@inline
export function kind(id: u32): u32 {
  return load<u8>(row(id), ADDRESS_KIND);
}

export function setOwner(id: u32, owner: u32, rank: u32): void {
  store<u16>(row(id), <u16>owner, ADDRESS_OWNER);
  store<u8>(row(id), <u8>rank, ADDRESS_RANK);
}

/** The last pane of an address, if it is for this hour and already has all of this quality. Otherwise 0. */
// @ts-expect-error: decorator
@inline
export function lastPane(id: u32, hour: u32, quality: u32): u32 {
  const at = row(id);
  return load<u32>(at, ADDRESS_PANE_HOUR) == hour && !(quality & ~(<u32>load<u16>(at, ADDRESS_PANE_QUALITY))) ? load<u32>(at, ADDRESS_PANE) : 0;
}

// @ts-expect-error: decorator
@inline
export function setLastPane(id: u32, pane: u32, hour: u32, quality: u32): void {
  const at = row(id);
  store<u32>(at, pane, ADDRESS_PANE);
  store<u32>(at, hour, ADDRESS_PANE_HOUR);
  store<u16>(at, <u16>quality, ADDRESS_PANE_QUALITY);
}

/** Forgets the last panes, because their numbers have changed. */
export function clearLastPanes(): void {
  for (let id: u32 = 1; id < count; id++) setLastPane(id, 0, 0, 0);
}

// @ts-expect-error: decorator
@inline
function hashOf(w0: u32, w1: u32, w2: u32, w3: u32): u32 {
  let h = (w3 ^ 0x9e3779b9) * 0x85ebca6b;
  h = (h ^ (h >>> 15) ^ w2) * 0xc2b2ae35;
  h = (h ^ (h >>> 13) ^ w1) * 0x27d4eb2f;
  h = (h ^ (h >>> 16) ^ w0) * 0x165667b1;
  return h ^ (h >>> 15);
}

/** The network of the current record, as the number that the host gave to its interface. */
let network: u32 = 0;

/** Sets the network of the inside addresses that are read next. */
// @ts-expect-error: decorator
@inline
export function enterNetwork(number: u32): void {
  network = number;
}

/** Spreads equal private addresses of several networks over the index (RFC 1918, RFC 6598, RFC 4193). */
// @ts-expect-error: decorator
@inline
function hashIn(number: u32, w0: u32, w1: u32, w2: u32, w3: u32): u32 {
  const isPrivate =
    w0 == 0
      ? w3 >>> 24 == 10 || w3 >>> 20 == 0xac1 || w3 >>> 16 == 0xc0a8 || w3 >>> 22 == 0x191
      : w0 >>> 25 == 0x7e;
  return hashOf(w0, w1, w2, w3) ^ (isPrivate ? number * 0x9e3779b1 : 0);
}

/**
 * The number of an address. An inside address is numbered within the network entered last, since networks may use the
 * same addresses. The caller makes sure that there is room for one more.
 */
export function intern(w0: u32, w1: u32, w2: u32, w3: u32): u32 {
  const mask = slots - 1;
  const hash = hashIn(network, w0, w1, w2, w3);
  let place = hash & mask;
  for (;;) {
    const slot = load<u32>(addressIndex + place * 4);
    if (slot == 0) break;
    if (mayHave(slot, hash)) {
      const at = row(numberIn(slot));
      if (load<u32>(at, 12) == w3 && load<u32>(at, 8) == w2 && load<u32>(at, 4) == w1 && load<u32>(at) == w0) {
        if (!(load<u8>(at, ADDRESS_KIND) & KIND_INSIDE) || load<u16>(at, ADDRESS_NETWORK) == network) return numberIn(slot);
      }
    }
    place = (place + 1) & mask;
  }
  const id = count++;
  const at = row(id);
  store<u32>(at, w0);
  store<u32>(at, w1, 4);
  store<u32>(at, w2, 8);
  store<u32>(at, w3, 12);
  store<u32>(at, 0, ADDRESS_OWNER);
  store<u32>(at, 0, ADDRESS_RANK);
  store<u64>(at, 0, ADDRESS_PANE);
  const kinds = kindOf(w0, w1, w2, w3);
  store<u8>(at, <u8>kinds, ADDRESS_KIND);
  store<u16>(at, kinds & KIND_INSIDE ? <u16>network : 0, ADDRESS_NETWORK);
  store<u32>(addressIndex + place * 4, slotOf(id, hash));
  return id;
}

/** Rebuilds the index after it was emptied. */
export function reindex(): void {
  const mask = slots - 1;
  for (let id: u32 = 1; id < count; id++) {
    const hash = hashIn(load<u16>(row(id), ADDRESS_NETWORK), word(id, 0), word(id, 1), word(id, 2), word(id, 3));
    let place = hash & mask;
    while (load<u32>(addressIndex + place * 4) != 0) place = (place + 1) & mask;
    store<u32>(addressIndex + place * 4, slotOf(id, hash));
  }
}

/** Moves a row down to a smaller number. */
export function move(from: u32, to: u32): void {
  memory.copy(row(to), row(from), ADDRESS_BYTES);
}

/** Text that is not read as an address here. The line is left to the host, which reports the reason. */
export const NOT_READ: u32 = 0xffffffff;

/** Length of an IPv6 address with all its digits. */
const LONGEST_TEXT: u32 = 39;

const DOT: u32 = 0x2e;
const COLON: u32 = 0x3a;

/** Forgets the texts, because the numbers of their addresses have changed. */
export function clearTexts(): void {
  memory.fill(TEXT, 0, TEXTS * TEXT_BYTES);
  memory.fill(LONG_TEXT, 0, LONG_TEXTS * LONG_TEXT_BYTES);
}

/** The number of the address written at `[start, end)`, or {@link NOT_READ} if the host must read the line. */
export function read(start: u32, end: u32): u32 {
  const length = end - start;
  if (length > 16) return readLong(start, end, length);
  // The same few addresses appear again and again, so a text is looked up by its bytes. Unused bytes are zero, which no
  // text contains, since bytes below 33 are white space.
  const shift: u32 = 16 - length;
  let low = load<u64>(start);
  let high: u64 = 0;
  if (length < 8) low &= ((<u64>1) << (length * 8)) - 1;
  else high = shift < 8 ? load<u64>(start, 8) & (u64.MAX_VALUE >> (shift * 8)) : 0;
  const mixed = (low ^ rotl<u64>(high, 29)) * 0x9e3779b97f4a7c15;
  const slot = TEXT + (<u32>(mixed >> 49) & (TEXTS - 1)) * TEXT_BYTES;
  if (load<u64>(slot) == low && load<u64>(slot, 8) == high && load<u32>(slot, 20) == network) {
    const known = load<u32>(slot, 16);
    if (known != 0) return known;
  }
  const id = readIpv4(start, end);
  if (id == NOT_READ) return readIpv6(start, end);
  store<u64>(slot, low);
  store<u64>(slot, high, 8);
  store<u32>(slot, id, 16);
  store<u32>(slot, network, 20);
  return id;
}

/** The same for texts of more than sixteen bytes, in words of eight bytes. */
function readLong(start: u32, end: u32, length: u32): u32 {
  if (length > LONGEST_TEXT) return NOT_READ;
  const w0 = load<u64>(start);
  const w1 = load<u64>(start, 8);
  const w2 = wordAt(start, 16, length);
  const w3 = wordAt(start, 24, length);
  const w4 = wordAt(start, 32, length);
  let mixed = (w0 ^ rotl<u64>(w1, 29)) * 0x9e3779b97f4a7c15;
  mixed = (rotl<u64>(mixed, 31) ^ w2 ^ rotl<u64>(w3, 23)) * 0xbf58476d1ce4e5b9;
  mixed = (rotl<u64>(mixed, 31) ^ w4) * 0x94d049bb133111eb;
  const slot = LONG_TEXT + (<u32>(mixed >> 40) & (LONG_TEXTS - 1)) * LONG_TEXT_BYTES;
  if (
    load<u64>(slot) == w0 &&
    load<u64>(slot, 8) == w1 &&
    load<u64>(slot, 16) == w2 &&
    load<u64>(slot, 24) == w3 &&
    load<u64>(slot, 32) == w4 &&
    load<u32>(slot, 44) == network
  ) {
    const known = load<u32>(slot, 40);
    if (known != 0) return known;
  }
  const id = readIpv6(start, end);
  if (id == NOT_READ) return id;
  store<u64>(slot, w0);
  store<u64>(slot, w1, 8);
  store<u64>(slot, w2, 16);
  store<u64>(slot, w3, 24);
  store<u64>(slot, w4, 32);
  store<u32>(slot, id, 40);
  store<u32>(slot, network, 44);
  return id;
}

/** Eight bytes of a text starting at `from`. Bytes past its end are zero. */
// @ts-expect-error: decorator
@inline
function wordAt(start: u32, from: u32, length: u32): u64 {
  if (length <= from) return 0;
  const bytes = load<u64>(start + from);
  return length >= from + 8 ? bytes : bytes & ((<u64>1 << ((length - from) * 8)) - 1);
}

function readIpv4(start: u32, end: u32): u32 {
  let value: u32 = 0;
  let part: u32 = 0;
  let digits: u32 = 0;
  let dots: u32 = 0;
  for (let at = start; at < end; at++) {
    const byte: u32 = load<u8>(at);
    const digit = byte - 0x30;
    if (digit <= 9) {
      // Some programs read leading zeros as octal, so they are refused.
      if (digits != 0 && part == 0) return NOT_READ;
      part = part * 10 + digit;
      digits++;
      if (part > 255) return NOT_READ;
    } else if (byte == DOT && digits != 0 && dots < 3) {
      value = (value << 8) | part;
      part = 0;
      digits = 0;
      dots++;
    } else return NOT_READ;
  }
  if (dots != 3 || digits == 0) return NOT_READ;
  return intern(0, 0, 0xffff, (value << 8) | part);
}

/**
 * Eight groups of up to four hexadecimal digits, with zeros left out at most once (RFC 4291). The host reads an address
 * with a dotted tail.
 */
function readIpv6(start: u32, end: u32): u32 {
  if (end - start > LONGEST_TEXT) return NOT_READ;
  // Groups before the gap are placed from the top down, groups after it in order. Four words are held as two halves
  // each.
  let head0: u64 = 0;
  let head1: u64 = 0;
  let groups: u32 = 0;
  let gap: u32 = 0xff;
  let value: u32 = 0;
  let digits: u32 = 0;
  let at = start;
  if (load<u8>(at) == COLON) {
    if (end - start < 2 || load<u8>(at, 1) != COLON) return NOT_READ;
    gap = 0;
    at += 2;
  }
  for (; at < end; at++) {
    const byte: u32 = load<u8>(at);
    const lower = byte | 0x20;
    const digit: u32 = byte - 0x30 <= 9 ? byte - 0x30 : lower - 0x61 <= 5 ? lower - 0x57 : 16;
    if (digit < 16) {
      if (digits == 4) return NOT_READ;
      value = (value << 4) | digit;
      digits++;
      continue;
    }
    if (byte != COLON || digits == 0 || groups == 8) return NOT_READ;
    head0 = (head0 << 16) | (head1 >> 48);
    head1 = (head1 << 16) | value;
    groups++;
    value = 0;
    digits = 0;
    if (at + 1 == end) return NOT_READ;
    if (load<u8>(at, 1) == COLON) {
      if (gap != 0xff) return NOT_READ;
      gap = groups;
      at++;
    }
  }
  if (digits != 0) {
    if (groups == 8) return NOT_READ;
    head0 = (head0 << 16) | (head1 >> 48);
    head1 = (head1 << 16) | value;
    groups++;
  } else if (gap != groups) return NOT_READ;
  if (gap == 0xff) {
    if (groups != 8) return NOT_READ;
  } else {
    if (groups > 7) return NOT_READ;
    // Groups before the gap move up. Groups after it are already at the bottom.
    const after = groups - gap;
    const up = (8 - groups) * 16;
    const lowBits = after * 16;
    const lowMask0: u64 = lowBits <= 64 ? 0 : ((<u64>1) << (lowBits - 64)) - 1;
    const lowMask1: u64 = lowBits >= 64 ? u64.MAX_VALUE : ((<u64>1) << lowBits) - 1;
    let top0 = head0 & ~lowMask0;
    let top1 = head1 & ~lowMask1;
    if (up >= 64) {
      top0 = up == 128 ? 0 : top1 << (up - 64);
      top1 = 0;
    } else if (up > 0) {
      top0 = (top0 << up) | (top1 >> (64 - up));
      top1 <<= up;
    }
    head0 = (head0 & lowMask0) | top0;
    head1 = (head1 & lowMask1) | top1;
  }
  return intern(<u32>(head0 >> 32), <u32>head0, <u32>(head1 >> 32), <u32>head1);
}

/**
 * The kernel: the work for every byte and every record, compiled to WebAssembly. `lib/kernel/kernel.ts` is its host. It
 * is written in AssemblyScript and compiled by `npm run kernel`.
 */

import * as addresses from './addresses';
import { intern as internAddress } from './addresses';
import * as contacts from './contacts';
import * as initiator from './initiator';
import { classify as classifyRecord } from './initiator';
import * as interfaces from './interfaces';
import { setKey } from './keyed-hash';
import * as layout from './layout';
import * as pressure from './pressure';
import { makeRoom, start } from './pressure';
import { advance, logTime, record, setLayoutQuality } from './record';
import * as sampling from './sampling';
import * as table from './table';

export { enterNetwork } from './addresses';
export { isFailedProbe } from './contact-class';
export { unite, uniteLeftOut, unitePane } from './contacts';
export { addTraits, claim, conclude, interfaceNamed, setNetwork, traitsOf, uniteCandidates } from './interfaces';
export { keyedHash } from './keyed-hash';
export { clear } from './pressure';
export { clearCounts, lines, mark, noData, readLines, records, useColumns } from './lines';
export { cutAll, weigh } from './sampling';
export { advance, logTime, makeRoom, record, setKey, setLayoutQuality };

/**
 * Starts with empty tables of at most `mostRows` rows. When they are full, the host takes everything, or the least
 * suspicious evidence is dropped.
 */
export function begin(key0: u32, key1: u32, limit: u32, mostRows: u32, isSpilling: bool): void {
  setKey(key0, key1);
  sampling.begin(limit);
  start(mostRows, isSpilling);
}

/** Announces that the following addresses belong to a record that the host has read. */
export function enter(interfaceId: u32): void {
  interfaces.enter(interfaceId, 0, 0);
}

/** Announces the same of the addresses at one end of a transit gateway's record. */
export function enterEnd(vpc: u32, side: u32): void {
  interfaces.enterEnd(vpc, 0, 0, side);
}

/** The number of an address. There must be room for it. A new address may change the numbers of others. */
export function intern(w0: u32, w1: u32, w2: u32, w3: u32): u32 {
  return internAddress(w0, w1, w2, w3);
}

/** Adds one half of a contact. */
export function add(
  source: u32,
  target: u32,
  service: u32,
  seen: u32,
  start: u32,
  end: u32,
  quality: u32,
  sourcePort: u32,
  packetBytes: u32,
): void {
  contacts.add(source, target, service, seen, start, end, quality, sourcePort, packetBytes);
}

/** The halves of one record: the bits of the forward half, and 2^20 times those of the reverse half. */
export function classify(
  protocol: u32,
  sourcePort: u32,
  targetPort: u32,
  packets: f64,
  bytes: f64,
  action: u32,
  flags: i32,
  isIpv4: bool,
): f64 {
  classifyRecord(protocol, sourcePort, targetPort, packets, bytes, action, flags, isIpv4);
  return <f64>initiator.forward + <f64>initiator.reverse * <f64>(1 << 20);
}

export function block(): u32 {
  return layout.BLOCK;
}
export function blockBytes(): u32 {
  return layout.BLOCK_BYTES;
}
export function addressRows(): u32 {
  return layout.addresses;
}
export function addressCount(): u32 {
  return addresses.count;
}
export function interfaceRows(): u32 {
  return layout.INTERFACES;
}
export function interfaceCount(): u32 {
  return interfaces.count;
}
export function unnamedInterfaces(): u32 {
  return interfaces.unnamed;
}
/** Where the blocks of left-out cells begin. */
export function leftOutBlocks(): u32 {
  return layout.leftOut;
}

export function paneRows(): u32 {
  return layout.panes;
}
export function paneCount(): u32 {
  return table.paneCount;
}
export function contactRows(): u32 {
  return layout.contacts;
}
export function contactCount(): u32 {
  return table.contactCount;
}
/** How often evidence was dropped. Each time, all numbers of addresses changed. */
export function timesFull(): u32 {
  return pressure.timesFull;
}
export function sourcesDropped(): u32 {
  return pressure.sourcesDropped;
}
export function contactsDropped(): u32 {
  return pressure.contactsDropped;
}
/** Where the host may write a name or a row for the kernel. */
export function handedIn(): u32 {
  return layout.HANDED_IN;
}

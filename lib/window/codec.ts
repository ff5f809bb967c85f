/** Fragments as bytes for the windows table: a fixed layout, compressed; the same fragment gives the same bytes. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Identity } from '../contact/interfaces.ts';
import { formatAddress, parseIpv4, parseIpv6 } from '../flowlog/address.ts';
import type { Fragment, SeenContact } from './evidence.ts';

/** First byte of every encoded fragment; readers refuse others. */
const VERSION = 2;
const HOUR = 3600;
const INSIDE = 1;
const HEADER_BYTES = 20;
const CONTACT_BYTES = 42;
const V6_EXTRA_BYTES = 12;

/** The stored bytes are not a fragment of a version that this code reads. */
export class CodecError extends Error {
  override name = 'CodecError';
}

/** Encodes everything of a fragment but its scope and address, which are its key. */
export function encodeFragment(fragment: Fragment): Uint8Array {
  const identity = Buffer.from(fragment.identity ? JSON.stringify(fragment.identity) : '');
  const contacts = fragment.contacts.toSorted(
    (a, b) => a.hash - b.hash || a.port - b.port || (a.target < b.target ? -1 : 1),
  );
  const size = contacts.reduce(
    (sum, contact) => sum + CONTACT_BYTES + (isV4(contact.target) ? 0 : V6_EXTRA_BYTES),
    HEADER_BYTES + identity.length,
  );
  const bytes = Buffer.alloc(size);
  bytes.writeUInt8(fragment.inside ? INSIDE : 0, 0);
  bytes.writeUInt8(fragment.quality, 1);
  bytes.writeUInt16LE(fragment.fragments, 2);
  bytes.writeUInt32LE(fragment.hour, 4);
  bytes.writeUInt32LE(fragment.theta, 8);
  bytes.writeUInt32LE(contacts.length, 12);
  bytes.writeUInt32LE(identity.length, 16);
  identity.copy(bytes, HEADER_BYTES);
  let at = HEADER_BYTES + identity.length;
  for (const contact of contacts) at = writeContact(bytes, at, contact, fragment.hour * HOUR);
  return Buffer.concat([Buffer.of(VERSION), deflateRawSync(bytes)]);
}

/**
 * The fragment of a source from its bytes.
 * @throws CodecError when the bytes are of another version or damaged.
 */
export function decodeFragment(
  key: { readonly scope: string; readonly address: string },
  stored: Uint8Array,
): Fragment {
  if (stored[0] !== VERSION) throw new CodecError(`fragment version must be ${VERSION}, got ${stored[0]}`);
  const bytes = inflate(stored.subarray(1));
  const hour = bytes.readUInt32LE(4);
  const count = bytes.readUInt32LE(12);
  const identityEnd = HEADER_BYTES + bytes.readUInt32LE(16);
  const identity =
    identityEnd > HEADER_BYTES
      ? (JSON.parse(bytes.toString('utf8', HEADER_BYTES, identityEnd)) as Identity)
      : undefined;
  const contacts: SeenContact[] = [];
  for (let at = identityEnd, n = 0; n < count; n++) {
    const isV6 = bytes.readUInt8(at) === 6;
    contacts.push(readContact(bytes, at, isV6, hour * HOUR));
    at += CONTACT_BYTES + (isV6 ? V6_EXTRA_BYTES : 0);
  }
  return {
    scope: key.scope,
    address: key.address,
    inside: (bytes.readUInt8(0) & INSIDE) !== 0,
    ...(identity && { identity }),
    hour,
    theta: bytes.readUInt32LE(8),
    quality: bytes.readUInt8(1),
    fragments: bytes.readUInt16LE(2),
    contacts,
  };
}

const isV4 = (address: string) => !address.includes(':');

function inflate(bytes: Uint8Array): Buffer {
  try {
    return inflateRawSync(bytes);
  } catch (error) {
    throw new CodecError(`the fragment's bytes are damaged: ${(error as Error).message}`);
  }
}

function writeContact(bytes: Buffer, start: number, contact: SeenContact, base: number): number {
  let at = start;
  const v4 = parseIpv4(contact.target);
  at = bytes.writeUInt8(v4 === undefined ? 6 : 4, at);
  for (const word of v4 === undefined ? parseIpv6(contact.target)! : [v4]) at = bytes.writeUInt32BE(word, at);
  at = bytes.writeUInt16LE(contact.port, at);
  at = bytes.writeUInt8(contact.protocol, at);
  at = bytes.writeUInt32LE(contact.seen, at);
  at = bytes.writeUInt32LE(contact.hash, at);
  at = bytes.writeUInt16LE(contact.firstEnd - base, at);
  at = bytes.writeUInt16LE(contact.lastEnd - base, at);
  at = bytes.writeUInt32LE(contact.firstEnd - contact.firstStart, at);
  at = bytes.writeInt32LE(contact.minutesLow, at);
  at = bytes.writeInt32LE(contact.minutesHigh, at);
  at = bytes.writeUInt16LE(contact.sourcePort, at);
  at = bytes.writeUInt8(contact.packetBytes, at);
  at = bytes.writeInt32LE(contact.flows, at);
  return start + CONTACT_BYTES + (v4 === undefined ? V6_EXTRA_BYTES : 0);
}

function readContact(bytes: Buffer, start: number, isV6: boolean, base: number): SeenContact {
  const word = (position: number) => bytes.readUInt32BE(start + 1 + position * 4);
  const at = start + (isV6 ? 17 : 5);
  const firstEnd = base + bytes.readUInt16LE(at + 11);
  return {
    target: isV6 ? formatAddress(word(0), word(1), word(2), word(3)) : formatAddress(0, 0, 0xffff, word(0)),
    port: bytes.readUInt16LE(at),
    protocol: bytes.readUInt8(at + 2),
    seen: bytes.readUInt32LE(at + 3),
    hash: bytes.readUInt32LE(at + 7),
    firstEnd,
    lastEnd: base + bytes.readUInt16LE(at + 13),
    firstStart: firstEnd - bytes.readUInt32LE(at + 15),
    minutesLow: bytes.readInt32LE(at + 19),
    minutesHigh: bytes.readInt32LE(at + 23),
    sourcePort: bytes.readUInt16LE(at + 27),
    packetBytes: bytes.readUInt8(at + 29),
    flows: bytes.readInt32LE(at + 30),
  };
}

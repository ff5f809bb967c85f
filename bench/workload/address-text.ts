/**
 * Addresses are 32-bit numbers here. This file writes them as IPv4 addresses, and as an equal number of IPv6 addresses.
 */
import { copyPiece } from './bytes.ts';

export type WriteAddress = (bytes: Uint8Array, at: number, address: number) => number;

const DOT = 0x2e;
const COLON = 0x3a;
const OCTETS = Array.from({ length: 256 }, (_, octet) => Buffer.from(String(octet)));
const HEX = Buffer.from('0123456789abcdef');

/** The number of an address written with dots. */
export const addressOf = (text: string): number =>
  text.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);

/** Writes dotted decimal. Returns where it ends. */
export const writeIpv4: WriteAddress = (bytes, at, address) => {
  let end = copyPiece(bytes, at, OCTETS[address >>> 24]!);
  for (let shift = 16; shift >= 0; shift -= 8) {
    bytes[end++] = DOT;
    end = copyPiece(bytes, end, OCTETS[(address >>> shift) & 255]!);
  }
  return end;
};

/** One address of 2600::/16 for each number. The interface half is scattered, as with DHCP and privacy extensions. */
export const writeIpv6: WriteAddress = (bytes, at, address) => {
  const scattered = Math.imul(address ^ (address >>> 15), 0x2c1b3c6d) >>> 0;
  let end = writeHex(bytes, at, 0x2600);
  for (const group of [0x1f18, address >>> 16, 0xc00, 0xa5, scattered >>> 16, scattered & 0xffff, address & 0xffff]) {
    bytes[end++] = COLON;
    end = writeHex(bytes, end, group);
  }
  return end;
};

function writeHex(bytes: Uint8Array, at: number, group: number): number {
  let end = at;
  for (let shift = group > 0xfff ? 12 : group > 0xff ? 8 : group > 0xf ? 4 : 0; shift >= 0; shift -= 4)
    bytes[end++] = HEX[(group >>> shift) & 15]!;
  return end;
}

/** The text of an address, as a label says it. */
export function addressText(address: number, write: WriteAddress): string {
  const bytes = Buffer.alloc(40);
  return bytes.toString('latin1', 0, write(bytes, 0, address));
}

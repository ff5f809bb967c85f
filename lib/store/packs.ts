/** Fragments of many outside sources in one item, so that they cost by the file and the bucket and not by the source. */
import { decodeFragment, encodeFragment } from '../window/codec.ts';
import type { Fragment } from '../window/evidence.ts';

/** Encoded fragments in one item; items stay far below 100 KB. */
const PACK_BYTES = 48 * 1024;
/** Sources that share an item, until it is full. */
export interface Pack {
  readonly parts: Buffer[];
  bytes: number;
  readonly chunk: number;
  readonly expires: number;
}

/** Adds a fragment to its pack, and gives out the pack before where that was full. */
export function* packed(
  packs: Map<string, Pack>,
  pk: string,
  objectId: string,
  fragment: Fragment,
  expires: number,
): Generator<Record<string, unknown>> {
  const part = packedPart(fragment);
  let pack = packs.get(pk) ?? { parts: [], bytes: 0, chunk: 0, expires };
  if (pack.bytes + part.length > PACK_BYTES) {
    yield packItem(pk, objectId, pack);
    pack = { parts: [], bytes: 0, chunk: pack.chunk + 1, expires };
  }
  pack.parts.push(part);
  pack.bytes += part.length;
  packs.set(pk, pack);
}

/** A pack as an item. */
export const packItem = (pk: string, objectId: string, { parts, chunk, expires }: Pack): Record<string, unknown> => ({
  pk,
  sk: `${objectId}#${chunk}`,
  data: Buffer.concat(parts),
  expiresAt: expires,
});

/** Length-prefixed address and fragment: quiet sources are all in the scope of the internet. */
function packedPart(fragment: Fragment): Buffer {
  const address = Buffer.from(fragment.address);
  const data = encodeFragment(fragment);
  const head = Buffer.alloc(3);
  head.writeUInt8(address.length, 0);
  head.writeUInt16LE(data.length, 1);
  return Buffer.concat([head, address, data]);
}

/** The fragments in an item: of one address, or all. */
export function* packedFragments(bytes: Buffer, only?: string): Generator<Fragment> {
  for (let at = 0; at < bytes.length; ) {
    const addressEnd = at + 3 + bytes.readUInt8(at);
    const dataEnd = addressEnd + bytes.readUInt16LE(at + 1);
    const address = bytes.toString('latin1', at + 3, addressEnd);
    if (only === undefined || address === only)
      yield decodeFragment({ scope: 'internet', address }, bytes.subarray(addressEnd, dataEnd));
    at = dataEnd;
  }
}

/** Identities in the columns of fragments: random ids as bytes, and what sources have in common once. */
import type { ColumnReader, ColumnWriter } from './columns.ts';
import type { Identity } from './interfaces.ts';
import type { Columns } from './layout.ts';

type IdentityColumns<T> = Pick<Columns<T>, 'rare' | 'random'>;

/** Ids that are stored as bytes, in this order: a name in front, a zero and sixteen random digits. */
const IDS = [
  { prefix: 'eni', of: ({ interfaceId }: Identity) => interfaceId },
  { prefix: 'i', of: ({ fields }: Identity) => fields['instance-id'] },
  { prefix: 'subnet', of: ({ fields }: Identity) => fields['subnet-id'] },
] as const;
const ID_BYTES = 8;
const LONG_ID = /^[a-z]+-0[0-9a-f]{16}$/;
/** In place of a text: the next one, which follows. Others are told by their place, starting at 1. */
const NEXT_TEXT = 0;

/** Writes the identities of one item. */
export class IdentityWriter {
  readonly #places = new Map<string, number>();

  write({ rare, random }: IdentityColumns<ColumnWriter>, identity: Identity): void {
    let binary = 0;
    for (const [bit, { prefix, of }] of IDS.entries()) {
      const id = of(identity);
      if (id === undefined || !LONG_ID.test(id) || !id.startsWith(`${prefix}-`)) continue;
      binary |= 1 << bit;
      for (const byte of Buffer.from(id.slice(-2 * ID_BYTES), 'hex')) random.byte(byte);
    }
    rare.byte(binary);
    const text = JSON.stringify(withIds(identity, binary, []));
    const place = this.#places.get(text);
    rare.number(place === undefined ? NEXT_TEXT : place + 1);
    if (place !== undefined) return;
    rare.text(text);
    this.#places.set(text, this.#places.size);
  }
}

/** Reads the identities of one item, in the order in which they were written. */
export class IdentityReader {
  readonly #told: Identity[] = [];

  /** Undefined if the bytes are no identity. */
  read({ rare, random }: IdentityColumns<ColumnReader>): Identity | undefined {
    const binary = rare.byte();
    const ids = IDS.map(({ prefix }, bit) =>
      binary & (1 << bit) ? `${prefix}-0${Buffer.from(random.bytes(ID_BYTES)).toString('hex')}` : undefined,
    );
    const place = rare.number();
    const told = place === NEXT_TEXT ? parseIdentity(rare.text()) : this.#told[place - 1];
    if (told && place === NEXT_TEXT) this.#told.push(told);
    return told && withIds(told, binary, ids);
  }
}

/** An identity with other ids where they are stored as bytes. Undefined ones are left out. */
function withIds(
  { interfaceId, fields, ...rest }: Identity,
  binary: number,
  ids: readonly (string | undefined)[],
): Identity {
  const { 'instance-id': instance, 'subnet-id': subnet, ...others } = fields;
  const [ownInterface, ownInstance, ownSubnet] = [interfaceId, instance, subnet].map((id, bit) =>
    binary & (1 << bit) ? ids[bit] : id,
  );
  return {
    ...rest,
    ...(ownInterface !== undefined && { interfaceId: ownInterface }),
    fields: {
      ...others,
      ...(ownInstance !== undefined && { 'instance-id': ownInstance }),
      ...(ownSubnet !== undefined && { 'subnet-id': ownSubnet }),
    },
  };
}

/** An identity as JSON. Undefined if it is something else. */
export function parseIdentity(text: string): Identity | undefined {
  const value = JSON.parse(text) as Partial<Identity> | null;
  const fields = value?.fields;
  const isIdentity =
    typeof fields === 'object' &&
    fields !== null &&
    Object.values(fields).every((each) => typeof each === 'string') &&
    ['string', 'undefined'].includes(typeof value?.interfaceId) &&
    ['boolean', 'undefined'].includes(typeof value?.behind);
  return isIdentity ? (value as Identity) : undefined;
}

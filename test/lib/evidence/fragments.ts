/** Arbitrary fragments for properties: any values that the collector can write. */

import type { Fragment, SeenContact } from '../../../lib/evidence/evidence.ts';
import { EVERYTHING, type Sample } from '../../../lib/evidence/sample.ts';
import { SEEN_LATERAL } from '../../../lib/evidence/seen.ts';
import { formatAddress, parseAddress } from '../../../lib/net/address.ts';
import { isPrivate } from '../../../lib/net/networks.ts';
import fc from '../../properties.ts';

export const HOUR = 3600;
const word = fc.integer({ min: 0, max: 0xffffffff });

const addressText = fc.oneof(
  word.map((w) => formatAddress(0, 0, 0xffff, w)),
  word.map((w) => formatAddress(0, 0, 0xffff, 0x0a000000 | (w & 0xffffff))),
  fc.tuple(word, word, word, word).map(([a, b, c, d]) => formatAddress(a | 0x20000000, b, c, d)),
);

const contactAt = (hour: number): fc.Arbitrary<SeenContact> =>
  fc
    .record({
      target: addressText,
      port: fc.integer({ min: 0, max: 65_535 }),
      protocol: fc.integer({ min: 0, max: 255 }),
      seen: fc.integer({ min: 1, max: 16_383 }),
      hash: word,
      first: fc.integer({ min: 0, max: HOUR - 1 }),
      length: fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 900_000_000 })),
      last: fc.integer({ min: 0, max: HOUR - 1 }),
      minutesLow: fc.integer({ min: 0, max: 2 ** 30 - 1 }),
      minutesHigh: fc.integer({ min: 0, max: 2 ** 30 - 1 }),
      sourcePort: fc.integer({ min: 0, max: 65_535 }),
      packetBytes: fc.integer({ min: 0, max: 255 }),
      flows: fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.constantFrom(0, 1, 1 << 9, 1 << 31)),
    })
    .map(({ first, length, last, ...rest }) => ({
      ...rest,
      firstEnd: hour * HOUR + Math.min(first, last),
      firstStart: hour * HOUR + Math.min(first, last) - length,
      lastEnd: hour * HOUR + Math.max(first, last),
    }));

const sampleArbitrary: fc.Arbitrary<Sample> = fc.oneof(
  fc.constant(EVERYTHING),
  word.map((bound) => ({ failed: bound, lateral: bound, touched: bound, answered: bound, leftOut: [] })),
  fc
    .tuple(word, word, word, word, fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 21 - 1 }), { maxLength: 20 }))
    .map(([a, b, c, d, cells]) => {
      const [answered, touched, least, most] = [a, b, c, d].sort((x, y) => x - y) as [number, number, number, number];
      const leftOut = answered === most ? [] : cells.sort((x, y) => x - y);
      const [failed, lateral] = a < b ? [least, most] : [most, least];
      return { failed, lateral, touched, answered, leftOut };
    }),
);

/** A fragment with the bit of each contact that follows from its addresses, as it is collected. */
export const asCollected = (fragment: Fragment): Fragment => ({
  ...fragment,
  contacts: fragment.contacts.map((contact) => {
    const isLateral = [fragment.address, contact.target].every((address) => isPrivate(parseAddress(address)!));
    return { ...contact, seen: (contact.seen & ~SEEN_LATERAL) | (isLateral ? SEEN_LATERAL : 0) };
  }),
});

/** A fragment of one source and hour. */
export const fragmentArbitrary: fc.Arbitrary<Fragment> = fc.integer({ min: 262_968, max: 1_139_575 }).chain((hour) =>
  fc
    .record(
      {
        scope: fc.constant('111122223333'),
        address: addressText,
        inside: fc.boolean(),
        identity: fc.record(
          {
            // Few ids, so that fragments of one source often have the same.
            interfaceId: fc.oneof(
              fc.constantFrom('eni-0a', 'eni-0b', 'eni-00123456789abcdef', '~'),
              fc.string({ minLength: 1, maxLength: 30 }),
            ),
            behind: fc.constant(true),
            fields: fc.record(
              {
                'instance-id': fc.constantFrom('i-0a', 'i-0b', 'i-0fedcba9876543210', ''),
                'vpc-id': fc.string(),
                'ecs-task-id': fc.string({ unit: 'grapheme' }),
              },
              { requiredKeys: [] },
            ),
          },
          { requiredKeys: ['fields'] },
        ),
        hour: fc.constant(hour),
        sample: sampleArbitrary,
        quality: fc.integer({ min: 0, max: 0x3fff }),
        fragments: fc.integer({ min: 1, max: 65_535 }),
        contacts: fc.array(contactAt(hour), { maxLength: 20 }),
      },
      { requiredKeys: ['scope', 'address', 'inside', 'hour', 'sample', 'quality', 'fragments', 'contacts'] },
    )
    .map(asCollected),
);

/** A contact by its port, with plain defaults. */
export const contactOf = (values: Partial<SeenContact> & { hash: number }): SeenContact => ({
  target: '10.0.9.9',
  port: values.hash % 65_536,
  protocol: 6,
  seen: 1,
  firstStart: 500_000 * HOUR,
  firstEnd: 500_000 * HOUR,
  lastEnd: 500_000 * HOUR,
  minutesLow: 1,
  minutesHigh: 0,
  sourcePort: 40_000,
  packetBytes: 44,
  flows: 1,
  ...values,
});

/** A fragment of hour 500,000 with plain defaults. */
export const fragmentOf = (values: Partial<Fragment>): Fragment => ({
  scope: '111122223333',
  address: '10.0.3.22',
  inside: true,
  hour: 500_000,
  sample: EVERYTHING,
  quality: 0,
  fragments: 1,
  contacts: [],
  ...values,
});

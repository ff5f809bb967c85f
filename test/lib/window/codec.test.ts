/** Fragments as bytes: nothing is lost, the same gives the same, and what cannot be read is refused. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatAddress } from '../../../lib/flowlog/address.ts';
import { CodecError, decodeFragment, encodeFragment } from '../../../lib/window/codec.ts';
import { CONTACTS_PER_PANE, type Fragment } from '../../../lib/window/evidence.ts';
import { contactOf, fragmentArbitrary, fragmentOf, HOUR } from './fragments.ts';

const byHash = (fragment: Fragment): Fragment => ({
  ...fragment,
  contacts: fragment.contacts.toSorted((a, b) => a.hash - b.hash || JSON.stringify(a).localeCompare(JSON.stringify(b))),
});

describe('the codec', () => {
  test('gives back every fragment as it was', () => {
    fc.assert(
      fc.property(fragmentArbitrary, (fragment) => {
        expect(byHash(decodeFragment(fragment, encodeFragment(fragment)))).toEqual(byHash(fragment));
      }),
      { numRuns: 200 },
    );
  });

  test('gives the same bytes for the same contacts in any order', () => {
    const contacts = Array.from({ length: 20 }, (_, n) =>
      contactOf({ hash: n % 7, port: n, target: `10.0.0.${n % 3}` }),
    );
    const bytes = Buffer.from(encodeFragment(fragmentOf({ contacts })));
    fc.assert(
      fc.property(fc.shuffledSubarray(contacts, { minLength: contacts.length }), (shuffled) => {
        expect(bytes.equals(encodeFragment(fragmentOf({ contacts: shuffled })))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('keeps the last second, the last minute and the longest record of an hour', () => {
    const end = 500_001 * HOUR - 1;
    const contact = contactOf({
      hash: 0xffffffff,
      firstStart: end - 86_400,
      firstEnd: end,
      lastEnd: end,
      minutesHigh: 1 << 29,
      sourcePort: 61_234,
      packetBytes: 44,
      flows: -5,
    });
    expect(decodeFragment(fragmentOf({}), encodeFragment(fragmentOf({ contacts: [contact] }))).contacts).toEqual([
      contact,
    ]);
  });

  test('stays below 100 KB at the limit, with IPv6 targets that do not compress', () => {
    const word = () => randomBytes(4).readUInt32LE();
    const contacts = Array.from({ length: CONTACTS_PER_PANE }, () =>
      contactOf({
        hash: word(),
        target: formatAddress(word() | 0x20000000, word(), word(), word()),
        port: word() & 0xffff,
        seen: word() & 0x3fff,
        firstEnd: 500_000 * HOUR + (word() % HOUR),
        firstStart: 500_000 * HOUR - (word() % HOUR),
        minutesLow: word() & 0x3fffffff,
        minutesHigh: word() & 0x3fffffff,
        sourcePort: word() & 0xffff,
        packetBytes: word() & 0xff,
        flows: word() | 0,
      }),
    );
    expect(encodeFragment(fragmentOf({ contacts })).length).toBeLessThan(100_000);
  });
});

describe('bytes that are no fragment', () => {
  const good = encodeFragment(fragmentOf({ contacts: [contactOf({ hash: 1 })] }));
  const decode = (bytes: Uint8Array) => decodeFragment(fragmentOf({}), bytes);

  test('of another version are refused, with both versions named', () => {
    for (const version of [0, 1, 255]) {
      const other = Uint8Array.from(good);
      other[0] = version;
      expect(() => decode(other)).toThrow(CodecError);
      expect(() => decode(other)).toThrow(`fragment version must be 2, got ${version}`);
    }
    expect(() => decode(new Uint8Array(0))).toThrow(CodecError);
  });

  test('of any other kind are refused as damaged, whatever is cut or overwritten', () => {
    for (let length = 1; length < good.length; length++)
      expect(() => decode(good.subarray(0, length))).toThrow(CodecError);
    for (let at = 1; at < good.length; at++) {
      const damaged = Uint8Array.from(good);
      damaged[at] = damaged[at]! ^ 0xff;
      try {
        decode(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError);
      }
    }
  });
});

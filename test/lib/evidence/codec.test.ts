/** Fragments as bytes: nothing is lost, the same gives the same, and what cannot be read is refused. */
import { randomBytes } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { Collector } from '../../../lib/evidence/builder.ts';
import { ColumnReader, ColumnWriter } from '../../../lib/evidence/columns.ts';
import { decodeFragment, decodeFragments, glance } from '../../../lib/evidence/decode.ts';
import { encodeFragment, encodeFragments } from '../../../lib/evidence/encode.ts';
import { CONTACTS_PER_PANE, type Fragment } from '../../../lib/evidence/evidence.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { CodecError, flowsOfPort } from '../../../lib/evidence/layout.ts';
import { EVERYTHING, limitsOf } from '../../../lib/evidence/sample.ts';
import { SEEN_LATERAL } from '../../../lib/evidence/seen.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { MOST_LEFT_OUT } from '../../../lib/kernel/rows.ts';
import { formatAddress } from '../../../lib/net/address.ts';
import fc from '../../properties.ts';
import { asCollected, contactOf, fragmentArbitrary, fragmentOf, HOUR } from './fragments.ts';

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

  test('reads an identity with a field that is no longer collected', () => {
    const fields = { 'instance-id': 'i-0a', 'resource-id': 'nat-0a' };
    const stored = fragmentOf({ identity: { interfaceId: 'eni-0a', fields } });
    expect(decodeFragment(stored, encodeFragment(stored)).identity).toEqual({ interfaceId: 'eni-0a', fields });
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
      { ...contact, seen: contact.seen | SEEN_LATERAL },
    ]);
  });

  test('stays below 370 KB with as many contacts of each class as there may be, and IPv6 targets that do not compress', () => {
    const word = () => randomBytes(4).readUInt32LE();
    const most = Object.values(limitsOf(CONTACTS_PER_PANE)).reduce((sum, limit) => sum + limit, 0);
    const leftOut = Array.from({ length: MOST_LEFT_OUT }, (_, n) => n * 32 + (word() & 31));
    const contacts = Array.from({ length: most }, () =>
      contactOf({
        hash: word(),
        target: formatAddress(word() | 0x20000000, word(), word(), word()),
        port: word() & 0xffff,
        seen: word() & 0x3fff,
        firstEnd: 500_000 * HOUR + (word() % HOUR),
        firstStart: 500_000 * HOUR - (word() % HOUR),
        lastEnd: 500_001 * HOUR - 1,
        minutesLow: word() & 0x3fffffff,
        minutesHigh: word() & 0x3fffffff,
        sourcePort: word() & 0xffff,
        packetBytes: word() & 0xff,
        flows: word() | 0,
      }),
    );
    const sample = { ...EVERYTHING, touched: 2 ** 31, answered: 2 ** 30, leftOut };
    const bytes = encodeFragment(fragmentOf({ contacts, sample }));
    expect(bytes.length).toBeLessThan(370_000);
    // A byte for each contact that was left out.
    expect(bytes.length - encodeFragment(fragmentOf({ contacts })).length).toBeLessThan(MOST_LEFT_OUT);
    expect(decodeFragment(fragmentOf({}), bytes).sample).toEqual(sample);
  });

  test('reads items of version 3, which had one rate for all contacts of a source', () => {
    const stored = Buffer.from(
      'A5YBE7EAAORibnOPG3xGLK1jbYlQxC1EMkdJ1qhVnx5nFgC2qAqsLQkTiTjSn3+3MYVGuxKMxmmSFmNgGJbE83l52RhCsCzCUTcR9SFQjOi026Cn6zqfNp4O6EdWFARDJ7mEhsfn8Kqc775nC+BCsVUNRiEA6w99cOcw6uSD1eCGmMslblfv//9vamgR1tObe0oViu1HA4EAQJwHAAAAYwAAAECc/v///w==',
      'base64',
    );
    expect(stored[0]).toBe(3);
    const identity = { interfaceId: 'eni-1', fields: { 'vpc-id': 'vpc-1' } };
    const end = 500_000 * HOUR + 70;
    const [failed, answered] = [8193, 8193 | 16];
    const expected = [
      fragmentOf({
        sample: { failed: 0x12345678, lateral: 0x12345678, touched: 0x12345678, answered: 0x12345678, leftOut: [] },
        quality: 16,
        fragments: 3,
        identity,
        contacts: [
          contactOf({ hash: 7, port: 22, seen: failed }),
          contactOf({ hash: 99, port: 443, seen: answered, lastEnd: end, minutesLow: 3, flows: -5 }),
        ],
      }),
      fragmentOf({
        address: '2001:db8::1',
        inside: false,
        contacts: [contactOf({ hash: 0xfffffffe, port: 80, target: '2001:db8::2', seen: failed })],
      }),
    ];
    expect(decodeFragments('111122223333', stored)).toEqual(expected.map(asCollected));
  });

  test('reads items of version 4, which had one rate and one kind of cell for all failed contacts', () => {
    const stored = Buffer.from(
      'BFETUgAAxH+6+d6/a1KbxtIziLDA2oBxxGkmARVswHHgA8qki8y82BkASFu+1iRj+bnuktCeB197I55jmXgeU98FgjxgWq/MU/79FQjKMkSTxgBAnAcAAAAJAAAA',
      'base64',
    );
    expect(stored[0]).toBe(4);
    const expected = fragmentOf({
      quality: 16,
      sample: {
        failed: 0xf0000000,
        lateral: 0xf0000000,
        touched: 0x80000000,
        answered: 0x70000000,
        leftOut: [0xe0002, 0xe0003, 0x1dfffe, 0x1dffff],
      },
      contacts: [
        contactOf({ hash: 7, port: 22, seen: 8193 }),
        contactOf({ hash: 9, port: 22, seen: 8193, target: '203.0.113.9' }),
      ],
    });
    expect(decodeFragments('111122223333', stored)).toEqual([asCollected(expected)]);
  });

  test('reads items of version 5, which had other forms of targets, flows and identities', () => {
    const stored = Buffer.from(
      'BbABE9QAAOT4+3nvV+gqjn9vDTYbaEWITnA8HWLq5PigevkCTxOO/eAlbbmN6XMKVRCNE9RZP8NSFNVmNLs/QxQwRASJEQfw4h4qiQBC5OJ63JPbfp8nIgGgSW2Fd8m55C1XxixWug3dsp1YPJFMpTOFYqlcqVqo4WwzwuwKp/2S3mhnUDZq+KVbdkuVyrOhW9VKuVQsZNKpZCIec2wLN5v3//8HQoHBhZCSjgGQIMoAAABAnAcAAAAJAAAAAAALAAAAUMMIAAAA',
      'base64',
    );
    expect(stored[0]).toBe(5);
    const at = 500_000 * HOUR + 30;
    const seen = 8193;
    const common = { port: 22, seen, packetBytes: 0, firstStart: at, firstEnd: at, lastEnd: at, minutesLow: 1 };
    const [first, second] = decodeFragments('111122223333', stored);
    expect([first!, second!].map(byHash)).toEqual(
      [
        fragmentOf({
          address: '10.0.0.7',
          identity: {
            interfaceId: 'eni-0123456789abcdef0',
            fields: { 'vpc-id': 'vpc-1', 'instance-id': 'i-0fedcba9876543210' },
          },
          contacts: [
            contactOf({ ...common, target: '10.0.9.1', hash: 7, sourcePort: 40_000, flows: 1 << 9 }),
            contactOf({ ...common, target: '203.0.113.9', hash: 9, sourcePort: 40_000, flows: 0 }),
            contactOf({ ...common, target: '2001:db8::9', hash: 11, sourcePort: 0, flows: -5 }),
          ],
        }),
        fragmentOf({
          address: '10.0.0.8',
          contacts: [contactOf({ ...common, target: '10.0.9.1', hash: 8, sourcePort: 50_000, flows: 1 << 3 })],
        }),
      ].map(asCollected),
    );
  });

  test('leaves out flows that follow from the source port, as the kernel notes them', async () => {
    const at = 500_000 * HOUR;
    const ports = Array.from({ length: 300 }, (_, n) => 1 + n * 218);
    const lines = ports.map(
      (port, n) => `2 123456789012 eni-1 203.0.113.9 10.0.${n >> 8}.${n & 255} ${port} 22 6 1 44 ${at} ${at} REJECT OK`,
    );
    const collector = new Collector({ key: KEY });
    await readFlowLog(bufferSource('ports', Buffer.from(lines.join('\n'))), collector);
    const contacts = [...collector.sources()].flatMap(({ panes }) => panes).flatMap((pane) => pane.contacts);
    expect(contacts).toHaveLength(ports.length);
    for (const { sourcePort, flows } of contacts) expect(flows).toBe(flowsOfPort(sourcePort));
  });

  test('keeps flows that do not follow from the source port, and no flows', () => {
    const contacts = [0, 1, 1 << 30, 1 << 31, 3].map((flows, hash) => contactOf({ hash, sourcePort: 40_000, flows }));
    const fragment = asCollected(fragmentOf({ contacts }));
    expect(byHash(decodeFragment(fragment, encodeFragment(fragment)))).toEqual(fragment);
  });

  test('keeps identities that sources have in common, and ids of every form', () => {
    const fields = { 'account-id': '123456789012', 'subnet-id': 'subnet-0123456789abcdef0' };
    const identities = [
      { interfaceId: 'eni-00000000000000001', fields: { ...fields, 'instance-id': 'i-0aaaaaaaaaaaaaaaa' } },
      { interfaceId: 'eni-00000000000000002', fields: { ...fields, 'instance-id': 'i-0bbbbbbbbbbbbbbbb' } },
      { interfaceId: 'eni-1a2b3c4d', behind: true, fields: { ...fields, 'instance-id': 'i-1a2b3c4d' } },
      { fields: { 'instance-id': 'eni-00000000000000001', 'subnet-id': '' } },
      { interfaceId: 'I-0AAAAAAAAAAAAAAAA', fields: {} },
      { interfaceId: 'eni-00000000000000003', fields },
    ];
    const fragments = identities.map((identity, n) => fragmentOf({ address: `10.0.0.${n + 1}`, identity }));
    expect(decodeFragments('111122223333', encodeFragments(fragments))).toEqual(fragments);
    const twice = encodeFragments([fragments[0]!, { ...fragments[1]!, address: '10.0.0.9' }]);
    expect(twice.length - encodeFragments([fragments[0]!]).length).toBeLessThan(40);
  });
});

/** Outside sources with a few rejected contacts each, as a file of records gives them. */
async function noise(count: number): Promise<Fragment[]> {
  const at = 500_000 * HOUR;
  const line = (n: number, port: number) =>
    `2 123456789012 eni-${n % 40} ${[60 + (n % 90), (n * 7) & 255, (n * 31) & 255, n & 255].join('.')} 10.0.0.${n % 40} ${1024 + ((n * 7919) % 60_000)} ${port} 6 1 44 ${at + (n % 290)} ${at + (n % 290) + (port % 60)} REJECT OK`;
  const lines = Array.from({ length: count }, (_, n) => [
    line(n, [22, 23, 445, 3389][n & 3]!),
    line(n, (n * 104_729) & 65_535),
  ]);
  const collector = new Collector({ key: KEY });
  await readFlowLog(bufferSource('noise', Buffer.from(lines.flat().join('\n'))), collector);
  return [...collector.sources()]
    .flatMap(({ panes, ...source }) => panes.map((pane) => ({ ...source, ...pane })))
    .filter(({ inside }) => !inside);
}
const KEY = hashKey('a secret');

describe('many fragments together', () => {
  const packArbitrary = fc
    .array(fragmentArbitrary, { maxLength: 8 })
    .map((all) => [...new Map(all.map((each) => [each.address, each])).values()])
    .map((all) => all.filter(({ hour }) => hour === all[0]!.hour));

  test('come back as they were, in order of address', () => {
    fc.assert(
      fc.property(packArbitrary, (fragments) => {
        const back = decodeFragments('111122223333', encodeFragments(fragments));
        const order = (all: readonly Fragment[]) =>
          all.toSorted((a, b) => (a.address < b.address ? -1 : 1)).map(byHash);
        expect(order(back)).toEqual(order(fragments));
      }),
      { numRuns: 100 },
    );
  });

  test('are the same bytes in any order', async () => {
    const fragments = await noise(200);
    const bytes = Buffer.from(encodeFragments(fragments, KEY));
    expect(bytes.equals(encodeFragments(fragments.toReversed(), KEY))).toBe(true);
  });

  test('take few bytes for a source of noise: hashes are not stored, and the rest is compressed', async () => {
    const fragments = await noise(400);
    const contacts = fragments.reduce((sum, fragment) => sum + fragment.contacts.length, 0);
    expect(fragments.length).toBeGreaterThan(350);
    const bytes = encodeFragments(fragments, KEY);
    expect(bytes.length / fragments.length).toBeLessThan(20);
    // Give or take what a flag does to the compression.
    expect(Math.abs(encodeFragments(fragments).length - bytes.length - contacts * 4)).toBeLessThan(10);
    expect(decodeFragments('internet', bytes, { key: KEY }).map(byHash)).toEqual(
      decodeFragments('internet', encodeFragments(fragments)).map(byHash),
    );
    expect(() => decodeFragments('internet', bytes)).toThrow('the key to compute them is missing');
  });

  test('give one source without the others, and a glance at all', async () => {
    const fragments = await noise(100);
    const bytes = encodeFragments(fragments, KEY);
    const one = fragments[37]!;
    expect(
      decodeFragments('internet', bytes, { key: KEY, wants: (address) => address === one.address }).map(byHash),
    ).toEqual([byHash(one)]);
    const seen = new Map([...glance(bytes)].map((source) => [source.address, source.seen.toSorted()]));
    expect(seen).toEqual(
      new Map(fragments.map(({ address, contacts }) => [address, contacts.map((contact) => contact.seen).sort()])),
    );
  });
});

describe('bytes that are no fragment', () => {
  const good = encodeFragment(fragmentOf({ contacts: [contactOf({ hash: 1 })] }));
  const decode = (bytes: Uint8Array) => decodeFragment(fragmentOf({}), bytes);

  test('of another version are refused, with the versions named', () => {
    for (const version of [0, 1, 255]) {
      const other = Uint8Array.from(good);
      other[0] = version;
      expect(() => decode(other)).toThrow(CodecError);
      expect(() => decode(other)).toThrow(`fragment version must be 3 or 4 or 5 or 6, got ${version}`);
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

/** A stored fragment with what is compressed in it changed, and compressed again. */
function changedWithin(stored: Uint8Array, change: (inner: Buffer) => Uint8Array): Uint8Array {
  const outer = new ColumnReader(stored.subarray(1));
  const compressed = brotliCompressSync(change(brotliDecompressSync(outer.bytes(outer.number()))));
  const head = new ColumnWriter();
  head.byte(stored[0]!);
  head.number(compressed.length);
  return Buffer.concat([head.done(), compressed, outer.bytes(outer.left)]);
}

describe('bytes that are damaged where no checksum tells', () => {
  const contact = contactOf({ hash: 7, firstEnd: 500_000 * HOUR + 3599, lastEnd: 500_000 * HOUR + 3599 });
  const identity = { interfaceId: 'eni-1', fields: { 'vpc-id': 'vpc-1' } };
  const stored = encodeFragments([fragmentOf({ contacts: [contact], identity })]);
  const replaced = (from: string, to: string) =>
    changedWithin(stored, (inner) => Buffer.from(inner.toString('latin1').replace(from, to), 'latin1'));

  test('are refused with one kind of error, whatever they become', () => {
    const inner: number[] = [];
    changedWithin(stored, (bytes) => {
      inner.push(...bytes.keys());
      return bytes;
    });
    let refused = 0;
    for (const at of inner) {
      for (const byte of [0, 1, 127, 128, 255]) {
        const damaged = changedWithin(stored, (bytes) => Buffer.from(bytes.map((old, n) => (n === at ? byte : old))));
        for (const look of [() => decodeFragments('x', damaged), () => [...glance(damaged)]]) {
          try {
            look();
          } catch (error) {
            expect(error).toBeInstanceOf(CodecError);
            refused++;
          }
        }
      }
    }
    expect(refused).toBeGreaterThan(inner.length);
  });

  test.each([
    ['null', '{"interfaceId":"eni-1","fields":{"vpc-id":"vpc-1"}}', 'null'.padEnd(51)],
    ['without fields', '"fields":{"vpc-id":"vpc-1"}', '"sdleif":{"vpc-id":"vpc-1"}'],
    ['with a number for a field', '"vpc-1"', '1111111'],
    ['with a number for an interface', '"eni-1"', '1111111'],
  ])('are refused where the identity is %s, which merging would trip over', (_, from, to) => {
    expect(() => decodeFragments('x', replaced(from, to))).toThrow('the identity of a source is invalid');
  });

  test.each([
    ['the last minute of an hour and more', [0x8f, 0x1c], [0x90, 0x1c], 'beyond its hour'],
    ['an hour of the year 2200', [0xa0, 0xc2, 0x1e], [0xa0, 0xc2, 0x7e], 'an hour must be at most 1200000'],
  ])('are refused where they tell of %s', (_, from, to, message) => {
    const text = (bytes: number[]) => Buffer.from(bytes).toString('latin1');
    expect(() => decodeFragments('x', replaced(text(from), text(to)))).toThrow(message);
  });

  test.each([
    ['answered contacts with a higher rate than touched ones', { touched: 5, answered: 6, failed: 7, lateral: 7 }],
    ['touched contacts with a higher rate than failed ones', { touched: 8, answered: 6, failed: 7, lateral: 9 }],
    ['touched contacts with a higher rate than lateral ones', { touched: 8, answered: 6, failed: 9, lateral: 7 }],
    ['a left-out contact beyond all hashes', { touched: 6, answered: 6, failed: 7, lateral: 7, leftOut: [2 ** 21] }],
  ])('are refused where they tell of %s', (_, sample) => {
    const bytes = encodeFragments([fragmentOf({ sample: { leftOut: [], ...sample } })]);
    expect(() => decodeFragments('x', bytes)).toThrow(CodecError);
  });

  test('are refused where a few of them come to gigabytes', () => {
    expect(() =>
      decodeFragments(
        'x',
        changedWithin(stored, () => Buffer.alloc(64 * 1024 * 1024)),
      ),
    ).toThrow(CodecError);
  });
});

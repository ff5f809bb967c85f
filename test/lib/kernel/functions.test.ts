/** The kernel's functions one by one, each against the one of TypeScript that means the same. */
import { describe, expect, test } from '@jest/globals';
import { randomOf } from '../../../bench/random.ts';
import { type HashKey, keyedHash } from '../../../lib/evidence/keyed-hash.ts';
import { isFailedProbe } from '../../../lib/evidence/seen.ts';
import { columnMap } from '../../../lib/flowlog/columns.ts';
import { KernelAddresses } from '../../../lib/kernel/kernel-tables.ts';
import { KernelLines } from '../../../lib/kernel/line-reader.ts';
import { formatAddress, parseIpv4, parseIpv6 } from '../../../lib/net/address.ts';
import fc from '../../properties.ts';
import { classify, Halves } from '../../reference/initiator.ts';
import { freshKernel } from './fresh-kernel.ts';
import { mutated } from './mutate.ts';
import { noAddress, someAddress } from './some-addresses.ts';

test('kernel and evidence agree on failed probes for all 32,768 unions of bits', () => {
  const { run } = freshKernel();
  const wrong = Array.from({ length: 1 << 15 }, (_, seen) => seen).filter(
    (seen) => Boolean(run.isFailedProbe(seen)) !== isFailedProbe(seen),
  );
  expect(wrong).toEqual([]);
});

test('the keyed hash is the same for any key and any seven words', () => {
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(fc.tuple(word, word), fc.tuple(word, word, word, word, word, word, word), (key, words) => {
      const { run } = freshKernel({ key: key as HashKey });
      expect(run.keyedHash(...words) >>> 0).toBe(keyedHash(key, ...words));
    }),
    { numRuns: 300 },
  );
});

test('the halves of a record are the same for all protocols, flags, actions, port roles and sizes', () => {
  const { run } = freshKernel();
  const halves = new Halves();
  const ports = [0, 22, 443, 1023, 1024, 8080, 32_767, 32_768, 65_535];
  const sizes = [0, 1, 2, 3, 4, 5, 10, 11].flatMap((packets) =>
    [0, 40, 41, 44, 48, 52, 60, 61, 64, 68, 80, 84].map((bytes) => [packets, packets * bytes] as const),
  );
  const wrong: unknown[] = [];
  let tried = 0;
  for (const protocol of [0, 1, 6, 17, 58, 132])
    for (const flags of protocol === 6 ? [-1, ...Array(32).keys(), 66, 82, 256, 0xffff] : [-1, 2])
      for (const action of [0, 1, 2] as const)
        for (const sourcePort of ports)
          for (const targetPort of ports)
            for (const isIpv4 of [true, false])
              for (const [packets, bytes] of protocol === 6 && flags < 5 ? sizes : sizes.slice(-13)) {
                const record = { protocol, tcpFlags: flags, action, sourcePort, targetPort, packets, bytes };
                classify(record, isIpv4, halves);
                const both = run.classify(
                  protocol,
                  sourcePort,
                  targetPort,
                  packets,
                  bytes,
                  action,
                  flags,
                  Number(isIpv4),
                );
                if (both !== halves.forward + halves.reverse * 2 ** 20) wrong.push({ ...record, isIpv4, both });
                tried++;
              }
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(tried).toBeGreaterThan(300_000);
});

describe('the text of an address', () => {
  const kernel = freshKernel();
  const lines = new KernelLines(kernel);
  lines.useColumns(columnMap('srcaddr dstaddr srcport dstport protocol start end action'.split(' ')));

  /** The address that the kernel reads in a text. Undefined if it leaves the line to the row reader. */
  function readAs(text: string): string | undefined {
    kernel.run.clear();
    const reader = lines.read(Buffer.from(`${text} 9.9.9.9 1 2 6 1795288627 1795288627 ACCEPT\n`, 'latin1'));
    return reader.read(0).next === 0 ? undefined : new KernelAddresses(kernel).text(1);
  }

  const random = randomOf('addresses');
  const texts = Array.from({ length: 2500 }, (_, at) => {
    if (at % 5 < 3) return someAddress(random);
    if (at % 5 === 3) return noAddress(random);
    return Buffer.from(mutated(Buffer.from(someAddress(random)), random)).toString('latin1');
  }).filter((text) => /^[!-\xff]+$/.test(text) && text !== '-');

  test('is read as the parsers of TypeScript read it, or left to them', () => {
    const wrong = texts.flatMap((text) => {
      const read = readAs(text);
      const v4 = parseIpv4(text);
      const v6 = parseIpv6(text);
      const expected = v4 === undefined ? v6 && formatAddress(...v6) : formatAddress(0, 0, 0xffff, v4);
      // IPv6 that ends in a dotted address is rare, and left to the row reader.
      const isLeft = !expected || (text.includes(':') && text.includes('.'));
      return read === (isLeft ? undefined : expected) ? [] : [{ text, read, expected }];
    });
    expect(wrong).toEqual([]);
  });

  test('was one in more than half of what was tried, and none in many', () => {
    const read = texts.filter((text) => parseIpv4(text) !== undefined || parseIpv6(text)).length;
    expect(read).toBeGreaterThan(texts.length / 2);
    expect(texts.length - read).toBeGreaterThan(500);
  });
});

/** Untrusted text in lines, subjects and shell words. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { plain, shellWord } from '../../../lib/alert/plain.ts';
import { HOSTILE } from '../finding/samples.ts';
import { wordsOf } from './shell.ts';

describe('plain text', () => {
  test.each(HOSTILE.map((text) => [text]))('of %j is printable ASCII on one line, of the same length', (text) => {
    expect(plain(text)).toMatch(/^[\x20-\x7e]*$/);
    expect(plain(text)).toHaveLength(text.length);
  });

  test('leaves printable ASCII as it is', () => {
    const ascii = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');
    expect(plain(ascii)).toBe(ascii);
  });
});

describe('a shell word', () => {
  test('of any text is one word, and that word is the plain text', () => {
    const words = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom(...HOSTILE)), {
      minLength: 30,
      maxLength: 60,
    });
    fc.assert(
      fc.property(words, (texts) => {
        expect(wordsOf(texts.map(shellWord).join(' '))).toEqual(texts.map(plain));
      }),
      { numRuns: 15 },
    );
  });

  test('needs no quotes for what is common in ids, ARNs and CIDRs', () => {
    for (const text of ['i-0abc', '10.0.0.1/32', '2001:db8::1', 'arn:aws:ecs:eu-west-1:1:task/x_y', 'a@b', 'Name=x,y'])
      expect(shellWord(text)).toBe(text);
  });
});

/** Untrusted text in lines, subjects and shell words. */
import { describe, expect, test } from '@jest/globals';
import {
  csvCell,
  excerpt,
  jsonText,
  plain,
  printable,
  printableLines,
  shellWord,
  valueText,
} from '../../../lib/text/untrusted.ts';
import fc from '../../properties.ts';
import { HOSTILE } from '../finding/samples.ts';
import { wordsOf } from '../notify/shell.ts';

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

describe('JSON text', () => {
  test.each(HOSTILE.map((text) => [text]))('of %j is the same value, without terminal controls', (text) => {
    const value = { [text]: [text, { a: text }] };
    for (const indent of [0, 2]) {
      expect(JSON.parse(jsonText(value, indent))).toEqual(value);
      expect(jsonText(value, indent).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  });

  test('is what JSON.stringify gives where there is nothing to escape, beyond ASCII too', () => {
    const value = { name: 'Zürich 東京', list: [1, null, true] };
    expect(jsonText(value, 2)).toBe(JSON.stringify(value, null, 2));
  });

  test('escapes both halves of a character beyond the basic plane', () => {
    expect(jsonText('\u{e0001}')).toBe('"\\udb40\\udc01"');
  });
});

describe('a cell of a CSV file', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    ['10.0.0.1', '10.0.0.1'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines\r', 'two?lines?'],
    ['=cmd|x', `"'=cmd|x"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['  =1', `"'  =1"`],
    ['\t=1', `"'?=1"`],
    ['\uff1d1', `"'\uff1d1"`],
    ['a=b', 'a=b'],
  ])('of %j is %s', (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });

  test('of any text is one cell on one line that begins no formula', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE)), (text) => {
        const cell = csvCell(text);
        expect(cell).toMatch(/^("([^"]|"")*"|[^",\n\r]*)$/);
        expect(cell.replace(/^"/, '')).not.toMatch(/^\s*[=+\-@]/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a shell word', () => {
  test('of any text is one word, and that word is the plain value', () => {
    const words = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom(...HOSTILE)), {
      minLength: 30,
      maxLength: 60,
    });
    fc.assert(
      fc.property(words, (texts) => {
        expect(wordsOf(texts.map(shellWord).join(' '))).toEqual(texts.map((text) => plain(valueText(text))));
      }),
      { numRuns: 15 },
    );
  });

  test.each(['--endpoint-url=https://evil.example', '-x', 'file:///etc/passwd', 'fileb://x', 'HTTPS://evil.example'])(
    'of %s is neither an option nor a file or URL to the program that gets it',
    (text) => {
      expect(wordsOf(shellWord(text))).toEqual([`?${text}`]);
    },
  );

  test('needs no quotes for what is common in ids, ARNs and CIDRs', () => {
    for (const text of ['i-0abc', '10.0.0.1/32', '2001:db8::1', 'arn:aws:ecs:eu-west-1:1:task/x_y', 'a@b', 'Name=x,y'])
      expect(shellWord(text)).toBe(text);
  });
});

describe('excerpt', () => {
  test('is printable ASCII of at most 80 characters and a mark for the rest, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = excerpt(bytes);
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(text).toHaveLength(bytes.length > 80 ? 83 : bytes.length);
      }),
    );
  });

  test('shows escape sequences and invisible characters as question marks', () => {
    expect(excerpt(Buffer.from('\u001b[31mred\u0007 \u202etxt'))).toBe('?[31mred? ???txt');
  });
});

describe('text for a terminal', () => {
  test.each(HOSTILE.map((text) => [text]))('of %j holds nothing that a terminal obeys', (text) => {
    expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    expect(printableLines(`${text}\nnext`).split('\n').at(-1)).toBe('next');
  });
});

/** Settings files as they lie on disk: missing, unreadable, no JSON, wrong, right. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadSettings } from '../../../lib/config/load.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sweepwatch-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const file = join(folder, 'settings.json');
  writeFileSync(file, text);
  return file;
}

describe('loadSettings', () => {
  test('reads the settings file of the repository', () => {
    expect(loadSettings('sweepwatch.config.json').deploymentName).toBe('sweepwatch');
  });

  test('reads a file that begins with a byte order mark', () => {
    expect(loadSettings(fileWith('\uFEFF{"sensitivity":"high"}')).sensitivity).toBe('high');
  });

  test('says that a file does not exist', () => {
    const file = join(folder, 'nothing.json');
    expect(() => loadSettings(file)).toThrow(`${file}: does not exist: create it, or name another settings file`);
  });

  test('says that a folder is no file', () => {
    expect(() => loadSettings(folder)).toThrow(`${folder}: is a folder: name the settings file in it`);
  });

  test('says that an empty file must hold an object', () => {
    expect(() => loadSettings(fileWith(' \n'))).toThrow('is empty: it must contain a JSON object, at least {}');
  });

  test.each([
    ['a word without quotes', '{\n  "emails": oops\n}', "Unexpected token 'o', at line 2 column 13"],
    ['a comment', '// mine\n{}', "Unexpected token '/', at line 1 column 1"],
    ['a comma too many', '{\n  "emails": [],\n}', 'Expected double-quoted property name, at line 3 column 1'],
    ['a missing comma', '{"a": 1 "b": 2}', "Expected ',' or '}' after property value, at line 1 column 9"],
    ['an end too early', '{\n  "emails": [', 'Unexpected end of JSON input, at line 2 column 13'],
    ['a long text', `{"x": "${'y'.repeat(200)}",\n"z": nope}`, "Unexpected token 'o', at line 2 column 7"],
  ])('gives line and column of %s', (_name, text, problem) => {
    const file = fileWith(text);
    expect(() => loadSettings(file)).toThrow(`${file}: is not JSON: ${problem}`);
  });

  test('names the file in front of every problem', () => {
    const file = fileWith('{"sensitivity":"x","logLevel":"y"}');
    expect(() => loadSettings(file)).toThrow(
      `${file}: sensitivity: must be one of low, medium, high, got "x"\n` +
        `${file}: logLevel: must be one of DEBUG, INFO, WARN, ERROR, got "y"`,
    );
  });
});

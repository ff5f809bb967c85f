/** Every row of the tool table: its example matches, its counterexample does not, its source is named. */
import { describe, expect, test } from '@jest/globals';
import { matchCommand, matchImage } from '../../../../lib/signals/tools/index.ts';
import { TOOLS } from '../../../../lib/signals/tools/rows.ts';
import { shellWords, windowsWords } from '../../../../lib/signals/tools/words.ts';

const wordsOf = (line: string): string[] => (line.includes('.exe') ? windowsWords(line) : shellWords(line));

describe('each row of the tool table', () => {
  test.each(TOOLS.map((tool) => [tool.name, tool] as const))('%s', (name, tool) => {
    expect(tool.source).toMatch(/^https:\/\//);
    if (tool.example !== '') expect(matchCommand(wordsOf(tool.example))).toMatchObject({ tool: name });
    expect(matchCommand(wordsOf(tool.counterExample))).toBeUndefined();
    for (const image of tool.images ?? [])
      expect(matchImage(`registry.example.com/${image}:1.0`)).toMatchObject({ tool: name });
    expect(tool.example !== '' || tool.images !== undefined).toBe(true);
  });

  test('no file name belongs to two tools', () => {
    const files = TOOLS.flatMap(({ files: names, windowsFiles }) => [...names, ...(windowsFiles ?? [])]);
    expect(new Set(files).size).toBe(files.length);
  });
});

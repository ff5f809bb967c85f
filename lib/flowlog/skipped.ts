/** Lines that could not be read: counted per reason, with the position of the first one. */

export const SKIP_REASONS = {
  'too few columns': 'the line has fewer columns than the header names',
  'too many columns': 'the line has more columns than the header names',
  'line too long': 'the line is longer than 64 KiB',
  'bad address': 'an address is neither IPv4 nor IPv6',
  'bad port': 'a port is not a number from 0 to 65535',
  'bad protocol': 'the protocol is not a number from 0 to 255',
  'bad number': 'packets, bytes or tcp-flags is not a whole number',
  'bad time': 'start or end is not an epoch second between the years 2000 and 2100',
  'end before start': 'the record ends before it starts',
  'bad action': 'the action is neither ACCEPT nor REJECT',
  'missing value': 'a required field is "-" although log-status is OK',
  'bad status': 'log-status is not OK, NODATA or SKIPDATA',
  'cut short': 'the file ended in the middle of this line',
} as const;

/** Why a line was not read. The values of {@link SKIP_REASONS} are the words for people. */
export type SkipReason = keyof typeof SKIP_REASONS;

/** How many lines were skipped for one reason, and the position of the first one. */
export interface SkippedLines {
  readonly reason: SkipReason;
  count: number;
  /** Line number (starting at 1) of the first one, and at most 80 printable characters of it. */
  readonly firstLine: number;
  readonly excerpt: string;
}

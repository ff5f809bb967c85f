/** Writes the page of `--report`. Loaded only if the option is used. */
import { writeFile } from 'node:fs/promises';
import { type ReportSubject, reportPage } from '../lib/report/page.ts';
import { printable } from '../lib/text/untrusted.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

/** What a command knows about its report. */
export type Reported = Omit<ReportSubject, 'madeAt' | 'madeBy'>;

/** Writes a report to a file. False, with the reason on stderr, if that was not possible. */
export async function writeReport(file: string, reported: Reported, terminal: Terminal): Promise<boolean> {
  const page = reportPage({ ...reported, madeAt: Date.now() / 1000, madeBy: `sweepwatch ${version()}` });
  try {
    await writeFile(file, page);
  } catch (error) {
    terminal.stderr(`--report ${printable(file)}: ${whyNot(error as NodeJS.ErrnoException)}\n`);
    return false;
  }
  terminal.stderr(`report written to ${printable(file)}\n`);
  return true;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'the folder does not exist',
  EISDIR: 'this is a folder, expected the name of a file',
  EACCES: 'permission denied. Check who may write there',
  EPERM: 'permission denied. Check who may write there',
  ENOSPC: 'the disk is full',
};

const whyNot = ({ code = '', message }: NodeJS.ErrnoException): string => REASONS[code] ?? printable(message);

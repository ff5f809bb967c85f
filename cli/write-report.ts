/** Writes the page of `--report`. Loaded only if the option is used. */
import { writeFile } from 'node:fs/promises';
import { type ReportSubject, reportPage } from '../lib/report/page.ts';
import { printable } from '../lib/text/untrusted.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';
import { whyNotWritten } from './write-file.ts';

/** What a command knows about its report. */
export type Reported = Omit<ReportSubject, 'madeAt' | 'madeBy'>;

/** Writes a report to a file. False, with the reason on stderr, if that was not possible. */
export async function writeReport(file: string, reported: Reported, terminal: Terminal): Promise<boolean> {
  const page = reportPage({ ...reported, madeAt: Date.now() / 1000, madeBy: `sweepwatch ${version()}` });
  try {
    await writeFile(file, page);
  } catch (error) {
    terminal.stderr(`--report ${printable(file)}: ${whyNotWritten(error as NodeJS.ErrnoException)}\n`);
    return false;
  }
  terminal.stderr(`report written to ${printable(file)}\n`);
  return true;
}

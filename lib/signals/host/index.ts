/** Logs of hosts: auditd, laurel, Falco, Tetragon, Sysmon, Windows Security and PowerShell, osquery, eslogger. */
import type { SigmaRules } from '../sigma/index.ts';
import type { Signal } from '../signal.ts';
import { type HostCounts, HostLogReader } from './reader.ts';

export { UNREAD } from './process-event.ts';
export { HostLogReader };

/** One line of a log without its end, and its number. */
export interface HostLine {
  readonly text: string;
  readonly line: number;
}

/** Reads a whole log. `source` is the name of the file or log stream. `rules` are those of the user. Returns the counts. */
export async function* readHostLog(
  lines: AsyncIterable<HostLine> | Iterable<HostLine>,
  source: string,
  rules?: SigmaRules,
): AsyncGenerator<Signal, HostCounts> {
  const reader = new HostLogReader(source, rules);
  for await (const { text } of lines) yield* reader.read(text);
  yield* reader.finish();
  return reader.counts;
}

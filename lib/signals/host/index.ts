/** Logs of hosts: auditd, laurel, Falco, Tetragon, Sysmon, Windows Security and PowerShell, osquery, eslogger. */
import type { SigmaRules } from '../sigma/index.ts';
import type { Signal } from '../signal.ts';
import { readAuditRecord } from './auditd-record.ts';
import { type HostCounts, HostLogReader } from './reader.ts';

export { UNREAD, type Unread } from './process-event.ts';
export { type HostCounts, HostLogReader };

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

/** Whether the beginning of a file looks like a host log of a known format, binary ones that are refused included. */
export const isHostLog = (head: string): boolean =>
  head.startsWith('ElfFile\0') ||
  head
    .slice(0, 65_536)
    .split('\n')
    .some((line) => readAuditRecord(line) !== undefined || HINTS.some((hint) => line.includes(hint)));

/** Texts that only one of the formats has. */
const HINTS = [
  '<Event xmlns',
  '<Event><System>',
  '"process_exec"',
  '"output_fields"',
  '"ProcessGuid"',
  '"NewProcessName"',
  '"ScriptBlockText"',
  '"hostIdentifier"',
  '"EXECVE"',
  '"winlog"',
  '"audit_token"',
] as const;

/** Reads logs of orchestrators and hosts for `detect`. Loaded only if one of their options is used. */
import v8 from 'node:v8';
import { GzipError } from '../lib/flowlog/gunzip.ts';
import type { ByteSource } from '../lib/flowlog/source.ts';
import { HostLogReader, UNREAD as UNREAD_HOST } from '../lib/signals/host/index.ts';
import { ScriptBlocks } from '../lib/signals/host/script-blocks.ts';
import { judgeLedger } from '../lib/signals/orchestrator/judge.ts';
import { Ledger } from '../lib/signals/orchestrator/ledger.ts';
import { OrchestratorReader, UNREAD } from '../lib/signals/orchestrator/reader.ts';
import type { LoadedRules } from '../lib/signals/sigma/load.ts';
import type { SigmaRule } from '../lib/signals/sigma/rule.ts';
import type { Signal } from '../lib/signals/signal.ts';
import type { Connection } from '../lib/store/clients.ts';
import { type BadInput, RULE_FILES, reasonOf, resolveInputs, SIGNAL_LOGS } from './inputs.ts';
import type { Progress } from './progress.ts';
import { readBytes, textOf } from './read-bytes.ts';
import { TextLines } from './text-lines.ts';

/** What to read. */
export interface SignalPaths {
  readonly audit: readonly string[];
  readonly endpoint: readonly string[];
  readonly rules: readonly string[];
}

/** What a file held that gave no event. */
interface Unread {
  readonly count: number;
  readonly reason: string;
  readonly meaning: string;
  readonly firstLine?: number;
}

/** The result for one file. */
export interface SignalFileReport {
  readonly name: string;
  readonly events: number;
  readonly unread: readonly Unread[];
  readonly error?: string;
}

/** Everything that was read. */
export interface ReadSignals {
  readonly signals: readonly Signal[];
  readonly directory: Ledger['directory'];
  /** The time of the last event, epoch seconds. */
  readonly logTime: number;
  readonly files: readonly SignalFileReport[];
  readonly bad: readonly BadInput[];
  /** Facts that were dropped at a memory limit. */
  readonly dropped: number;
  /** Rules of the user that were loaded. */
  readonly rules?: number;
}

/** Takes the bytes of one file. */
interface FileReader {
  push(chunk: Uint8Array): void;
  end(): Pick<SignalFileReport, 'events' | 'unread'>;
}

/** The files of one kind, with what reads one of them. */
interface Kind {
  readonly paths: readonly string[];
  readonly expected: string;
  readonly read: (name: string) => FileReader;
}

/** Reads all files. One that cannot be read is reported, and the others are still read. */
export async function readSignals(
  paths: SignalPaths,
  connection: Connection,
  progress: (sources: readonly ByteSource[]) => Progress,
): Promise<ReadSignals> {
  // Parsed events are many short-lived objects, which need more room than flow log records (sweepwatch.mjs).
  v8.setFlagsFromString('--semi-space-growth-factor=2');
  const ledger = new Ledger();
  const rules = paths.rules.length ? await readRules(paths.rules) : undefined;
  const host: Signal[] = [];
  // Parts of one script may be in several files.
  const blocks = new ScriptBlocks();
  const kinds: Kind[] = [
    {
      paths: paths.audit,
      expected: 'events of an orchestrator: Kubernetes audit, CloudTrail, ECS, Docker, Podman or containerd',
      read: (name) => orchestratorReader(name, ledger, rules?.rules.rules),
    },
    {
      paths: paths.endpoint,
      expected:
        'process records of a host: auditd, laurel, Falco, Tetragon, osquery, eslogger, Sysmon or Windows events',
      read: (name) => hostReader(name, host, blocks, rules?.rules.rules),
    },
  ];
  const files: SignalFileReport[] = [];
  const bad: BadInput[] = [...(rules?.bad ?? [])];
  for (const { paths: ofKind, expected, read } of kinds) {
    if (!ofKind.length) continue;
    const inputs = await resolveInputs(ofKind, process.stdin, connection, SIGNAL_LOGS);
    bad.push(...inputs.bad);
    const shown = progress(inputs.sources);
    for (const source of inputs.sources) {
      try {
        files.push(await readFile(shown.watch(source), read(source.name), expected));
      } catch (error) {
        bad.push({ path: source.name, reason: reasonOf(error as NodeJS.ErrnoException) });
      }
    }
    shown.end();
  }
  host.push(...new HostLogReader('', rules?.rules.rules, blocks).finishScripts());
  const signals = [...judgeLedger(ledger), ...host.map((signal) => ledger.directory.resolve(signal))];
  return {
    signals,
    directory: ledger.directory,
    logTime: host.reduce((last, { at }) => Math.max(last, at), ledger.lastAt) / 1000,
    files,
    bad,
    dropped: ledger.dropped + ledger.directory.dropped,
    ...(rules && { rules: rules.rules.rules.length }),
  };
}

/** The rules in files and folders. What is refused is named with its reason, and the rest is used. */
async function readRules(paths: readonly string[]): Promise<{ rules: LoadedRules; bad: BadInput[] }> {
  const { loadSigmaRules } = await import('../lib/signals/sigma/load.ts');
  const inputs = await resolveInputs(paths, process.stdin, {}, RULE_FILES);
  const bad: BadInput[] = [...inputs.bad];
  const files: { name: string; text: string }[] = [];
  for (const source of inputs.sources) {
    try {
      files.push({ name: source.name, text: await textOf(source) });
    } catch (error) {
      bad.push({ path: source.name, reason: reasonOf(error as NodeJS.ErrnoException) });
    }
  }
  const rules = loadSigmaRules(files);
  bad.push(
    ...rules.refused.map(({ file, rule, reason }) => ({ path: rule ? `${file}, rule "${rule}"` : file, reason })),
  );
  return { rules, bad };
}

function orchestratorReader(name: string, ledger: Ledger, rules?: readonly SigmaRule[]): FileReader {
  const reader = new OrchestratorReader(name, (fact) => ledger.add(fact), rules);
  return {
    push: (chunk) => reader.push(chunk),
    end: () => {
      const { events, unread } = reader.end();
      return { events, unread: unread.map((one) => ({ ...one, meaning: UNREAD[one.reason] })) };
    },
  };
}

function hostReader(name: string, signals: Signal[], blocks: ScriptBlocks, rules?: readonly SigmaRule[]): FileReader {
  const reader = new HostLogReader(name, rules, blocks);
  const lines = new TextLines((line) => signals.push(...reader.read(line)));
  return {
    push: (chunk) => lines.push(chunk),
    end: () => {
      lines.end();
      signals.push(...reader.finish());
      const { formats, unread } = reader.counts;
      return {
        events: [...formats.values()].reduce((sum, count) => sum + count, 0),
        unread: [...unread]
          .filter(([reason]) => reason !== 'other-event')
          .map(([reason, count]) => ({ reason, count, meaning: UNREAD_HOST[reason] })),
      };
    },
  };
}

async function readFile(source: ByteSource, reader: FileReader, expected: string): Promise<SignalFileReport> {
  let bytes = 0;
  const write = (chunk: Uint8Array) => {
    bytes += chunk.length;
    reader.push(chunk);
  };
  let error: string | undefined;
  try {
    await readBytes(source, write);
  } catch (fault) {
    if (!(fault instanceof GzipError)) throw fault;
    error = fault.message;
  }
  const { events, unread } = reader.end();
  if (!bytes) error ??= `the file is empty. Expected ${expected}`;
  else if (!events && !unread.some(({ reason }) => reason === 'control message'))
    error ??= `the file contains no event that is understood. Expected ${expected}`;
  return { name: source.name, events, unread, ...(error !== undefined && { error }) };
}

/**
 * What was gathered from the logs of orchestrators and hosts, in the form in which it is stored: facts and process
 * events that may become signals. They are judged together, in any order and however they came in pieces.
 */
import { HostJudge } from './host/judge.ts';
import type { ProcessEvent, ScriptPart } from './host/process-event.ts';
import { sameEvent } from './host/same-event.ts';
import { MISSING, ScriptBlocks } from './host/script-blocks.ts';
import type { Directory } from './orchestrator/directory.ts';
import type { ExecOptions } from './orchestrator/exec-rules.ts';
import type { Fact } from './orchestrator/facts.ts';
import { judgeLedger } from './orchestrator/judge.ts';
import { Ledger } from './orchestrator/ledger.ts';
import type { Signal } from './signal.ts';

/** Process events of one log. `log` is the name of its stream, which often names the instance. */
export interface HostEvents {
  readonly log: string;
  readonly events: readonly ProcessEvent[];
  /** Parts of scripts whose other parts came, or may come, in other pieces. */
  readonly parts?: readonly ScriptPart[];
}

/** Facts of orchestrators and process events of hosts. */
export interface Gathered {
  readonly facts: readonly Fact[];
  readonly hosts: readonly HostEvents[];
}

/** What gathered evidence says. */
export interface GatheredSignals {
  readonly signals: readonly Signal[];
  /** Pods and tasks by address and time. */
  readonly directory: Directory;
  /** The time of the last event, epoch milliseconds. */
  readonly lastAt: number;
  /** Facts that were dropped at a memory limit. */
  readonly dropped: number;
}

/**
 * Judges everything that was gathered. Any order, split and repetition of the pieces gives the same.
 * @param options how execs are judged, see {@link ExecOptions}.
 */
export function judgeGathered(pieces: Iterable<Gathered>, options?: ExecOptions): GatheredSignals {
  const ledger = new Ledger();
  const logs: Logs = new Map();
  const parts: LoggedPart[] = [];
  for (const { facts, hosts } of pieces) {
    for (const fact of facts) ledger.add(fact);
    for (const { log, events, parts: ofLog = [] } of hosts) {
      for (const event of events) addEvent(logs, log, event);
      for (const part of ofLog) parts.push({ log, part });
    }
  }
  if (parts.length) joinScripts(logs, parts);
  const signals = judgeLedger(ledger, options);
  let lastAt = ledger.lastAt;
  for (const [log, events] of [...logs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    // Programs that contact one target per run are counted over time, so the order of arrival must not matter.
    const judge = new HostJudge(log);
    for (const event of [...events.values()].sort(byTime)) {
      lastAt = Math.max(lastAt, event.at);
      const signal = judge.judge(event);
      for (const one of [...(signal ? [signal] : []), ...judge.judgeRules(event)])
        signals.push(ledger.directory.resolve(one));
    }
  }
  return { signals, directory: ledger.directory, lastAt, dropped: ledger.dropped + ledger.directory.dropped };
}

type Logs = Map<string, Map<string, ProcessEvent>>;
type LoggedPart = { readonly log: string; readonly part: ScriptPart };

function addEvent(logs: Logs, log: string, event: ProcessEvent): void {
  const known = logs.get(log) ?? new Map<string, ProcessEvent>();
  const same = known.get(keyOf(event));
  known.set(keyOf(event), same ? sameEvent(same, event) : event);
  logs.set(log, known);
}

/**
 * Puts scripts together whose parts came in several pieces. The order of their times bounds which of too many are judged
 * incomplete, so that it is the same for every order of arrival.
 */
function joinScripts(logs: Logs, parts: readonly LoggedPart[]): void {
  const blocks = new ScriptBlocks();
  const sorted = parts.toSorted(
    ({ log: a, part: x }, { log: b, part: y }) =>
      byTime(x, y) || x.total - y.total || x.number - y.number || (a < b ? -1 : a > b ? 1 : 0),
  );
  const found = [...sorted.flatMap(({ log, part }) => [...blocks.add(part, log)]), ...blocks.finish()];
  for (const { log, event, isWhole } of found) if (isWhole) addEvent(logs, log, event);
  // A script that is whole elsewhere tells more than a part of it that came twice.
  const whole = new Set(
    [...logs.values()].flatMap((events) => [...events.values()].filter(isWholeScript).map(({ eventId }) => eventId)),
  );
  for (const { log, event, script, isWhole } of found) if (!isWhole && !whole.has(script)) addEvent(logs, log, event);
}

const isWholeScript = (event: ProcessEvent): boolean => event.type === 'script' && !event.limits.includes(MISSING);

const keyOf = (event: ProcessEvent): string =>
  event.type === 'connection' ? `${event.eventId} ${event.address} ${event.port}` : `${event.type} ${event.eventId}`;

/** Ids end with a serial number, so a shorter one is an earlier one. */
const byTime = (a: ProcessEvent | ScriptPart, b: ProcessEvent | ScriptPart): number =>
  a.at - b.at || a.eventId.length - b.eventId.length || (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0);

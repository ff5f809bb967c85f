/** Host logs to signals: tells the formats apart line by line, keeps what belongs together, counts what it cannot read. */

import { withRules } from '../sigma/match.ts';
import type { SigmaRule } from '../sigma/rule.ts';
import type { Signal } from '../signal.ts';
import { AuditdReader } from './auditd.ts';
import { readAuditRecord } from './auditd-record.ts';
import { elastic, eslogger, osquery } from './json-agents.ts';
import type { JsonFormat } from './json-format.ts';
import { falco, laurel, tetragon } from './json-linux.ts';
import { nesting, readCutJson } from './json-text.ts';
import { HostJudge } from './judge.ts';
import type { HostCounts, ProcessEvent, ScriptPart, Unread } from './process-event.ts';
import { type LoggedScript, runId, runsOf, ScriptBlocks } from './script-blocks.ts';
import { isObject, type Json, textAt } from './values.ts';
import { type WindowsEvent, windowsEventOfJson, windowsEventOfXml } from './windows-event.ts';
import { readWindowsEvent } from './windows-process.ts';

const JSON_FORMATS: readonly JsonFormat[] = [laurel, falco, tetragon, osquery, eslogger, elastic];

/** An event of several lines, and a line, may be this long. */
const LONGEST = 2_000_000;
/** Envelopes within envelopes. */
const DEEPEST = 4;

/** Reads the lines of one host log. Memory does not grow with the input. */
export class HostLogReader {
  readonly counts: HostCounts = { lines: 0, formats: new Map(), unread: new Map(), droppedCounters: 0 };
  readonly #judge: HostJudge;
  readonly #auditd = new AuditdReader((reason) => this.#skip(reason));
  readonly #blocks: ScriptBlocks;
  readonly #hasOwnBlocks: boolean;
  /** The beginning of an event that goes on in the next lines. */
  #open: { kind: 'json' | 'xml'; text: string; depth: number } | undefined;
  #isRefused = false;

  readonly #rules: readonly SigmaRule[];
  readonly #source: string;

  /** `source` is the name of the file or log stream. It often names the instance. `rules` are those of the user. Parts in `blocks` may be of other logs. */
  constructor(source: string, rules: readonly SigmaRule[] = [], blocks?: ScriptBlocks) {
    this.#blocks = blocks ?? new ScriptBlocks();
    this.#hasOwnBlocks = blocks === undefined;
    this.#judge = new HostJudge(source);
    this.#source = source;
    this.#rules = rules;
  }

  /** Takes a line without its end, and gives the signals that it completes. */
  *read(line: string): Generator<Signal> {
    yield* this.#signals(this.events(line));
  }

  /** Takes a line without its end, and gives the events that it completes, with the rules that fit, unjudged. */
  *events(line: string): Generator<ProcessEvent> {
    for (const event of this.#eventsBy(line)) yield withRules(this.#rules, event);
  }

  /**
   * Takes out the script parts that wait for others, with at most so much text. Call it before {@link lastEvents}, which
   * gives the rest as it is. The rules that fit a run of parts stand at its first.
   */
  takeParts(mostText: number): ScriptPart[] {
    const taken = this.#blocks.takeParts(mostText);
    for (let left = this.#blocks.size + this.#blocks.dropped; left > 0; left--) this.#skip('split-script');
    return taken.flatMap((parts) => {
      const fitting = new Map(runsOf(parts).map((run) => [run.eventId, withRules(this.#rules, run).rules]));
      return parts.map((part) => {
        const rules = fitting.get(runId(part));
        return rules ? { ...part, rules } : part;
      });
    });
  }

  /** Gives the signals of scripts whose parts never all came. */
  *finishScripts(): Generator<Signal> {
    for (const event of this.#scripts(this.#blocks.finish())) yield* this.#signals([withRules(this.#rules, event)]);
  }

  *#scripts(scripts: Iterable<LoggedScript>): Generator<ProcessEvent> {
    for (const { log, event } of scripts) yield log === this.#source ? event : { ...event, log };
  }

  *#eventsBy(line: string): Generator<ProcessEvent> {
    this.counts.lines += 1;
    if (this.#isRefused) return;
    if (line.startsWith('ElfFile\0')) {
      this.#isRefused = true;
      this.#skip('evtx');
      return;
    }
    if (line.includes('\ufffd')) this.#skip('invalid-utf8');
    if (line.length > LONGEST) {
      this.#open = undefined;
      this.#skip('too-long');
      return;
    }
    yield* this.#eventsOfLine(line);
  }

  /** Gives the signals of what is still open at the end. */
  *finish(): Generator<Signal> {
    yield* this.#signals(this.lastEvents());
  }

  /** Gives the events that are still open at the end, unjudged. */
  *lastEvents(): Generator<ProcessEvent> {
    for (const event of this.#rest()) yield withRules(this.#rules, event);
  }

  *#rest(): Generator<ProcessEvent> {
    if (this.#open) yield* this.#eventsOfCut(this.#open);
    this.#open = undefined;
    yield* this.#auditd.finish();
    if (this.#hasOwnBlocks) yield* this.#scripts(this.#blocks.finish());
  }

  /** Whether an event can become a signal, alone or with others. */
  concerns(event: ProcessEvent): boolean {
    return this.#judge.concerns(event);
  }

  *#signals(events: Iterable<ProcessEvent>): Generator<Signal> {
    for (const event of events) {
      const signal = this.#judge.judge(event);
      if (signal) yield signal;
      yield* this.#judge.judgeRules(event);
    }
    this.counts.droppedCounters = this.#judge.droppedCounters;
  }

  #skip(reason: Unread): void {
    this.counts.unread.set(reason, (this.counts.unread.get(reason) ?? 0) + 1);
  }

  #note(format: string): void {
    this.counts.formats.set(format, (this.counts.formats.get(format) ?? 0) + 1);
  }

  *#eventsOfLine(line: string): Generator<ProcessEvent> {
    if (this.#open) {
      yield* this.#continue(line);
      return;
    }
    yield* this.#eventsOfText(line.startsWith('\ufeff') ? line.slice(1) : line, 0);
  }

  /** Events of a text that is a whole line, or the message in an envelope. */
  *#eventsOfText(line: string, depth: number): Generator<ProcessEvent> {
    const text = line.trim();
    if (text === '' || text === '[' || text === ']' || depth > DEEPEST) return;
    if (text.startsWith('{') || text.startsWith('[{')) {
      yield* this.#eventsOfJsonText(text, depth);
      return;
    }
    const record = readAuditRecord(text);
    if (record) {
      if (record.type.startsWith('AUOMS_')) this.#skip('auoms');
      else {
        this.#note('auditd');
        yield* this.#auditd.read(record);
      }
      return;
    }
    const xml = text.indexOf('<Event>') >= 0 ? text.indexOf('<Event>') : text.indexOf('<Event ');
    if (xml >= 0) {
      yield* this.#eventsOfXmlText(text.slice(xml), depth === 0);
      return;
    }
    // A syslog header can stand before JSON.
    const brace = text.slice(0, 300).indexOf('{"');
    if (brace > 0 && text.endsWith('}')) {
      yield* this.#eventsOfJsonText(text.slice(brace), depth);
      return;
    }
    this.#skip(reasonOf(text));
  }

  *#eventsOfJsonText(text: string, depth: number): Generator<ProcessEvent> {
    let value: unknown;
    try {
      value = JSON.parse(text.endsWith(',') ? text.slice(0, -1) : text);
    } catch {
      // The first line of an object that is written over several lines ends in an opening bracket or a comma.
      if (depth === 0 && /[{[,]$/.test(text) && text.length < 5000)
        this.#open = { kind: 'json', text, depth: nesting(text) };
      else if (text.endsWith('}')) this.#skip('invalid-json');
      else yield* this.#eventsOfCut({ kind: 'json', text });
      return;
    }
    for (const event of Array.isArray(value) ? value : [value])
      if (isObject(event)) yield* this.#eventsOfJson(event, depth);
      else this.#skip('unknown');
  }

  *#eventsOfJson(event: Json, depth: number): Generator<ProcessEvent> {
    const format = JSON_FORMATS.find(({ isLike }) => isLike(event));
    if (format) {
      const found = format.read(event);
      if (typeof found === 'string') this.#skip(found);
      else {
        this.#note(format.name);
        yield* found;
      }
      return;
    }
    const windows = windowsEventOfJson(event);
    if (windows) {
      yield* this.#eventsOfWindows(windows, 'windows');
      return;
    }
    // Shippers put a line into a field of their own.
    for (const key of ['SyslogMessage', 'message', 'Message', 'log', 'MESSAGE', 'msg', 'event', 'raw', '@message']) {
      const message = textAt(event, key);
      if (message === undefined) continue;
      yield* this.#eventsOfText(message, depth + 1);
      return;
    }
    this.#skip(typeof event.eventMessage === 'string' && 'processImagePath' in event ? 'unified-log' : 'unknown');
  }

  *#eventsOfXmlText(text: string, mayContinue: boolean): Generator<ProcessEvent> {
    let rest = text;
    for (;;) {
      const end = rest.indexOf('</Event>');
      if (end < 0) break;
      yield* this.#eventOfXml(rest.slice(0, end + '</Event>'.length));
      const next = rest.indexOf('<Event', end + '</Event>'.length);
      if (next < 0 || rest.startsWith('<Events', next)) return;
      rest = rest.slice(next);
    }
    if (mayContinue) this.#open = { kind: 'xml', text: rest, depth: 0 };
    else yield* this.#eventsOfCut({ kind: 'xml', text: rest });
  }

  /** What is left of an event whose end is missing. */
  *#eventsOfCut({ kind, text }: { kind: 'json' | 'xml'; text: string }): Generator<ProcessEvent> {
    this.#skip('truncated');
    const cut = (event: ProcessEvent): ProcessEvent => ({ ...event, limits: [...event.limits, CUT] });
    if (kind === 'xml') {
      if (text.includes('</System>')) for (const event of this.#eventOfXml(text)) yield cut(event);
      return;
    }
    const value = readCutJson(text);
    if (isObject(value)) for (const event of this.#eventsOfJson(value, 1)) yield cut(event);
  }

  *#eventOfXml(xml: string): Generator<ProcessEvent> {
    const event = windowsEventOfXml(xml);
    if (!event) {
      this.#skip('invalid-xml');
      return;
    }
    yield* this.#eventsOfWindows(event, 'windows-xml');
  }

  /** Parts of a script wait until it is whole. */
  *#eventsOfWindows(windows: WindowsEvent, format: string): Generator<ProcessEvent> {
    const found = readWindowsEvent(windows);
    let next = found.next();
    for (; !next.done; next = found.next()) {
      if (next.value.type !== 'part') yield next.value;
      else yield* this.#scripts(this.#blocks.add(next.value, this.#source));
    }
    if (next.value === 'read') this.#note(format);
    else this.#skip(next.value);
  }

  /** Another line of an event that began earlier. A new event ends one that never closed. */
  *#continue(line: string): Generator<ProcessEvent> {
    const open = this.#open!;
    const isNew =
      open.kind === 'xml' ? /^\s*<Event[ >]/.test(line) : /^\{"/.test(line) || readAuditRecord(line) !== undefined;
    if (isNew || open.text.length + line.length > LONGEST) {
      this.#open = undefined;
      yield* this.#eventsOfCut(open);
      if (isNew) yield* this.#eventsOfText(line, 0);
      return;
    }
    open.text += `\n${line}`;
    if (open.kind === 'xml') {
      if (!line.includes('</Event>')) return;
      this.#open = undefined;
      yield* this.#eventsOfXmlText(open.text, true);
      return;
    }
    open.depth += nesting(line);
    if (open.depth > 0) return;
    this.#open = undefined;
    const text = open.text.trim();
    yield* this.#eventsOfJsonText(text, 1);
  }
}

const CUT = 'The event is cut, so what it says is incomplete.';

/** Why a line of no known format gave nothing. */
function reasonOf(text: string): Unread {
  if (/^\[[^\]]{1,200}\] \[[A-Za-z]{1,20}\] \[\d{1,5}\] \[/.test(text)) return 'agent-text';
  return 'unknown';
}

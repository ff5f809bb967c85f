/**
 * What AWS hands to a function: a payload of a CloudWatch Logs subscription, or an event of EventBridge. Only what can
 * become a signal, or what rules and the directory of addresses need, is gathered from it.
 */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { Gathered, HostEvents } from './gathered.ts';
import { HostLogReader, UNREAD as UNREAD_HOST } from './host/index.ts';
import type { ProcessEvent } from './host/process-event.ts';
import { type Fact, objectOf, objectsOf, textOf } from './orchestrator/facts.ts';
import { isKept } from './orchestrator/ledger.ts';
import { OrchestratorReader, UNREAD } from './orchestrator/reader.ts';
import type { SigmaRule } from './sigma/rule.ts';

type Json = Readonly<Record<string, unknown>>;

/** A payload that cannot be read. Its message says what was expected. */
class PayloadError extends Error {
  override name = 'PayloadError';
}

/** Something in a payload that gave no event. */
interface UnreadPart {
  readonly reason: string;
  readonly meaning: string;
  readonly count: number;
}

/** What a payload held. */
export interface Payload {
  /** The log group and stream, or the kind of the event. */
  readonly name: string;
  /** Identifies the content: a payload that is delivered again has the same. */
  readonly digest: string;
  readonly kind: 'orchestrator' | 'host' | 'control message' | 'no audit';
  /** Events that were understood, whether or not they matter. */
  readonly events: number;
  readonly unread: readonly UnreadPart[];
  readonly gathered: Gathered;
  /** When the log received the first event, epoch milliseconds. 0 if the payload does not tell. */
  readonly received: number;
}

/** A payload of CloudWatch Logs unpacks to at most this much. */
const LARGEST = 64 * 1024 * 1024;
/**
 * Text of incomplete scripts that is kept of a payload, for the parts in others. Parts of scripts beyond it are judged by
 * themselves.
 */
const MOST_WAITING_TEXT = 1_000_000;
/** The streams of a control plane's log group that hold audit events. The others hold logs of components. */
const CONTROL_PLANE = /^\/aws\/eks\/[^/]+\/cluster$/;
const AUDIT_STREAM = /^kube-apiserver-audit-/;
const NOTHING: Gathered = { facts: [], hosts: [] };

/**
 * Reads what a function was called with. `rules` are those of the user.
 * @throws PayloadError if it is neither of both, or cut off.
 */
export function readPayload(event: unknown, rules: readonly SigmaRule[] = []): Payload {
  const value = objectOf(event);
  const packed = textOf(objectOf(value?.awslogs)?.data);
  if (packed !== undefined) return readSubscription(unpack(packed), rules);
  const type = textOf(value?.['detail-type']);
  if (value && type !== undefined && objectOf(value.detail)) return readEvent(value, type);
  throw new PayloadError(
    `expected {"awslogs": {"data": ...}} of a CloudWatch Logs subscription, or an EventBridge event with "detail-type" and "detail", got ${shape(event)}`,
  );
}

const shape = (event: unknown): string => {
  const value = objectOf(event);
  return value ? `an object with ${Object.keys(value).slice(0, 8).join(', ') || 'no fields'}` : typeof event;
};

function unpack(packed: string): Json {
  let text: string;
  try {
    text = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: LARGEST }).toString('utf8');
  } catch (error) {
    throw new PayloadError(
      `awslogs.data must be base64 of a whole gzip stream, got ${packed.length} characters that do not unpack: ${(error as Error).message}`,
    );
  }
  try {
    const value = objectOf(JSON.parse(text));
    if (value) return value;
  } catch {
    // Reported below.
  }
  throw new PayloadError(
    `awslogs.data must unpack to a JSON object, got ${text.length} characters that begin with ${JSON.stringify(text.slice(0, 40))}`,
  );
}

function readEvent(event: Json, type: string): Payload {
  const { report, facts } = readOrchestrator(type, [JSON.stringify(event)]);
  const time = Date.parse(textOf(event.time) ?? '');
  return {
    name: type,
    digest: digestOf([textOf(event.id) ?? JSON.stringify(event)]),
    kind: report.events ? 'orchestrator' : 'no audit',
    ...report,
    gathered: { facts, hosts: [] },
    received: Number.isNaN(time) ? 0 : time,
  };
}

function readSubscription(payload: Json, rules: readonly SigmaRule[]): Payload {
  const group = textOf(payload.logGroup) ?? '';
  const stream = textOf(payload.logStream) ?? '';
  const name = `${group} ${stream}`.trim();
  const isControl = payload.messageType === 'CONTROL_MESSAGE';
  if (!isControl && !Array.isArray(payload.logEvents))
    throw new PayloadError(`${name}: expected "logEvents" in a message of CloudWatch Logs, got ${shape(payload)}`);
  const logEvents = isControl ? [] : objectsOf(payload.logEvents);
  const messages = logEvents.map((one) => textOf(one.message) ?? '');
  const common = {
    name,
    digest: digestOf([textOf(payload.owner) ?? '', group, stream, ...messages]),
    received: Number(logEvents[0]?.timestamp) || 0,
  };
  if (isControl) return { ...common, kind: 'control message', events: 0, unread: [], gathered: NOTHING };
  if (CONTROL_PLANE.test(group) && !AUDIT_STREAM.test(stream))
    return { ...common, kind: 'no audit', events: 0, unread: [], gathered: NOTHING };
  // Each event as a payload of its own, so that one that cannot be read does not hide the others.
  const lines = logEvents.map((one) => JSON.stringify({ logStream: stream, logEvents: [one] }));
  const { report, facts } = readOrchestrator(name, lines, rules);
  if (report.events) return { ...common, kind: 'orchestrator', ...report, gathered: { facts, hosts: [] } };
  const host = readHost(stream || name, messages, rules);
  if (host.events) return { ...common, kind: 'host', ...host };
  return { ...common, kind: 'no audit', events: 0, unread: [...report.unread, ...host.unread], gathered: NOTHING };
}

function readOrchestrator(name: string, lines: readonly string[], rules: readonly SigmaRule[] = []) {
  const facts: Fact[] = [];
  const take = (fact: Fact): void => {
    if (isKept(fact)) facts.push(fact);
  };
  const reader = new OrchestratorReader(name, take, rules);
  for (const line of lines) reader.push(Buffer.from(`${line}\n`));
  const { events, unread } = reader.end();
  const report = {
    events,
    unread: unread.map(({ reason, count }) => ({ reason, count, meaning: UNREAD[reason] })),
  };
  return { report, facts: withoutRepetitions(facts) };
}

/** A caller asks for the same all day. The earliest time within a minute says it. */
function withoutRepetitions(facts: readonly Fact[]): Fact[] {
  const known = new Set<string>();
  const sorted = facts.toSorted((a, b) => a.at - b.at);
  return sorted.filter((fact) => {
    const { key: _key, ...rest } = fact;
    const same =
      fact.type === 'query' && !fact.isReview ? JSON.stringify({ ...rest, at: stepOf(fact.at) }) : JSON.stringify(fact);
    return known.size < known.add(same).size;
  });
}

/** Shorter than the steps in which queries are counted. */
const stepOf = (at: number): number => Math.floor(at / 60_000);

function readHost(log: string, messages: readonly string[], rules: readonly SigmaRule[]) {
  const events: ProcessEvent[] = [];
  const reader = new HostLogReader(log, rules);
  for (const message of messages)
    for (const line of message.split('\n'))
      for (const event of reader.events(line)) if (reader.concerns(event)) events.push(event);
  const parts = reader.takeParts(MOST_WAITING_TEXT);
  for (const event of reader.lastEvents()) if (reader.concerns(event)) events.push(event);
  const { formats, unread } = reader.counts;
  const hosts: HostEvents[] = events.length || parts.length ? [{ log, events, ...(parts.length && { parts }) }] : [];
  return {
    events: [...formats.values()].reduce((sum, count) => sum + count, 0),
    unread: [...unread].map(([reason, count]) => ({ reason, count, meaning: UNREAD_HOST[reason] })),
    gathered: { facts: [], hosts },
  };
}

const digestOf = (parts: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}\n${part}`);
  return hash.digest('hex').slice(0, 24);
};

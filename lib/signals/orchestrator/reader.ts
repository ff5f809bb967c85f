/**
 * Reads the events of orchestrators from a file whose format its content tells: Kubernetes audit events, CloudTrail,
 * EventBridge, Docker, Podman, containerd, and all of them inside payloads of CloudWatch Logs.
 */
import { gunzipSync } from 'node:zlib';
import { matchAuditRules } from '../sigma/match.ts';
import type { SigmaRule } from '../sigma/rule.ts';
import { auditFacts, isAuditEvent, ruleFact } from './audit.ts';
import { cloudTrailFacts, isCloudTrailRecord } from './cloudtrail.ts';
import { isTaskStateChange, taskFacts } from './ecs.ts';
import {
  containerdFacts,
  containerdLine,
  dockerFacts,
  dockerLine,
  isDockerEvent,
  isPodmanEvent,
  podmanFacts,
} from './engines.ts';
import { type Fact, instanceIdIn, NO_TIME, objectOf, objectsOf, textOf, timeOf } from './facts.ts';
import { isSurelyWithoutFact } from './glance.ts';
import { headOfEvent } from './truncated.ts';
import { JsonValues } from './values.ts';

type Json = Readonly<Record<string, unknown>>;

/** Why something in a file gave no event. */
export const UNREAD = {
  'not an event': 'expected Kubernetes audit, CloudTrail, ECS, Docker, Podman or containerd events',
  'cut off': 'the event has no end. Its head was used as far as it goes',
  'too long': 'a value of more than 16 MB was dropped',
  'control message': 'CloudWatch Logs checks its destination with it',
  'bad payload': 'a CloudWatch Logs payload that is no base64 of gzip',
} as const;
export type Unread = keyof typeof UNREAD;

/** What a file held. */
export interface OrchestratorReport {
  /** Events that were understood, whether or not they matter. */
  readonly events: number;
  readonly unread: readonly { readonly reason: Unread; readonly count: number; readonly firstLine: number }[];
}

/** A payload of CloudWatch Logs unpacks to at most this much. */
const LARGEST_PAYLOAD = 64 * 1024 * 1024;
/** Payloads within payloads: Lambda or Firehose around CloudWatch Logs, and that around events. */
const MOST_LAYERS = 4;

/** Reads the bytes of one file and hands on its facts. */
export class OrchestratorReader {
  readonly #values: JsonValues;
  readonly #take: (fact: Fact) => void;
  readonly #host: string | undefined;
  readonly #rules: readonly SigmaRule[];
  readonly #unread = new Map<Unread, { count: number; firstLine: number }>();
  #events = 0;
  #line = 0;

  /**
   * @param name the file's name. An instance id in it names the host of engine events.
   * @param rules rules of the user, of which those about audit events are asked.
   */
  constructor(name: string, take: (fact: Fact) => void, rules: readonly SigmaRule[] = []) {
    this.#take = take;
    this.#rules = rules.filter(({ log }) => log === 'kubernetes');
    this.#host = instanceIdIn(name);
    this.#values = new JsonValues({
      value: (text) => {
        this.#line++;
        this.#text(text, { received: NO_TIME, host: this.#host, layers: 0 });
      },
      tooLong: () => {
        this.#line++;
        this.#count('too long');
      },
    });
  }

  push(chunk: Uint8Array): void {
    this.#values.push(chunk);
  }

  /** The file ends. */
  end(): OrchestratorReport {
    this.#values.end();
    return {
      events: this.#events,
      unread: [...this.#unread].map(([reason, counted]) => ({ reason, ...counted })),
    };
  }

  #count(reason: Unread): void {
    const counted = this.#unread.get(reason);
    if (counted) counted.count++;
    else this.#unread.set(reason, { count: 1, firstLine: this.#line });
  }

  #text(text: string, around: Around): void {
    if (!this.#rules.length && isSurelyWithoutFact(text)) {
      this.#events++;
      return;
    }
    const docker = text.startsWith('{') ? undefined : dockerLine(text);
    if (docker) {
      this.#understood(dockerFacts(docker, around.host));
      return;
    }
    const start = text.indexOf('{');
    if (start < 0) {
      if (text.trim() && !/^[\s[\],]*$/.test(text)) this.#count('not an event');
      return;
    }
    const before = start === 0 ? '' : text.slice(0, start).trim();
    const containerd = before ? containerdLine(text) : undefined;
    // CloudWatch's exports put the time of arrival before each message.
    const received = before ? (timeOf(before.split(/\s/)[0]) ?? around.received) : around.received;
    const body = parsedJson(containerd ? containerd.body : start === 0 ? text : text.slice(start));
    if (containerd && body) {
      this.#events++;
      this.#give(containerdFacts(containerd, body, around.host));
    } else if (body) this.#value(body, { ...around, received });
    else this.#cutOff(text.slice(start), received);
  }

  #cutOff(text: string, received: number): void {
    const head = headOfEvent(text);
    if (!head) {
      this.#count('not an event');
      return;
    }
    this.#count('cut off');
    this.#give(auditFacts(head, received));
  }

  #value(value: Json, around: Around): void {
    if (around.layers > MOST_LAYERS) {
      this.#count('not an event');
      return;
    }
    if (isAuditEvent(value)) {
      this.#understood(auditFacts(value, around.received));
      for (const rule of matchAuditRules(this.#rules, value)) this.#take(ruleFact(value, rule, around.received));
    } else if (isCloudTrailRecord(value)) this.#understood(cloudTrailFacts(value));
    else if (isDockerEvent(value)) this.#understood(dockerFacts(value, around.host));
    else if (isTaskStateChange(value)) this.#understood(taskFacts(value));
    else if (isPodmanEvent(value)) this.#understood(podmanFacts(value, around.host));
    else this.#wrapped(value, { ...around, layers: around.layers + 1 });
  }

  /** An event inside what delivered it. */
  #wrapped(value: Json, around: Around): void {
    if (value.messageType === 'CONTROL_MESSAGE') {
      this.#count('control message');
      return;
    }
    const detail = objectOf(value.detail);
    const packed = textOf(objectOf(value.awslogs)?.data) ?? textOf(objectOf(value.kinesis)?.data) ?? packedIn(value);
    if (packed !== undefined) {
      this.#unpack(packed, around);
      return;
    }
    if (value['detail-type'] !== undefined && detail) {
      this.#value(detail, around);
      return;
    }
    const logEvents = value.logEvents;
    if (Array.isArray(logEvents)) {
      const host = instanceIdIn(textOf(value.logStream)) ?? around.host;
      for (const event of objectsOf(logEvents)) this.#message(event, { ...around, host });
      return;
    }
    const list = [value.items, value.Records, value.records, value.events].find(Array.isArray);
    if (list) {
      for (const item of objectsOf(list)) this.#value(item, around);
      return;
    }
    if (textOf(value.message) !== undefined) {
      this.#message(value, around);
      return;
    }
    this.#count('not an event');
  }

  /** A log event of CloudWatch Logs, in a payload or as the command line of AWS prints it. */
  #message(event: Json, around: Around): void {
    const received = Number(event.timestamp);
    const host = instanceIdIn(textOf(event.logStreamName)) ?? around.host;
    this.#text(textOf(event.message) ?? '', {
      ...around,
      host,
      received: Number.isFinite(received) && received > 0 ? received : around.received,
    });
  }

  #unpack(packed: string, around: Around): void {
    let text: string;
    try {
      text = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: LARGEST_PAYLOAD }).toString('utf8');
    } catch {
      this.#count('bad payload');
      return;
    }
    const value = parsedJson(text);
    if (value) this.#value(value, around);
    else this.#count('bad payload');
  }

  #understood(facts: readonly Fact[]): void {
    this.#events++;
    this.#give(facts);
  }

  #give(facts: readonly Fact[]): void {
    for (const fact of facts) this.#take(fact);
  }
}

interface Around {
  /** When the log received the event, epoch milliseconds. */
  readonly received: number;
  readonly host: string | undefined;
  readonly layers: number;
}

/** The data of a record of Firehose or Kinesis: base64 that begins with the magic number of gzip. */
function packedIn(value: Json): string | undefined {
  const data = textOf(value.data) ?? textOf(value.Data);
  return data?.startsWith('H4sI') ? data : undefined;
}

function parsedJson(text: string): Json | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

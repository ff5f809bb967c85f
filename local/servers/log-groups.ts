/** CloudWatch Logs as far as functions notice it: log groups with subscription filters, which deliver what matches. */
import { gzipSync } from 'node:zlib';
import { type MatchesMessage, readFilterPattern } from './filter-pattern.ts';

/** What a subscription filter sends to a function. */
interface LogsDelivery {
  readonly awslogs: { readonly data: string };
}

/** A subscription filter. */
interface SubscriptionFilter {
  readonly name: string;
  readonly logGroup: string;
  readonly pattern: string;
  deliver(event: LogsDelivery): void;
}

/** The log groups of an account. */
export interface LogGroups {
  /** Names of the groups that have filters, each with the number of its filters. */
  filters(logGroup: string): number;
  /** Adds a filter, sends the message that checks its destination, and returns how to remove the filter. */
  subscribe(filter: SubscriptionFilter): () => void;
  /** Writes messages to a stream. Filters deliver those that match. Returns how many deliveries that made. */
  put(logGroup: string, logStream: string, messages: readonly LogMessage[]): number;
}

/** A message, and when it happened. Default: now. */
export type LogMessage = string | { readonly message: string; readonly timestamp: number };

/**
 * One call of PutLogEvents has at most so many bytes, counted with 26 for each event, and so many events:
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 */
const MAX_BYTES = 1_048_576;
const BYTES_OF_EVENT = 26;
const MAX_EVENTS = 10_000;

/** An account without log events. */
export function createLogGroups(accountId: string): LogGroups {
  const filters: (SubscriptionFilter & { matches: MatchesMessage })[] = [];
  let written = 0;
  return {
    filters: (logGroup) => filters.filter((filter) => filter.logGroup === logGroup).length,
    subscribe(filter) {
      const added = { ...filter, matches: readFilterPattern(filter.pattern) };
      filters.push(added);
      filter.deliver(controlMessage(filter.name));
      return () => void filters.splice(filters.indexOf(added), 1);
    },
    put(logGroup, logStream, messages) {
      const events = messages.map((given) => {
        const { message, timestamp } = typeof given === 'string' ? { message: given, timestamp: Date.now() } : given;
        return { id: String(written++).padStart(56, '3'), timestamp, message };
      });
      let deliveries = 0;
      for (const { name, matches, deliver } of filters.filter((filter) => filter.logGroup === logGroup))
        for (const logEvents of callsOf(events.filter(({ message }) => matches(message)))) {
          deliver(
            packed({
              messageType: 'DATA_MESSAGE',
              owner: accountId,
              logGroup,
              logStream,
              subscriptionFilters: [name],
              logEvents,
            }),
          );
          deliveries++;
        }
      return deliveries;
    },
  };
}

function* callsOf<T extends { message: string }>(events: readonly T[]): Generator<T[]> {
  let call: T[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(event.message) + BYTES_OF_EVENT;
    if (call.length === MAX_EVENTS || (call.length > 0 && bytes + size > MAX_BYTES)) {
      yield call;
      call = [];
      bytes = 0;
    }
    call.push(event);
    bytes += size;
  }
  if (call.length > 0) yield call;
}

function controlMessage(filter: string): LogsDelivery {
  const message = 'CWL CONTROL MESSAGE: Checking health of destination Lambda.';
  return packed({
    messageType: 'CONTROL_MESSAGE',
    owner: 'CloudwatchLogs',
    logGroup: '',
    logStream: '',
    subscriptionFilters: [filter],
    logEvents: [{ id: '', timestamp: Date.now(), message }],
  });
}

const packed = (payload: object): LogsDelivery => ({
  awslogs: { data: gzipSync(JSON.stringify(payload)).toString('base64') },
});

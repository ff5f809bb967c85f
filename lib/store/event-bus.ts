/** Puts events on a bus of EventBridge. The answer is read entry by entry, since it says 200 to a call that lost some. */
import { type BusEvent, EVENT_SOURCE } from '../notify/bus-event.ts';
import { type Failure, failuresAfterRounds, refusal } from './partial-failures.ts';
import { type Caller, post } from './signed-call.ts';

/** Limits of a call. EventBridge takes 1 MB for all entries together. */
const ENTRIES = 10;
const BYTES = 1_000_000;

interface Entry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
  readonly Resources: readonly string[];
}

/**
 * Puts all events. An entry that fails does not hold back the others.
 * @param bus name or ARN. EventBridge drops events for a bus that does not exist, and says nothing of it.
 * @throws CallError once, after all calls, if entries failed in the end.
 */
export async function putEvents(caller: Caller, bus: string, events: readonly BusEvent[]): Promise<void> {
  const failed: Failure<Entry>[] = [];
  const entries = events.map(
    ({ detailType, detail, resources }): Entry => ({
      EventBusName: bus,
      Source: EVENT_SOURCE,
      DetailType: detailType,
      Detail: detail,
      Resources: resources,
    }),
  );
  for (const call of callsOf(entries))
    failed.push(...(await failuresAfterRounds(caller, call, (some) => failuresOf(caller, some))));
  const [first] = failed;
  if (first) throw refusal(first, 'EventBridge did not accept', failed.length, `${events.length} events`);
}

async function failuresOf(caller: Caller, entries: readonly Entry[]): Promise<Failure<Entry>[]> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' };
  const answer = await post(caller, '/', headers, { Entries: entries });
  if (!answer.FailedEntryCount) return [];
  const results = (answer.Entries ?? []) as { ErrorCode?: string; ErrorMessage?: string }[];
  return entries.flatMap((entry, at) => {
    const { ErrorCode: code, ErrorMessage: message = '' } = results[at] ?? { ErrorCode: 'NoResult' };
    return code === undefined ? [] : [{ entry, code, message }];
  });
}

function* callsOf(entries: readonly Entry[]): Generator<Entry[]> {
  let call: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(JSON.stringify(entry));
    if (call.length === ENTRIES || (call.length > 0 && bytes + size > BYTES)) {
      yield call;
      call = [];
      bytes = 0;
    }
    call.push(entry);
    bytes += size;
  }
  if (call.length > 0) yield call;
}

/** Puts events on a bus of EventBridge. The answer is read entry by entry, since it says 200 to a call that lost some. */
import { type BusEvent, EVENT_SOURCE } from '../notify/bus-event.ts';
import { CallError, type Caller, MAY_PASS, pause, post } from './signed-call.ts';

/** Limits of a call. EventBridge takes 1 MB for all entries together. */
const ENTRIES = 10;
const BYTES = 1_000_000;
const ROUNDS = 3;

interface Entry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
  readonly Resources: readonly string[];
}

interface Failure {
  readonly entry: Entry;
  readonly code: string;
  readonly message: string;
}

/**
 * Puts all events. An entry that fails does not hold back the others.
 * @param bus name or ARN. EventBridge drops events for a bus that does not exist, and says nothing of it.
 * @throws CallError once, after all calls, if entries failed in the end.
 */
export async function putEvents(caller: Caller, bus: string, events: readonly BusEvent[]): Promise<void> {
  const failed: Failure[] = [];
  const entries = events.map(
    ({ detailType, detail, resources }): Entry => ({
      EventBusName: bus,
      Source: EVENT_SOURCE,
      DetailType: detailType,
      Detail: detail,
      Resources: resources,
    }),
  );
  for (const call of callsOf(entries)) failed.push(...(await putCall(caller, call)));
  const [first] = failed;
  if (first)
    throw new CallError(
      first.code,
      `EventBridge did not accept ${failed.length} of ${events.length} events: ${first.message}`,
      MAY_PASS.test(first.code),
    );
}

/** One call, and calls for what failed in it. @returns the entries that failed in the end. */
async function putCall(caller: Caller, entries: readonly Entry[]): Promise<Failure[]> {
  const lost: Failure[] = [];
  let waiting = entries;
  for (let round = 1; ; round++) {
    let failed: Failure[];
    try {
      failed = await failuresOf(caller, waiting);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const { code, reason } = error;
      return [...lost, ...waiting.map((entry) => ({ entry, code, message: reason }))];
    }
    const again = round < ROUNDS ? failed.filter(({ code }) => MAY_PASS.test(code)) : [];
    lost.push(...failed.filter((failure) => !again.includes(failure)));
    if (again.length === 0) return lost;
    waiting = again.map(({ entry }) => entry);
    await pause(caller, round);
  }
}

async function failuresOf(caller: Caller, entries: readonly Entry[]): Promise<Failure[]> {
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

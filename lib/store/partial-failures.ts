/** Calls whose answer may say that a part of the entries failed. */
import { CallError, type Caller, MAY_PASS, pause } from './signed-call.ts';

/** An entry that a service did not accept. */
export interface Failure<Entry> {
  readonly entry: Entry;
  readonly code: string;
  readonly message: string;
}

const ROUNDS = 3;

/**
 * One call, and calls for what failed in it and may pass. A call that fails as a whole counts as a failure of its entries.
 * @param callFor makes a call and reads the failures from its answer.
 * @returns the entries that failed in the end.
 */
export async function failuresAfterRounds<Entry>(
  caller: Caller,
  entries: readonly Entry[],
  callFor: (entries: readonly Entry[]) => Promise<readonly Failure<Entry>[]>,
): Promise<Failure<Entry>[]> {
  const lost: Failure<Entry>[] = [];
  let waiting = entries;
  for (let round = 1; ; round++) {
    let failed: readonly Failure<Entry>[];
    try {
      failed = await callFor(waiting);
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

/** The error about entries that failed, with the first cause. `whole` names all entries. */
export const refusal = (
  { code, message }: Pick<Failure<unknown>, 'code' | 'message'>,
  what: string,
  failed: number,
  whole: string,
): CallError => new CallError(code, `${what} ${failed} of ${whole}: ${message}`, MAY_PASS.test(code));

/** The only worker pool: runs some work on every item, a limited number at a time. */

/**
 * Works on all items, at most `limit` at a time, and takes each item only when a worker is free for it.
 * @returns the results of the work in the order of the items.
 * @throws the first failure, once the running work has ended. No further item is taken after a failure.
 */
export async function inParallel<T, R>(limit: number, items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
  const waiting = items[Symbol.iterator]();
  const results: R[] = [];
  const failures: unknown[] = [];
  let taken = 0;
  const workOn = async () => {
    try {
      for (let next = waiting.next(); !next.done; next = waiting.next()) {
        const at = taken++;
        results[at] = await work(next.value);
        if (failures.length) return;
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: limit }, workOn));
  if (failures.length) throw failures[0];
  return results;
}

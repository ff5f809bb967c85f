import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inParallel } from '../../../lib/store/in-parallel.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('the worker pool', () => {
  test('works on every item once, returns results in order, and keeps to its limit', async () => {
    const turns = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), turns, async (limit, items) => {
        let running = 0;
        let most = 0;
        const results = await inParallel(limit, items.entries(), async ([at, count]) => {
          most = Math.max(most, ++running);
          for (let n = 0; n < count; n++) await turn();
          running--;
          return at;
        });
        expect(results).toEqual(numbers(items.length));
        expect(most).toBeLessThanOrEqual(limit);
        expect(most).toBeGreaterThanOrEqual(Math.min(limit, items.length));
      }),
      { numRuns: 40 },
    );
  });

  test('takes an item only when a worker is free for it', async () => {
    const taken: number[] = [];
    function* items() {
      for (const n of numbers(6)) {
        taken.push(n);
        yield n;
      }
    }
    const ahead: number[] = [];
    await inParallel(2, items(), async (n) => {
      await turn();
      ahead.push(taken.length - n);
    });
    expect(Math.max(...ahead)).toBeLessThanOrEqual(2);
  });

  test('takes no more after a failure, and throws it when the work under way has ended', async () => {
    const ended: number[] = [];
    const working = inParallel(2, numbers(9), async (n) => {
      if (n === 0) throw new Error('refused');
      for (let n = 0; n < 3; n++) await turn();
      ended.push(n);
    });
    await expect(working).rejects.toThrow('refused');
    expect(ended).toEqual([1]);
    await turn();
    expect(ended).toEqual([1]);
  });

  test('throws what the items throw', async () => {
    function* broken() {
      yield 1;
      throw new Error('no more items');
    }
    await expect(inParallel(3, broken(), async () => turn())).rejects.toThrow('no more items');
  });
});

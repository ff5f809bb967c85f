/** A snapshot that cannot be added is a failure like one that cannot be taken: noted for `doctor`, and borne for a while. */
import { beforeEach, expect, test } from '@jest/globals';
import { Inventory } from '../../../../lib/evidence/inventory.ts';
import type { Services } from '../../../../lib/pipeline/services.ts';
import { takeInventory } from '../../../../lib/pipeline/tasks/inventory.ts';
import type { Run } from '../../../../lib/pipeline/tasks/run.ts';
import type { InventoryHead } from '../../../../lib/store/inventory-store.ts';

const MINUTE = 60;
let head: InventoryHead;
let released = 0;
let completed = 0;
beforeEach(() => {
  head = {};
  released = 0;
  completed = 0;
});

/** Runs the task at a time, with an interface that has so many addresses and a table that may refuse the snapshot. */
async function run(now: number, { addresses = 1, refusal }: { addresses?: number; refusal?: Error } = {}) {
  const names = Array.from({ length: addresses }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  const services = {
    clock: () => now,
    windowDays: 8,
    runtime: {},
    logger: { info: () => {}, warn: () => {} },
    claims: {
      claim: async () => true,
      release: async () => void released++,
      complete: async () => void completed++,
    },
    describeInterfaces: async () => ({
      interfaces: [{ id: 'eni-1', vpcId: 'vpc-1', owner: '111122223333', addresses: names, prefixes: [] }],
      subnets: [],
    }),
    inventories: {
      read: async () => ({ head, ...(head.at !== undefined && { inventory: new Inventory() }) }),
      write: async ({ at }: { at: number }) => {
        if (refusal) throw refusal;
        head = { at };
      },
      noteFailure: async (at: number, failure: string, { failedAt = at }: InventoryHead) => {
        head = { ...head, failedAt, failure };
      },
    },
  } as unknown as Services;
  await takeInventory(services, { now, hasTime: () => true } as Run);
}

test('notes that the addresses do not fit, and fails once that lasts for half an hour', async () => {
  const tooMany = { addresses: 200_001 };
  await run(0, tooMany);
  expect(head).toEqual({ failedAt: 0, failure: expect.stringMatching(/^Error: interfaces hold 200\d+ addresses/) });
  await expect(run(30 * MINUTE, tooMany)).rejects.toThrow(
    /no snapshot of network interfaces for 30 minutes.*interfaces hold/,
  );
  expect({ released, completed }).toEqual({ released: 2, completed: 0 });
});

test('notes that the table refused a snapshot, and takes one the next time', async () => {
  await run(0, { refusal: new RangeError('the item is too large') });
  expect(head).toEqual({ failedAt: 0, failure: 'RangeError: the item is too large' });
  await run(5 * MINUTE);
  expect(head).toEqual({ at: 300 });
  expect({ released, completed }).toEqual({ released: 1, completed: 1 });
});

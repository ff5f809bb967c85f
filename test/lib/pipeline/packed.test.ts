import { expect, test } from '@jest/globals';
import { Packed } from '../../../lib/pipeline/packed.ts';

const packedOf = (...values: readonly { readonly id: number; readonly name?: string }[]) => {
  const packed = new Packed<{ readonly id: number; readonly name?: string }>();
  packed.add(...values);
  return packed;
};

test('returns equal values in the order in which they came', () => {
  const values = [{ id: 2, name: 'ä "quoted"' }, { id: 1 }];
  const packed = packedOf(...values);
  expect([...packed]).toEqual(values);
  expect(packed.length).toBe(2);
  expect(packed.map(({ id }) => id)).toEqual([2, 1]);
});

test('sorts by the text of each value, and keeps equal ones in order', () => {
  const packed = packedOf({ id: 1, name: 'b' }, { id: 2, name: 'a' }, { id: 3, name: 'b' }, { id: 4, name: 'a' });
  packed.sortBy(({ name }) => name!);
  expect(packed.map(({ id }) => id)).toEqual([2, 4, 1, 3]);
});

test('rewrites values one by one and leaves out those without another value', () => {
  const packed = packedOf({ id: 1 }, { id: 2 }, { id: 3 });
  const names = packed.rewrite((value) => (value.id === 2 ? undefined : value.id === 3 ? value : { id: 10 }));
  expect([...names]).toEqual([{ id: 10 }, { id: 3 }]);
  expect(names.length).toBe(2);
});

test('keeps values that are longer than a block, and many that fill blocks', () => {
  const long = { id: 0, name: 'ü'.repeat(700_000) };
  const values = [long, ...Array.from({ length: 3000 }, (_, id) => ({ id, name: 'x'.repeat(1000) })), long];
  const packed = packedOf(...values);
  expect([...packed]).toEqual(values);
  expect([...packed.rewrite((value) => (value.id === 0 ? { id: 1 } : value))]).toEqual(
    values.map((value) => (value.id === 0 ? { id: 1 } : value)),
  );
});

test('rewrites values to shorter ones in the memory that they have', () => {
  const packed = packedOf(...Array.from({ length: 30_000 }, (_, id) => ({ id, name: 'x'.repeat(1000) })));
  const blocks = () => process.memoryUsage().arrayBuffers;
  const before = blocks();
  const shorter = packed.rewrite(({ id }) => ({ id, name: 'y'.repeat(900) }));
  expect(blocks() - before).toBeLessThan(2_000_000);
  expect([...shorter].every(({ id, name }, at) => id === at && name === 'y'.repeat(900))).toBe(true);
});

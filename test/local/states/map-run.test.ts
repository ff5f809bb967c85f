/** A run of a Distributed Map: batches, limits, retries, failures and results, without a server. */
import { expect, test } from '@jest/globals';
import { type MapDefinition, readDefinition } from '../../../local/states/definition.ts';
import { MapRun } from '../../../local/states/map-run.ts';
import { definition } from './definition.ts';

const NAMES = {
  mapRunArn: 'arn:aws:states:us-east-1:000000000000:mapRun:m/Files:0a1b',
  stateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:m',
  id: '0a1b',
};

const INPUT = { list: 'list', most: 3 };

/** An error of Lambda or of a function. */
const failure = (name: string) => Object.assign(new Error(`${name} happened`), { name });
const linesOf = (count: number) => Array.from({ length: count }, (_, n) => `{"n":${n}}\n`).join('');

interface Input {
  readonly Items: readonly { readonly n: number }[];
}

function runOf(
  list: string,
  invoke: (input: Input) => Promise<unknown>,
  changes: Partial<MapDefinition> = {},
): { run: MapRun; written: Map<string, string> } {
  const written = new Map<string, string>();
  const run = new MapRun({ ...readDefinition(JSON.stringify(definition())), ...changes }, NAMES, {
    invoke: (input) => invoke(input as Input),
    read: async (_, key) => (key === 'list' ? list : Promise.reject(new Error('The specified key does not exist.'))),
    write: async (_, key, text) => void written.set(key, text),
  });
  return { run, written };
}

const results = (written: Map<string, string>, status: string) =>
  JSON.parse(written.get(`results/0a1b/${status}_0.json`) ?? '[]') as Record<string, string>[];

test('hands out all items in batches, no more at a time than allowed', async () => {
  let running = 0;
  let most = 0;
  const seen: number[] = [];
  const { run, written } = runOf(linesOf(10), async ({ Items }) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.push(...Items.map(({ n }) => n));
    running--;
    return { gone: [], failed: [] };
  });
  expect(await run.run(INPUT)).toEqual({});
  expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, n) => n));
  expect(most).toBe(2);
  expect(run.described().executionCounts).toMatchObject({ total: 4, succeeded: 4, pending: 0, running: 0 });
  expect(run.described().itemCounts).toMatchObject({ total: 10, succeeded: 10, resultsWritten: 10 });
  const manifest = JSON.parse(written.get('results/0a1b/manifest.json')!);
  expect(manifest).toMatchObject({ MapRunArn: NAMES.mapRunArn, ResultFiles: { FAILED: [], PENDING: [] } });
  expect(results(written, 'SUCCEEDED')).toHaveLength(4);
  expect(JSON.parse(results(written, 'SUCCEEDED')[0]!.Output!)).toEqual({ gone: [], failed: [] });
});

test('repeats a call that Lambda throttled, and no call that ended in an error of the function', async () => {
  const calls = { throttled: 0, broken: 0 };
  const { run, written } = runOf(linesOf(6), async ({ Items: [first] }) => {
    if (first!.n === 0 && ++calls.throttled < 3) throw failure('Lambda.TooManyRequestsException');
    if (first!.n === 3 && ++calls.broken) throw failure('RangeError');
    return {};
  });
  expect(await run.run(INPUT)).toEqual({});
  expect(calls).toEqual({ throttled: 3, broken: 1 });
  const [failed] = results(written, 'FAILED');
  expect(failed).toMatchObject({ Error: 'RangeError', Cause: 'RangeError happened', Status: 'FAILED' });
  expect(JSON.parse(failed!.Input!)).toEqual({ Items: [{ n: 3 }, { n: 4 }, { n: 5 }] });
});

test('a call that stays throttled fails its batch in the end', async () => {
  let calls = 0;
  const { run } = runOf(linesOf(1), async () => {
    calls++;
    throw failure('Lambda.TooManyRequestsException');
  });
  await run.run(INPUT);
  expect(calls).toBe(4);
  expect(run.described().itemCounts).toMatchObject({ failed: 1 });
});

test('ends early beyond the tolerated failures, and says which batches never ran', async () => {
  const invoke = async () => {
    throw failure('RangeError');
  };
  const { run, written } = runOf(linesOf(30), invoke, { toleratedFailurePercentage: 10, maxConcurrency: 1 });
  expect(await run.run(INPUT)).toMatchObject({ error: { name: 'States.ExceedToleratedFailureThreshold' } });
  expect(results(written, 'FAILED')).toHaveLength(2);
  expect(results(written, 'PENDING')).toHaveLength(8);
});

test.each([
  ['that is missing', 'other', linesOf(1)],
  ['without a row', 'list', '\n'],
  ['that is not JSON Lines', 'list', '{"n":1}\nnonsense\n'],
])('fails for a list %s', async (_, key, list) => {
  const { run } = runOf(list, async () => ({}));
  expect(await run.run({ ...INPUT, list: key })).toMatchObject({ error: { name: 'States.ItemReaderFailed' } });
});

test.each([0, 1.5, '3', undefined])('fails for batches of %p items', async (most) => {
  const { run } = runOf(linesOf(1), async () => ({}));
  expect(await run.run({ ...INPUT, most })).toMatchObject({ error: { name: 'States.Runtime' } });
});

test('cuts a batch whose input would be too large, and fails one whose output is', async () => {
  const long = Array.from({ length: 3 }, (_, n) => JSON.stringify({ n, text: 'x'.repeat(120_000) })).join('\n');
  const sizes: number[] = [];
  const { run } = runOf(long, async ({ Items }) => {
    sizes.push(Items.length);
    return Items.length === 1 ? 'x'.repeat(300_000) : {};
  });
  expect(await run.run(INPUT)).toEqual({});
  expect(sizes.sort()).toEqual([1, 2]);
  expect(run.described().itemCounts).toMatchObject({ succeeded: 2, failed: 1 });
});

test('starts nothing more once it is stopped', async () => {
  let calls = 0;
  const { run, written } = runOf(linesOf(30), async () => {
    if (++calls === 2) run.stop();
    return {};
  });
  await run.run(INPUT);
  expect(calls).toBe(2);
  expect(run.described().executionCounts).toMatchObject({ aborted: 2, pending: 8 });
  expect(results(written, 'PENDING')).toHaveLength(8);
});

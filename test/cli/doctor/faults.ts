/** Faults that are made on purpose in a deployment, each named by one check. */
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Described } from '../../../local/servers/described.ts';
import { described, FORMAT, linesOf, output, s3, sqs, stack } from './deployment.ts';

/** Breaks something. The runner repairs it. */
type Break = () => unknown | Promise<unknown>;
/** A fault, and the verdict that names it. */
export interface Fault {
  readonly name: string;
  readonly id: string;
  readonly status: 'warn' | 'FAIL';
  readonly says: RegExp;
  readonly because?: RegExp;
  readonly break: Break;
  /** Seconds that the clock of doctor is ahead. */
  readonly later?: number;
}

export const setLog = (change: Partial<Described['flowLogs'][number]>) => () =>
  Object.assign(described.flowLogs[0]!, change);
export const notify = (NotificationConfiguration: object) => () =>
  s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: output('LogBucket'), NotificationConfiguration }));
export const setPolicy = (Policy: string) => () =>
  sqs.send(new SetQueueAttributesCommand({ QueueUrl: output('IngestQueue'), Attributes: { Policy } }));
export const queueArn = () =>
  described.mappings.find(({ functionName }) => functionName === output('IngestFunction'))!.queueArn;
export const nameOf = (queue: string) => output(queue).split('/').at(-1)!;
export const mapping = () => described.mappings.find(({ functionName }) => functionName === output('IngestFunction'))!;
export const setStack = (change: object) => () => {
  const before = stack.cloud.stacks.get('functions')!;
  stack.cloud.stacks.set('functions', { ...before, ...change });
};
export const V2 = FORMAT.replace(/ vpc-id .*$/, '');

/** Tests that doctor names each fault, and nothing else. Afterwards the deployment is healthy again. */
export function testEach(faults: readonly Fault[]): void {
  describe('each fault that is made on purpose is named, within ten seconds', () => {
    let repaired: () => Promise<void>;
    beforeAll(async () => {
      const fresh = structuredClone({ ...described });
      const stacks = new Map(stack.cloud.stacks);
      const { QueueConfigurations } = await s3.send(
        new GetBucketNotificationConfigurationCommand({ Bucket: output('LogBucket') }),
      );
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: output('IngestQueue'), AttributeNames: ['Policy'] }),
      );
      repaired = async () => {
        const copy = structuredClone(fresh);
        Object.assign(described, { flowLogs: copy.flowLogs });
        for (const name of [
          'vpcs',
          'alarms',
          'rules',
          'functions',
          'logFilters',
          'metrics',
          'bucketRegions',
          'denied',
        ] as const)
          refill(described[name] as Map<string, unknown>, copy[name] as Map<string, unknown>);
        described.unconfirmed.clear();
        described.mappings.splice(0, described.mappings.length, ...copy.mappings);
        refill(stack.cloud.stacks, stacks);
        await notify({ QueueConfigurations })();
        await setPolicy(Attributes!.Policy!)();
        for (const name of ['IngestDeadLetters', 'AlertDeadLetters', 'SettleDeadLetters']) await stack.take(name);
        jest.restoreAllMocks();
      };
    });
    beforeEach(() => repaired());
    afterAll(() => repaired());

    test.each(faults)('$name', async ({ id, status, says, because = /./, break: breakIt, later = 0 }) => {
      await breakIt();
      const real = Date.now;
      if (later) jest.spyOn(Date, 'now').mockImplementation(() => real() + later * 1000);
      const started = performance.now();
      const { code, lines } = await linesOf();
      expect(performance.now() - started).toBeLessThan(10_000);
      const named = lines.filter((line) => line.id === id && says.test(line.text));
      expect(named).toMatchObject([{ status, because: expect.stringMatching(because) }]);
      // Only what the fault itself brings about is said to be wrong.
      if (!later)
        expect(lines.filter((line) => line.status === 'FAIL' && line.id !== id).map(({ text }) => text)).toEqual([]);
      if (status === 'FAIL') expect(code).toBe(1);
    });
  });
}

function refill<K, V>(map: Map<K, V>, from: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of from) map.set(key, value);
}

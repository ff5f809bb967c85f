/** Which judgements the overdue marks of a run come to. */
import { expect, test } from '@jest/globals';
import type { Services } from '../../../../lib/pipeline/services.ts';
import { judgeOverdue } from '../../../../lib/pipeline/tasks/overdue.ts';
import type { JudgingRun, Run } from '../../../../lib/pipeline/tasks/run.ts';
import type { DueMark } from '../../../../lib/store/due-marks.ts';

const mark = (hour: number, ...addresses: string[]): DueMark => ({
  ...{ pk: 'due', sk: `${hour} ${addresses}`, scope: 'a', hour, addresses, isLong: false, stored: new Uint8Array() },
});

/** The judgements of a run over these marks, and the marks that it clears. */
async function judged(marks: readonly DueMark[], failing: readonly string[] = []) {
  const judgements: string[] = [];
  const cleared: number[] = [];
  const going: string[] = [];
  const atOnce = { ofOne: 0, ofAll: 0 };
  const services = {
    windows: {
      agenda: { dueMarks: async () => marks, clearDue: async ({ hour }: DueMark) => void cleared.push(hour) },
    },
    judge: {
      judge: async ({ address }: { address: string }, { from, to }: { from: number; to: number }) => {
        if (failing.includes(address)) throw new Error('cannot be judged');
        going.push(address);
        atOnce.ofOne = Math.max(atOnce.ofOne, going.filter((each) => each === address).length);
        atOnce.ofAll = Math.max(atOnce.ofAll, going.length);
        await new Promise((done) => setImmediate(done));
        going.splice(going.indexOf(address), 1);
        judgements.push(`${address} ${from}-${to}`);
        return { opened: 0, updated: 0, isFresh: false };
      },
    },
  } as unknown as Services;
  const judging = async () => ({ logTime: 0, now: 0 }) as JudgingRun;
  const run: Run = { now: 0, timeLeft: () => 300, hasTime: () => true, failures: [], judging };
  await judgeOverdue(services, run);
  return { judgements, cleared: cleared.sort((a, b) => a - b), failures: run.failures, atOnce };
}

test('one judgement covers the marks of a source in neighbouring hours', async () => {
  const { judgements, cleared } = await judged([
    mark(100, '10.0.0.1'),
    mark(101, '10.0.0.1', '10.0.0.2'),
    mark(103, '10.0.0.1'),
  ]);
  expect(judgements).toEqual(['10.0.0.1 100-103', '10.0.0.2 101-101']);
  expect(cleared).toEqual([100, 101, 103]);
});

test('marks of a quarter are judged stretch by stretch, what fell due just now first', async () => {
  const old = Array.from({ length: 90 }, (_, day) => mark(day * 24, '10.0.0.1'));
  const { judgements, cleared } = await judged([mark(5000, '10.0.0.1'), ...old]);
  expect(judgements[0]).toBe('10.0.0.1 5000-5000');
  const lengths = judgements.map((each) => {
    const [from, to] = each.split(' ')[1]!.split('-').map(Number);
    return to! - from!;
  });
  expect(Math.max(...lengths)).toBeLessThan(48);
  expect(cleared).toHaveLength(91);
});

test('stretches of one source are judged one after the other, those of others beside them', async () => {
  const marks = ['10.0.0.1', '10.0.0.2'].flatMap((address) =>
    Array.from({ length: 5 }, (_, day) => mark(day * 100, address)),
  );
  const { atOnce } = await judged(marks);
  expect(atOnce).toEqual({ ofOne: 1, ofAll: 2 });
});

test('a mark stays while one of its sources could not be judged', async () => {
  const { cleared, failures } = await judged([mark(100, '10.0.0.1', '10.0.0.2'), mark(101, '10.0.0.2')], ['10.0.0.1']);
  expect(cleared).toEqual([101]);
  expect(failures).toHaveLength(1);
});

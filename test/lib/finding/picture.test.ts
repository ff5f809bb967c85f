/** A finding drawn from evidence: what falls into which minute, and what targets did on ports. */
import { describe, expect, test } from '@jest/globals';
import { PICTURE_SIZE, pictureText } from '../../../cli/picture-text.ts';
import type { SeenContact } from '../../../lib/evidence/evidence.ts';
import { mergeFragments } from '../../../lib/evidence/evidence.ts';
import { isoTime } from '../../../lib/finding/model.ts';
import { pictureOf } from '../../../lib/finding/picture.ts';
import { Networks } from '../../../lib/net/networks.ts';
import { contact, finding, fragment, HOUR } from '../store/fixture/findings.ts';

const START = HOUR * 3600;
/** SYN, ACCEPT and SYN-ACK: answered. */
const OPEN = 1 | 16 | 2 | 8192;
const at = (minute: number, parts: Partial<SeenContact>) => {
  const time = START + minute * 60;
  const [minutesLow, minutesHigh] = minute < 30 ? [2 ** minute, 0] : [0, 2 ** (minute - 30)];
  return contact({ firstStart: time, firstEnd: time, lastEnd: time, minutesLow, minutesHigh, ...parts });
};
const draw = (contacts: readonly SeenContact[], minutes = 50, parts = {}) =>
  pictureOf(
    finding({ firstSeen: isoTime(START), lastSeen: isoTime(START + minutes * 60), ...parts }),
    mergeFragments([fragment({ contacts })])!,
    new Networks(),
    PICTURE_SIZE,
  );

describe('the timeline', () => {
  test('counts contacts in each minute of the finding', () => {
    const { timeline, contacts } = draw([at(0, { port: 1 }), at(0, { port: 2 }), at(45, { port: 3 })])!;
    expect(contacts).toBe(3);
    expect(timeline).toMatchObject({ from: START, step: 60 });
    expect(timeline.failed).toHaveLength(51);
    expect([timeline.failed[0], timeline.failed[1], timeline.failed[45]]).toEqual([2, 0, 1]);
  });

  test('of a short scan counts first probes by the second', () => {
    const end = (second: number) => ({ firstStart: START + second, firstEnd: START + second, lastEnd: START + second });
    const { timeline } = draw([at(0, { ...end(0), port: 1 }), at(0, { ...end(7), port: 2 })], 0.5)!;
    expect(timeline.step).toBe(1);
    expect(timeline.failed.flatMap((count, second) => (count ? [second] : []))).toEqual([0, 7]);
  });

  test('has wider steps for a longer finding, and counts a contact once in each', () => {
    const { timeline } = draw([at(0, { minutesLow: 0b111 })], 600)!;
    expect(timeline.step).toBe(660);
    expect(timeline.failed[0]).toBe(1);
    expect(timeline.failed.length).toBeLessThanOrEqual(PICTURE_SIZE.columns);
  });

  test('marks signals, and leaves out contacts of another time or direction', () => {
    const signal = { type: 'exec', actor: 'a', summary: 's', eventId: 'e' };
    const signals = { count: 2, sample: [5, 500].map((minute) => ({ ...signal, at: isoTime(START + minute * 60) })) };
    const others = [at(0, { target: '198.51.100.7' }), at(58, { port: 9 })];
    const { timeline, contacts } = draw([at(0, {}), ...others], 50, { signals })!;
    expect(contacts).toBe(1);
    expect(timeline.signals.flatMap((count, minute) => (count ? [minute] : []))).toEqual([5]);
    expect(draw(others)).toBeUndefined();
  });
});

describe('the grid', () => {
  test('puts targets that answered first, and counts what it leaves out', () => {
    const many = Array.from({ length: 30 }, (_, n) => at(1, { target: `10.0.12.${n}`, port: 1000 + n }));
    const { grid } = draw([...many, at(2, { target: '10.0.12.29', port: 22, seen: OPEN })])!;
    expect(grid.rows[0]).toMatchObject({ target: '10.0.12.29', failed: 1, answered: 1 });
    expect(grid.rows).toHaveLength(12);
    expect([grid.moreTargets, grid.morePorts]).toEqual([18, 19]);
    expect(grid.ports[0]).toBe(22);
  });
});

describe('the text', () => {
  const picture = draw([at(0, { port: 1 }), at(0, { port: 2 }), at(7, { port: 22, seen: OPEN })], 7)!;

  test('draws blocks where the terminal shows them', () => {
    expect(pictureText(picture, true)).toContain('  failed   █       \n  answered        ▄\n');
  });

  test('draws ASCII elsewhere', () => {
    const text = pictureText(picture, false);
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text).toContain('  failed   @       \n  answered        =\n');
    expect(text).toContain(
      '              1 2 22  failed/answered\n  10.0.12.30  x x  O  2/1\n  O answered, x rejected, r reset, - no answer, ? initiator unknown\n',
    );
  });
});

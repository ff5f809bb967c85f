/** What people say of a finding outlives every judgement of it. */
import { describe, expect, test } from '@jest/globals';
import {
  isReopened,
  MOST_NOTES,
  type Review,
  stateOf,
  unite,
  verdictAsNote,
  withReview,
} from '../../../lib/finding/review.ts';
import { findingOf } from './samples.ts';

const at = (minute: number) => `2026-11-21T10:${String(minute).padStart(2, '0')}:00Z`;
const benign: Review = { verdict: 'benign', verdictGiven: { by: 'alice', at: at(1), severity: 'medium' } };
const note = (text: string, minute: number) => ({ by: 'bob', at: at(minute), text });

describe('a verdict', () => {
  test.each([
    ['medium', 'closed'],
    ['low', 'closed'],
    ['high', 'open'],
  ] as const)('given at severity medium leaves a scan of severity %s %s', (severity, status) => {
    const judged = withReview(findingOf({ severity }), benign);
    expect(judged.status).toBe(status);
    expect(judged).toMatchObject(benign);
    expect(isReopened(judged)).toBe(status === 'open');
  });

  test('stays when the scan has ended, and does not speak against what refutes it', () => {
    const ended = findingOf({ severity: 'low', status: 'closed', closedBecause: 'ended' });
    expect(withReview(ended, benign).closedBecause).toBe('analyst');
    expect(withReview({ ...ended, closedBecause: 'refuted' }, benign).closedBecause).toBe('refuted');
  });

  test('that nobody gave changes nothing', () => {
    expect(withReview(findingOf(), {})).toEqual(findingOf());
  });
});

describe('what was said of two findings that are one', () => {
  test('is the own verdict first, then the other one', () => {
    const other: Review = { verdict: 'true', verdictGiven: { by: 'carol', at: at(2), severity: 'high' } };
    expect(unite(benign, other)).toEqual(benign);
    expect(unite({ notes: [] }, other)).toEqual({ ...other });
  });

  test('has the notes of both once, in order of time, and the latest of too many', () => {
    const own = { notes: [note('a', 3), note('b', 1)] };
    const united = unite(own, { notes: [note('c', 2), note('a', 3)] });
    expect(united.notes?.map(({ text }) => text)).toEqual(['b', 'c', 'a']);
    expect(unite(united, own)).toEqual(united);
    const many = Array.from({ length: MOST_NOTES }, (_, n) => note(`${n}`, n + 5));
    expect(unite({ notes: many }, { notes: [note('early', 0)] }).notes).toEqual(many);
  });

  test('has a verdict as a note where nobody saw the whole', () => {
    expect(verdictAsNote({ ...findingOf(), ...benign })).toEqual({
      notes: [{ by: 'alice', at: at(1), text: `closed ${findingOf().kind} ${findingOf().id} as benign` }],
    });
  });
});

test.each([
  ['open', {}],
  ['acknowledged', { acknowledged: { by: 'alice', at: at(0) } }],
  ['ended', { status: 'closed', closedBecause: 'ended' }],
  ['ended, acknowledged', { acknowledged: { by: 'alice', at: at(0) }, status: 'closed', closedBecause: 'ended' }],
  ['refuted', { acknowledged: { by: 'alice', at: at(0) }, status: 'closed', closedBecause: 'refuted' }],
  ['closed: benign', { ...benign, status: 'closed', closedBecause: 'analyst' }],
  ['reopened', { ...benign, severity: 'critical' }],
] as const)('the state of a finding is %s', (state, parts) => {
  expect(stateOf(findingOf(parts))).toBe(state);
});

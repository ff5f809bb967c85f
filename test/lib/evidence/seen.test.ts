/** Outcomes from the union of what was seen: every combination has one, and it depends on no order. */
import { describe, expect, test } from '@jest/globals';
import * as seen from '../../../lib/evidence/seen.ts';
import { hasInitiatorHalf, isFailure, isNothing, type Outcome, outcomeOf } from '../../../lib/evidence/seen.ts';

const bitOf = new Map(Object.entries(seen) as [string, number][]);
const union = (names: string): number =>
  names
    .split(' ')
    .filter(Boolean)
    .reduce((bits, name) => bits | bitOf.get(`SEEN_${name}`)!, 0);

const cases: readonly (readonly [string, Outcome])[] = [
  // A SYN, and what came back.
  ['TCP SYN ACCEPT', 'unanswered'],
  ['TCP SYN REJECT', 'rejected'],
  ['TCP SYN ACCEPT RESET', 'reset'],
  ['TCP SYN ACCEPT WEAK_RESET', 'reset'],
  ['TCP SYN ACCEPT SYN_ACK', 'established'],
  ['TCP SYN ACCEPT REPLY', 'established'],
  ['TCP SYN ACCEPT COMPLETED', 'established'],
  ['TCP SYN ACCEPT UNRESOLVED_REVERSE', 'established'],
  // Both interfaces log one flow, with opposite actions.
  ['TCP SYN ACCEPT REJECT', 'rejected'],
  ['TCP SYN ACCEPT REJECT RESET', 'rejected'],
  // Tried again and let in: it is open.
  ['TCP SYN ACCEPT REJECT SYN_ACK', 'established'],
  ['TCP SYN ACCEPT RESET SYN_ACK', 'established'],
  ['TCP SYN REJECT RESET SYN_ACK REPLY', 'established'],
  // The middle of a TCP conversation.
  ['TCP PROBE ACCEPT', 'unresolved'],
  ['TCP PROBE REJECT', 'unresolved'],
  ['TCP PROBE ACCEPT RESET', 'reset'],
  ['TCP PROBE REJECT WEAK_RESET', 'unresolved'],
  ['TCP PROBE ACCEPT REPLY', 'established'],
  ['TCP PROBE ACCEPT SYN_ACK', 'established'],
  // Without flags a TCP probe counts as one.
  ['TCP WITHOUT_FLAGS PROBE REJECT', 'rejected'],
  ['TCP WITHOUT_FLAGS PROBE ACCEPT', 'unanswered'],
  ['TCP WITHOUT_FLAGS PROBE ACCEPT RESET', 'reset'],
  ['TCP WITHOUT_FLAGS PROBE ACCEPT REPLY', 'established'],
  // UDP and ICMP.
  ['PROBE ACCEPT', 'unanswered'],
  ['PROBE REJECT', 'rejected'],
  ['PROBE ACCEPT REPLY', 'established'],
  ['PROBE ACCEPT UNRESOLVED_REVERSE', 'established'],
  // No initiator's half yet.
  ['', 'unresolved'],
  ['TCP SYN_ACK', 'unresolved'],
  ['TCP RESET', 'unresolved'],
  ['TCP WEAK_RESET', 'unresolved'],
  ['REPLY', 'unresolved'],
  ['UNRESOLVED_FORWARD ACCEPT', 'unanswered'],
  ['UNRESOLVED_FORWARD REJECT', 'rejected'],
  ['TCP UNRESOLVED_FORWARD REJECT', 'unresolved'],
  ['UNRESOLVED_REVERSE', 'unresolved'],
  ['UNRESOLVED_FORWARD ACCEPT UNRESOLVED_REVERSE', 'established'],
  ['TCP UNRESOLVED_FORWARD ACCEPT RESET', 'unresolved'],
];

const allBits = Array.from({ length: 14 }, (_, at) => 1 << at);
const allUnions = Array.from({ length: 1 << allBits.length }, (_, bits) => bits);

describe('the outcome of a contact', () => {
  test.each(cases)('of "%s" is %s', (names, outcome) => {
    expect(outcomeOf(union(names))).toBe(outcome);
  });

  test('does not change when the target turns out to be inside', () => {
    for (const [names, outcome] of cases) expect(outcomeOf(union(`${names} OWN_TARGET`))).toBe(outcome);
  });

  test('of any union of bits is a failure only where an initiator was seen and nothing answered', () => {
    const answers = union('SYN_ACK REPLY COMPLETED UNRESOLVED_REVERSE');
    const wrong = allUnions.filter(
      (bits) =>
        isFailure(outcomeOf(bits)) && ((bits & union('SYN PROBE UNRESOLVED_FORWARD')) === 0 || (bits & answers) !== 0),
    );
    expect(wrong).toEqual([]);
  });

  test('never falls back from established when more is seen', () => {
    const fallen = allUnions
      .filter((bits) => outcomeOf(bits) === 'established')
      .filter((bits) => allBits.some((bit) => outcomeOf(bits | bit) !== 'established'));
    expect(fallen).toEqual([]);
  });
});

test('the initiator has been seen by a SYN, a probe or an unresolved forward half', () => {
  for (const name of ['SYN', 'PROBE', 'UNRESOLVED_FORWARD']) expect(hasInitiatorHalf(union(name))).toBe(true);
  for (const name of ['SYN_ACK', 'RESET', 'WEAK_RESET', 'REPLY', 'UNRESOLVED_REVERSE', 'ACCEPT', 'OWN_TARGET'])
    expect(hasInitiatorHalf(union(name))).toBe(false);
});

test('a weak reset counts only together with other bits', () => {
  expect(isNothing(union('WEAK_RESET TCP'))).toBe(true);
  expect(isNothing(union('WEAK_RESET TCP OWN_TARGET'))).toBe(true);
  expect(isNothing(union('WEAK_RESET TCP SYN'))).toBe(false);
  expect(isNothing(union('RESET TCP'))).toBe(false);
});

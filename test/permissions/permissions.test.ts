/** Least privilege, proven for every kind of deployment: what is needed is allowed, and nothing else, to nobody else. */
import { describe, expect, test } from '@jest/globals';
import { ACCEPTED } from './accepted.ts';
import { audit, judge } from './audit.ts';
import { DEPLOYMENTS, onPaper, templateOf } from './stacks.ts';

const deployments = Object.entries(DEPLOYMENTS).map(([name, settings]) => {
  const template = templateOf(settings);
  return { name, settings, template, verdict: judge(audit(() => onPaper(template, settings))) };
});

describe.each(deployments)('$name', ({ verdict }) => {
  test('has no problem that nobody accepted', () => {
    expect(verdict.problems).toEqual([]);
  });
});

test('each acceptance is still about something', () => {
  const applied = new Set(deployments.flatMap(({ verdict }) => verdict.accepted));
  expect(Object.keys(ACCEPTED).filter((key) => !applied.has(key))).toEqual([]);
});

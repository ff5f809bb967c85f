/** Least privilege, proven for every kind of deployment: what is needed is allowed, and nothing else, to nobody else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ACCEPTED } from '../../verify/permissions/accepted.ts';
import { documentOf } from '../../verify/permissions/document.ts';
import { RULES } from '../../verify/permissions/problem.ts';
import { POINTLESS, type Proof, prove } from '../../verify/permissions/proof.ts';
import { grantsOf } from '../../verify/permissions/rules/roles.ts';
import { DEPLOYMENTS } from '../../verify/permissions/stacks.ts';
import { isAtLength } from '../tier.ts';

/**
 * Deployments in which mistakes are planted: a new bucket, an existing one with a key of the stack, and one of another
 * account. The long run uses all.
 */
const FOREIGN = 'bucket of another account, EventBridge, its key';
const WITHIN = Object.keys(DEPLOYMENTS).filter(
  (name) => isAtLength || ['defaults', 'existing bucket, notifications, key of the stack', FOREIGN].includes(name),
);

let proofs: Proof[];
beforeAll(() => {
  proofs = prove({ within: WITHIN });
}, 180_000);

describe.each(Object.keys(DEPLOYMENTS))('%s', (name) => {
  const proof = () => proofs.find((each) => each.name === name)!;

  test('has no problem that nobody accepted', () => {
    expect(grantsOf(proof().stack).length).toBeGreaterThan(20);
    expect(proof().verdict.problems).toEqual([]);
  });

  if (!WITHIN.includes(name)) return;
  test('has a problem once a mistake is planted', () => {
    expect(proof().planted.length).toBeGreaterThan(50);
    expect(proof().planted.filter(({ foundBy }) => foundBy.length === 0)).toEqual([]);
  });
});

test('each rule has caught a mistake', () => {
  const rules = new Set(proofs.flatMap(({ planted }) => planted.flatMap(({ foundBy }) => foundBy)));
  expect([...rules].sort()).toEqual([...RULES, POINTLESS].sort());
});

test.each<[kind: string, rule: string]>([
  ['statement dropped', 'call denied'],
  ['statement dropped', 'service denied'],
  ['statement dropped', 'plain HTTP'],
  ['action dropped', 'call denied'],
  ['one action more', 'unused'],
  ['every resource', 'wildcard'],
  ['condition key dropped', 'confused deputy'],
  ['condition key dropped', 'key used by hand'],
  ['key may be missing', 'confused deputy'],
  ['a foreign value added', 'log delivery'],
  ['everybody', 'foreign principal'],
  ['any value', 'owner'],
  ['key that AWS manages', 'service denied'],
  ['deny beside the role', 'call denied'],
  // Only a deployment with a key of its own can lose the rotation, and those have mistakes planted at length.
  ...(isAtLength ? [['rotation lost', 'data'] as [string, string]] : []),
])('a mistake of the kind "%s" is found by the rule "%s"', (kind, rule) => {
  const found = proofs.flatMap(({ planted }) => planted.filter((each) => each.kind === kind));
  expect(found.some(({ foundBy }) => foundBy.includes(rule))).toBe(true);
});

test('people cannot list a bucket of another account without its prefix, and no other role feeds the queue', () => {
  const { planted } = proofs.find(({ name }) => name === FOREIGN)!;
  const foundBy = (kind: string, at: RegExp) =>
    planted.filter((each) => each.kind === kind && at.test(each.at)).flatMap((each) => each.foundBy);
  expect(foundBy('key may be missing', /SweepwatchListsFlowLogs/)).toContain('owner');
  expect(foundBy('condition dropped', /IngestQueue.*OwnerOfBucketSends/)).toContain('owner');
});

test.each<[at: string, rule: string]>([
  ['OwnersBucketPolicy SweepwatchReadsFlowLogs', 'call denied'],
  ['OwnersBucketPolicy SweepwatchTellsMissingFiles', 'call denied'],
  ['OwnersBucketPolicy SweepwatchListsFlowLogs', 'call denied'],
  ['OwnersKey SweepwatchDecryptsFlowLogs', 'call denied'],
  ['OwnersRole RuleAssumes', 'service denied'],
  ['OwnersRole RuleSends', 'service denied'],
])('without the statement of another account %s, something fails (%s)', (at, rule) => {
  const { planted } = proofs.find(({ name }) => name === FOREIGN)!;
  const dropped = planted.find((each) => each.kind === 'statement dropped' && each.at === at);
  expect(dropped?.foundBy).toContain(rule);
});

test('each acceptance is still about something', () => {
  const applied = new Set(proofs.flatMap(({ verdict }) => verdict.accepted));
  expect(Object.keys(ACCEPTED).filter((key) => !applied.has(key))).toEqual([]);
});

// The page counts the mistakes that were planted in each deployment.
if (isAtLength)
  test('the page for reviewers is up to date (npm run permissions writes it)', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/permissions.md'), 'utf8');
    expect(page).toBe(documentOf(proofs));
  });

/** The schemas of what commands print: written to docs/schemas, and the same as the types of the code. */
import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { OUTPUTS, outputJsonSchema } from '../../../lib/config/output-schemas.ts';
import type { Stats } from '../../../lib/finding/stats.ts';
import type { Explanation } from '../../../lib/finding/why.ts';
import type { Watch } from '../../../lib/notify/watch.ts';
import { schemaAt } from '../../body-schemas.ts';
import { expectValidOutput } from '../../output-schema.ts';

type Printed<Name extends keyof typeof OUTPUTS> = z.infer<(typeof OUTPUTS)[Name]>;
type Mutable<T> = { -readonly [Key in keyof T]: Mutable<T[Key]> };
const names = Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[];

test.each(names)('the schema of %s is the one that the program has now (npm run schema writes it)', (name) => {
  expect(schemaAt(name)).toEqual(outputJsonSchema(name));
});

test('the compiler holds what is printed to the schemas', () => {
  const stats = (value: Mutable<Stats>[]): Printed<'findings-stats'> => value;
  const why = (value: Mutable<Explanation>[]): Printed<'findings-why'> => value;
  const watches = (value: (Mutable<Watch> & { state: 'active' })[]): Printed<'watch-list'> => value;
  expect([stats, why, watches].map((check) => typeof check)).toEqual(['function', 'function', 'function']);
});

describe('a schema', () => {
  const check = { id: 'a', status: 'ok', text: 'b', see: 'c', permission: 'd' };
  const printed = (more: object) => ({ schemaVersion: 1, heading: 'x', exitCode: 0, checks: [{ ...check, ...more }] });

  test('accepts fields of a later release', () => {
    expect(() => expectValidOutput('doctor', printed({ since: 'later' }))).not.toThrow();
  });

  test('refuses a wrong value and a missing field', () => {
    expect(() => expectValidOutput('doctor', printed({ status: 'fine' }))).toThrow('/checks/0/status');
    expect(() => expectValidOutput('doctor', { schemaVersion: 1 })).toThrow("must have required property 'checks'");
  });
});

/** docs/cost.md says what is: the fixed floor is that of the template, and the prices are those of the bill. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { countsOf } from '../../../bench/cost/deployed.ts';
import { PRICES, PRICES_OF } from '../../../bench/cost/prices.ts';
import { parseTables } from '../../../bench/table.ts';
import { parseSettings } from '../../../lib/config/load.ts';
import { templateOf } from '../../deployments/assembly.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/cost.md'), 'utf8');
const table = (title: string) => parseTables(text).find((each) => each.title === title)!;

test('alarms, metrics and keys are as many as the stack has', () => {
  const of = countsOf(templateOf('defaults'), parseSettings({}));
  const quantities = Object.fromEntries(table('Fixed').rows.map(([what, quantity]) => [what, Number(quantity)]));
  expect(quantities).toMatchObject({ alarms: of.alarms, 'custom metrics': of.metrics.length, 'KMS keys': of.keys });
});

test('the fixed floor of a default deployment is at most three dollars a month', () => {
  const sum = table('Fixed').rows.reduce((all, [, , dollars]) => all + Number(dollars!.replace('$', '')), 0);
  expect(sum).toBeGreaterThan(1);
  expect(sum).toBeLessThanOrEqual(3);
});

test('prices are those that the bill is made with, with their date', () => {
  expect(text).toContain(PRICES_OF);
  expect(table('Prices').rows.map(([name, dollars]) => [name, Number(dollars)])).toEqual(
    Object.values(PRICES).map(({ name, dollars }) => [name, dollars]),
  );
});

test('every scan was found at every amount of noise', () => {
  const rows = table('Against noise').rows;
  expect(rows.length).toBeGreaterThan(3);
  for (const [amount, ...cells] of rows)
    expect([amount, ...cells.slice(-4)]).toEqual([amount, ...Array(4).fill('found')]);
});

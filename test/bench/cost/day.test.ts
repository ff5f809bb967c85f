/** A run of the workload, made small: its scans are found, its counts add up, and its bill follows from them. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { billedSeconds, billOf, total, unitsOf } from '../../../bench/cost/bill.ts';
import { type CountedDay, runDay } from '../../../bench/cost/day.ts';
import { countsOf, type Deployed } from '../../../bench/cost/deployed.ts';
import { PRICES } from '../../../bench/cost/prices.ts';
import { Traffic, type Workload } from '../../../bench/cost/traffic.ts';
import { parseSettings } from '../../../lib/config/load.ts';
import { templateOf } from '../../deployments/assembly.ts';
import { DEPLOYMENTS } from '../../deployments/deployments.ts';

const SMALL: Workload = {
  interfaces: 40,
  flowLogs: 2,
  rounds: 6,
  noiseADay: 288_000,
  clientsADay: 2880,
  contacts: 4,
  repeats: 1,
  stale: { oneIn: 20, hosts: 1 },
};
const NOTHING = { records: 0, bytes: 0, storedBytes: 0, cpuSeconds: 0 };

let of: Deployed;
let quiet: CountedDay;
let noisy: CountedDay;
let failing: CountedDay;
beforeAll(async () => {
  of = countsOf(templateOf('defaults'), parseSettings({}));
  quiet = await runDay({ ...SMALL, noiseADay: 0 }, of);
  noisy = await runDay(SMALL, of);
  failing = await runDay({ ...SMALL, noiseADay: 0, stale: { oneIn: 1, hosts: 1 } }, of);
}, 300_000);

test('scans are found, with noise and without', () => {
  const names = Object.keys(noisy.found);
  expect(names).toHaveLength(2);
  for (const name of names) expect([name, quiet.found[name], noisy.found[name]]).toEqual([name, true, true]);
});

test('a source of noise takes a small fraction of a write unit', () => {
  const more = unitsOf(noisy, 'write') - unitsOf(quiet, 'write');
  expect(more).toBeGreaterThan(0);
  expect(more / 6000).toBeLessThan(0.04);
});

test('marks of failures cost by the file, not by the source', () => {
  const marks = (counted: CountedDay) => unitsOf(counted, 'write', /^due$/) / counted.files;
  expect(marks(failing)).toBeGreaterThan(0);
  expect(marks(failing)).toBeLessThan(6);
  expect(marks(failing)).toBeLessThanOrEqual(marks(quiet) + 2);
});

test('noise changes nothing but what is written of noise', () => {
  const others = /^(?!noise|loud)/;
  expect(unitsOf(noisy, 'write', others)).toBe(unitsOf(quiet, 'write', others));
});

test('the workload is the same each time, with as many distinct sources of noise as it says', () => {
  const files = () => new Traffic(SMALL).round(0);
  const text = (all: ReturnType<typeof files>) => all.map(({ body }) => Buffer.from(body).toString('base64'));
  expect(text(files())).toEqual(text(files()));
});

describe('the bill', () => {
  test('of six rounds is scaled to a day, and its volume with it', () => {
    const bill = billOf(noisy, of, NOTHING);
    expect(bill.records).toBeCloseTo(noisy.records * 48, 5);
    expect(bill.gigabytes).toBeCloseTo((noisy.bytes * 48) / 2 ** 30, 9);
    const get = bill.marginal.find(({ what }) => what === 'S3 GET')!;
    expect(get).toMatchObject({ quantity: 576, dollars: 576 * PRICES.objectGet.dollars });
  });

  test('charges every write once', () => {
    const { marginal } = billOf(noisy, of, NOTHING);
    const writes = marginal.filter(({ price }) => price === PRICES.writeUnit);
    expect(writes.reduce((sum, { quantity }) => sum + quantity, 0)).toBeCloseTo(
      (unitsOf(noisy, 'write') + unitsOf(noisy, 'index')) * 48,
      5,
    );
  });

  test('grows by what was left out', () => {
    const more = { ...NOTHING, bytes: 2 ** 30 / 48, cpuSeconds: 10 };
    const [before, after] = [billOf(noisy, of, NOTHING), billOf(noisy, of, more)];
    expect(after.gigabytes - before.gigabytes).toBeCloseTo(1, 9);
    // Ten seconds of a processor take 17 on 1,024 of 1,769 MB.
    const seconds = ((10 * 1769) / 1024) * 48;
    expect(total(after.marginal) - total(before.marginal)).toBeCloseTo(seconds * PRICES.lambdaSecond.dollars, 9);
  });

  test('takes a function with less memory to have less of a processor', () => {
    const small = { ...of, memory: { ...of.memory, ingest: 512 } };
    expect(billedSeconds(noisy, small, 'ingest', 0)).toBeGreaterThan(billedSeconds(noisy, of, 'ingest', 0));
  });
});

describe('the template', () => {
  test('is counted, and not taken from memory', () => {
    expect(of.alarms).toBeGreaterThan(10);
    expect(of.findingsIndexes.map(({ name }) => name).sort()).toEqual(['announce', 'byDay', 'byId', 'open']);
    const withKey = countsOf(templateOf('new-key'), parseSettings(DEPLOYMENTS['new-key']));
    expect([of.keys, withKey.keys]).toEqual([0, 1]);
    expect(of.memory).toEqual({ ingest: of.settings.ingest.memoryMiB, settle: 1024, alert: 256, signals: 0 });
  });

  test('has the metrics that the functions emit', () => {
    expect(of.metrics).toEqual(expect.arrayContaining(['RecordsRead', 'SubscriptionsMissing', 'SourcesDropped']));
  });
});

/** The text of docs/cost.md around its tables. */
import { printTable, type Table } from '../table.ts';
import { type Bill, type Extrapolation, type Line, total, unitsOf } from './bill.ts';
import type { Counted } from './day.ts';
import type { Deployed } from './deployed.ts';
import { PRICES, PRICES_OF } from './prices.ts';
import { SCANS } from './traffic.ts';

/** Everything that the document tells. */
export interface Told {
  readonly counted: Counted;
  readonly deployed: Deployed;
  readonly bill: Bill;
  readonly more: Extrapolation;
  readonly repeats: number;
  /** Runs at other amounts of noise, the default one included, in order. */
  readonly byNoise: readonly Counted[];
}

const MONTH = 30;
const count = (value: number): string => Math.round(value).toLocaleString('en');
const dollars = (value: number): string => `$${value === 0 ? '0' : value.toPrecision(value >= 1 ? 4 : 3)}`;

/** The three lines that the document is about. */
export function summary({ bill }: Pick<Told, 'bill'>): Table {
  const marginal = total(bill.marginal);
  const withDelivery = marginal + total(bill.delivery);
  const fixed = total(bill.fixed) / MONTH;
  const managed = bill.gigabytes * PRICES.managed.dollars;
  const row = (name: string, day: number): string[] => [
    name,
    dollars(day),
    dollars(day / bill.gigabytes),
    dollars((day / bill.records) * 1e6),
    `1/${(managed / day).toPrecision(3)}`,
    `1/${((managed / day) * PRICES.managedLowest.dollars).toPrecision(3)}`,
  ];
  return {
    title: 'The bill',
    header: ['', 'a day', 'a GB of log', 'a million records', 'of the managed price', 'at its lowest tier'],
    rows: [
      row('marginal: the logs exist already', marginal),
      row('with delivery and storage of the logs', withDelivery),
      row('fixed floor, a thirtieth of a month', fixed),
      row('managed detector, first tier', managed),
    ],
  };
}

const linesOf = (title: string, lines: readonly Line[]): Table => ({
  title,
  header: ['what', 'quantity', 'dollars', 'price'],
  rows: lines.map(({ what, quantity, price, dollars: cost }) => [
    what,
    quantity >= 100 ? count(quantity) : quantity.toPrecision(3),
    dollars(cost),
    price.name,
  ]),
});

/** Writes, reads and findings at each amount of noise. */
export function noiseTable(runs: readonly Counted[]): Table {
  const [none] = runs;
  return {
    title: 'Against noise',
    header: [
      'noise sources a day',
      'write units',
      'of them for noise',
      'a noise source',
      'read units',
      ...SCANS.map(({ name }) => name),
    ],
    rows: runs.map((run) => {
      const days = run.workload.rounds / 288;
      const noise = unitsOf(run, 'write', /^noise/) / days;
      const extra = noise - unitsOf(none!, 'write', /^noise/) / days;
      return [
        count(run.workload.noiseADay),
        count((unitsOf(run, 'write') + unitsOf(run, 'index')) / days),
        count(noise),
        run.workload.noiseADay ? (extra / run.workload.noiseADay).toFixed(4) : '',
        count(unitsOf(run, 'read') / days),
        ...SCANS.map(({ name }) => ({ true: 'found', false: 'MISSED', undefined: '' })[String(run.found[name])] ?? ''),
      ];
    }),
  };
}

const pricesTable = (): Table => ({
  title: 'Prices',
  header: ['price', 'dollars', 'for a', 'source', 'confirmed'],
  rows: Object.values(PRICES).map((price) => [
    price.name,
    String(price.dollars),
    price.unit,
    price.source,
    price.confirmed ? 'yes' : 'no',
  ]),
});

const countsTable = ({ counts }: Counted): Table => ({
  title: 'Calls and units',
  header: [
    'function',
    'table',
    'what',
    'kind of item',
    'calls',
    'items',
    'bytes',
    'units',
    'units with days of history',
  ],
  rows: Object.entries(counts)
    .filter(([name]) => !name.startsWith('bench '))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { calls, items, bytes, units, steadyUnits }]) => {
      const [caller, table, way, ...kind] = name.split(' ') as [string, string, string, ...string[]];
      const steady = way === 'read' ? count(steadyUnits) : '';
      return [caller, table, way, kind.join(' '), count(calls), count(items), count(bytes), count(units), steady];
    }),
});

const functionsTable = ({ used }: Counted, { memory }: Deployed): Table => ({
  title: 'Functions',
  header: [
    'function',
    'invocations',
    'processor seconds',
    'with days of history',
    'round trips',
    'memory',
    'most that one added',
  ],
  rows: Object.entries(used).map(([name, each]) => [
    name,
    count(each.invocations),
    each.cpuSeconds.toFixed(1),
    name === 'settle' ? each.steadyCpuSeconds.toFixed(1) : '',
    count(each.roundTrips),
    `${memory[name as keyof typeof memory]} MB`,
    `${each.peakMegabytes} MB`,
  ]),
});

/** The whole document. */
export function documentOf(told: Told): string {
  const { counted, deployed, bill, more, repeats, byNoise } = told;
  const { workload } = counted;
  const section = (table: Table, text: string) => `## ${table.title}\n\n${text}\n\n${printTable(table)}`;
  return `${[
    `# Cost

Generated by \`npm run cost\`, which sends a day of flow logs through the pipeline of the functions over an embedded DynamoDB
and counts every call at the client; do not edit. The quantities are counted. The dollars are as good as the prices, none of
which was confirmed on a page of AWS (last look: ${PRICES_OF}).

**The workload**: ${count(workload.interfaces)} interfaces, ${workload.flowLogs} flow logs with a file each in ${workload.rounds} rounds of five minutes, ${workload.contacts} contacts of each
interface in a file with ${repeats} records of each half, ${count(workload.clientsADay)} outside clients and ${count(workload.noiseADay)} sources of noise a day with one
to three rejected contacts each; one interface in twenty with a stale configuration, a monitor in each VPC, and four scans.
${count(bill.records)} records and ${bill.gigabytes.toFixed(2)} GB a day, ${bill.storedGigabytes.toFixed(2)} GB compressed.

**What is not run but reckoned**: of the records of ordinary traffic ${count(counted.records)} a day were run, so that each contact is
in each file; the ${count(more.records)} repetitions change no item and no finding, and were timed in ${more.cpuSeconds.toFixed(0)} processor seconds on a
sample (\`--full\` runs them). Reads that reach back beyond the first hour of the run are charged as if the days before had been
like it, and the time of a run of settle is taken to grow as its reads do. Table storage is charged for all days that windows are kept. A function has a share of a processor by its
memory (1,769 MB are one), so that its time is processor time measured here, divided by that share, and 5 ms for each
round trip that had to wait for another. The processor here stands for one of AWS; yours may take half or twice as long.`,
    section(
      summary(told),
      `The managed detector reads its own copy of the logs; its price is ${dollars(PRICES.managed.dollars)} a GB at first and ${dollars(PRICES.managedLowest.dollars)} at the highest volumes.`,
    ),
    section(
      linesOf('Marginal', bill.marginal),
      'A day, where the flow logs are delivered to S3 for some other reason.',
    ),
    section(linesOf('Delivery and storage of the logs', bill.delivery), 'A day, where they are not.'),
    section(
      linesOf('Fixed', bill.fixed),
      `A month, whatever the traffic; counted from the synthesized template and the metrics in the code of the functions (${deployed.metrics.join(', ')}).`,
    ),
    section(
      noiseTable(byNoise),
      `The same account and the same scans among more and more noise. *a noise source* is what one more of them takes in write
units. Those at other amounts than the workload's run for as many rounds as the slowest scan needs, scaled to a day.`,
    ),
    section(
      functionsTable(counted, deployed),
      'Of the run. *most that one added*: memory at the end of an invocation or while it waited, less that at its start, garbage included.',
    ),
    section(countsTable(counted), 'Of the run, by function. A batch is one call for up to 25 items.'),
    section(pricesTable(), 'US dollars, us-east-1, on demand, no free tier.'),
  ].join('\n\n')}\n`;
}

/** The text of docs/cost.md around its tables. */
import { printTable, type Table } from '../table.ts';
import { type Bill, type Extrapolation, type Line, total, unitsOf } from './bill.ts';
import type { Counted, CountedDay, CountedLog } from './day.ts';
import type { Deployed } from './deployed.ts';
import { count, failuresTable, noiseTable, recordsTable } from './growth.ts';
import { lookBackSection } from './look-back.ts';
import { PRICES, PRICES_OF } from './prices.ts';

/** Everything that the document tells. */
export interface Told {
  readonly counted: CountedDay;
  readonly deployed: Deployed;
  readonly bill: Bill;
  readonly more: Extrapolation;
  readonly repeats: number;
  /** Runs at other amounts of noise, the default one included, in order. */
  readonly byNoise: readonly CountedDay[];
  /** The workload beside others. */
  readonly workloads: readonly WorkloadBill[];
  /** Scattered traffic with more and more records in the same time. */
  readonly byRecords: readonly CountedLog[];
  /** Runs in which more and more inside sources have failures. */
  readonly byFailures: readonly CountedDay[];
}

/** What one workload cost. */
export interface WorkloadBill {
  readonly name: string;
  readonly counted: Counted;
  readonly bill: Bill;
}

const MONTH = 30;
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
    header: [
      '',
      'per day',
      'per GB of log',
      'per million records',
      'share of the managed price',
      'share at its lowest tier',
    ],
    rows: [
      row('marginal: the logs exist already', marginal),
      row('with delivery and storage of the logs', withDelivery),
      row('fixed floor, a thirtieth of a month', fixed),
      row('managed detector, first tier', managed),
    ],
  };
}

/** Marginal cost of each workload for a GB of log, without the fixed floor. */
export function sideBySide(workloads: readonly WorkloadBill[]): Table {
  return {
    title: 'Workloads',
    header: [
      'for a GB of log',
      'write units',
      'read units with days of history',
      'requests to the tables',
      'Lambda GB-seconds',
      'dollars, marginal',
      'share of the managed price',
    ],
    rows: workloads.map(({ name, counted, bill }) => {
      const days = counted.rounds / 288;
      const perGb = (quantity: number) => count(quantity / days / bill.gigabytes);
      const calls = Object.values(counted.counts).reduce((sum, each) => sum + each.calls, 0);
      const lambda = bill.marginal.filter(({ price }) => price === PRICES.lambdaSecond);
      const marginal = total(bill.marginal) / bill.gigabytes;
      return [
        name,
        perGb(unitsOf(counted, 'write') + unitsOf(counted, 'index')),
        perGb(unitsOf(counted, 'read')),
        perGb(calls),
        count(lambda.reduce((sum, { quantity }) => sum + quantity, 0) / bill.gigabytes),
        dollars(marginal),
        `1/${(PRICES.managed.dollars / marginal).toPrecision(3)}`,
      ];
    }),
  };
}

export const linesOf = (title: string, lines: readonly Line[]): Table => ({
  title,
  header: ['what', 'quantity', 'dollars', 'price'],
  rows: lines.map(({ what, quantity, price, dollars: cost }) => [
    what,
    quantity >= 100 ? count(quantity) : quantity.toPrecision(3),
    dollars(cost),
    price.name,
  ]),
});

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

export const countsTable = ({ counts }: Counted): Table => ({
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
  rows: Object.entries(used)
    .filter(([, { invocations }]) => invocations > 0)
    .map(([name, each]) => [
      name,
      count(each.invocations),
      each.cpuSeconds.toFixed(1),
      name === 'settle' ? each.steadyCpuSeconds.toFixed(1) : '',
      count(each.roundTrips),
      `${memory[name as keyof typeof memory]} MB`,
      `${each.peakMegabytes} MB`,
    ]),
});

/** What the table of workloads shows, and what was tried for those that miss the aim. */
const WORKLOADS = `The marginal cost alone. The fixed floor is the same for all. *Failures in half of the inside sources* is the same account with one failed
contact in each file of every second interface, and two records of each half of a contact instead of 20. It lasts three hours, scaled to a day.
*Scattered traffic* is that of the benchmark of speed: 400 interfaces, 30,000 outside clients, 6,000 outside sites, 40,000 sources of noise that
come back, and eight scans. It lasts six hours, scaled to a day.

The aim is 1/100 of the managed price on all three. A GB of the last two logs names many times as many contacts, because hardly any record
repeats one, and evidence costs by the contact and not by the record. Their share of the price says by how much they miss it. Kept for them:
marks that sources of a file share, no mark where failures reach no threshold, days before that are read without strong consistency, packs of
outside sources that a run reads once, for those that it finds and for all their past. Reckoned, and not done:

- *Inside sources with few failures in shared items* would save two fifths of the writes of the second workload. But each judgement would read the
  days of a whole bucket, thirty-two times as much.
- *Packs of quiet inside sources read once a run* would be all buckets over three days in each run, where a run judges a handful of sources.
- *Twice as many buckets* would halve these reads. But an item costs a unit at least, so the first workload would pay a tenth more.
- *The pass over three days of outside sources each day* instead of four times would save an eighth of the reads of the second workload, and
  find slow scans a day later.`;

/** The whole document. */
export function documentOf(told: Told): string {
  const { counted, deployed, bill, more, repeats, byNoise } = told;
  const { workload } = counted;
  const section = (table: Table, text: string) => `## ${table.title}\n\n${text}\n\n${printTable(table)}`;
  return `${[
    `# Cost

\`npm run cost\` generates this page. Do not edit it. The command sends a day of flow logs through the pipeline of the functions over an
embedded DynamoDB, and counts every call at the client. The quantities are counted. The dollars depend on the prices, and no price was
confirmed on a page of AWS (last look: ${PRICES_OF}).

**The workload** has ${count(bill.records)} records and ${bill.gigabytes.toFixed(2)} GB per day, ${bill.storedGigabytes.toFixed(2)} GB compressed:

- ${count(workload.interfaces)} interfaces and ${workload.flowLogs} flow logs, with one file per flow log in ${workload.rounds} rounds of five minutes
- ${workload.contacts} contacts per interface and file, with ${repeats} records of each half
- ${count(workload.clientsADay)} outside clients per day
- ${count(workload.noiseADay)} sources of noise per day, with one to three rejected contacts each
- a stale configuration on one interface in twenty, a monitor in each VPC, and four scans

**Estimated, not run**:

- Of the records of ordinary traffic, ${count(counted.records)} per day were run, so that each file has each contact. The other ${count(more.records)} records repeat
  these and change no item and no finding. A sample of them was timed and scaled to ${more.cpuSeconds.toFixed(0)} processor seconds. \`--full\` runs them all.
- Reads that reach back beyond the first hour of the run are charged as if the days before had been the same. The time of the scheduled
  function is assumed to grow like its reads.
- Table storage is charged for all days that evidence is kept.
- The memory of a function decides its share of a processor (1,769 MB are one). Its time is the processor time measured here, divided by that
  share, plus 5 ms for each round trip that had to wait for another.
- The processor here stands for one of AWS. Yours may take half or twice as long.

[cost-signals.md](cost-signals.md) counts what audit logs add.`,
    section(
      summary(told),
      `The managed detector reads its own copy of the logs. It costs ${dollars(PRICES.managed.dollars)} per GB at first and ${dollars(PRICES.managedLowest.dollars)} at the highest volumes.`,
    ),
    section(sideBySide(told.workloads), WORKLOADS),
    section(
      linesOf('Marginal', bill.marginal),
      'Per day, if the flow logs are delivered to S3 for another reason anyway.',
    ),
    section(linesOf('Delivery and storage of the logs', bill.delivery), 'Per day, if they are not.'),
    section(
      linesOf('Fixed', bill.fixed),
      `Per month, whatever the traffic. Counted from the synthesized template and the metrics in the code of the functions (${deployed.metrics.join(', ')}).`,
    ),
    lookBackSection(counted, bill.storedGigabytes),
    section(
      noiseTable(byNoise),
      `The same account and the same scans, with more and more noise. *per noise source* is the cost of one more noise source in write units. Runs
with another amount of noise than the workload last as many rounds as the slowest scan needs, and are scaled to a day.`,
    ),
    section(
      recordsTable(told.byRecords),
      `The scattered traffic with more and more records of the same interfaces, clients and sources of noise. *for each doubling* compares
with the row above, for twice as many records. Below 1, a GB takes less in the larger log, because contacts repeat. Reads are those with days of
history. They rise in the last row, because most sources of noise come back so often there that each is judged.`,
    ),
    section(
      failuresTable(told.byFailures),
      `The second workload with more and more inside sources that fail, each in one contact of every file. *per additional source* compares with
the row above. Three hours, scaled to a day. Reads are those with days of history. They rise at 100 of 400, where more judgements need the quiet
sources of a bucket as well, and not beyond.`,
    ),
    section(
      functionsTable(counted, deployed),
      'Of the run. *most that one added* is the memory at the end of an invocation, or while it waited, minus the memory at its start. It includes garbage.',
    ),
    section(countsTable(counted), 'Of the run, by function. A batch is one call for up to 25 items.'),
    section(pricesTable(), 'US dollars, us-east-1, on demand, no free tier.'),
  ].join('\n\n')}\n`;
}

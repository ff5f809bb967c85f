/** The text of docs/cost-signals.md around its tables. */
import { printTable, type Table } from '../table.ts';
import { type Line, total } from './bill.ts';
import type { Deployed } from './deployed.ts';
import { PRICES, PRICES_OF } from './prices.ts';
import type { CountedAudit } from './signals.ts';

const count = (value: number): string => Math.round(value).toLocaleString('en');
const dollars = (value: number): string => `$${value === 0 ? '0' : value.toPrecision(3)}`;
const percent = (part: number, whole: number): string => `${((100 * part) / whole).toPrecision(3)} %`;

const filterTable = ({ events, bytes, kept }: CountedAudit): Table => ({
  title: 'What the filter selects',
  header: ['', 'events', 'MB', 'share of the bytes'],
  rows: [
    ['the log', count(events), count(bytes / 1e6), '100 %'],
    ['delivered to the function', count(kept.events), count(kept.bytes / 1e6), percent(kept.bytes, bytes)],
  ],
});

const billTable = (lines: readonly Line[]): Table => ({
  title: 'For a GiB of audit log',
  header: ['what', 'quantity', 'dollars', 'price'],
  rows: [
    ...lines.map(({ what, quantity, price, dollars: cost }) => [
      what,
      quantity >= 100 ? count(quantity) : quantity.toPrecision(3),
      dollars(cost),
      price.name,
    ]),
    ['together', '', dollars(total(lines)), ''],
    [
      'the log group itself takes in the log, with or without Sweepwatch',
      '1',
      dollars(PRICES.logIngestion.dollars),
      PRICES.logIngestion.name,
    ],
  ],
});

/** The whole page. */
export function signalsDocument(counted: CountedAudit, lines: readonly Line[], of: Deployed): string {
  const { events, bytes, seconds, kept, findings } = counted;
  const together = total(lines);
  const section = (table: Table, text: string) => `## ${table.title}\n\n${printTable(table)}\n\n${text}`;
  return `${[
    `# Cost of audit logs

\`npm run cost -- --only audit\` generates this page. Do not edit it. The command sends an audit log through the filter of the subscription
and the code of the functions, over an embedded DynamoDB, and counts every call at the client. The quantities are counted. The dollars
depend on the prices, which no page of AWS confirmed (last look: ${PRICES_OF}).

A GiB of audit log costs **${dollars(together)}** beyond what the log group costs anyway, which is 1/${(PRICES.logIngestion.dollars / together).toPrecision(2)} of its ingestion.

**The log** has ${count(bytes / 1e6)} MB in ${count(events)} events of ${(seconds / 60).toFixed(0)} minutes, of a busy cluster of 50 nodes: leases, status reports, lists, pods of
controllers, execs of an operator, and one exec with nmap. The run ended with ${findings.length} finding${findings.length === 1 ? '' : 's'}.`,
    section(
      filterTable(counted),
      'CloudWatch Logs charges nothing for a subscription to Lambda. What the filter leaves out costs nothing.',
    ),
    section(
      billTable(lines),
      `**Estimated**: CloudWatch Logs is taken to deliver each of two streams every five seconds, in ${count(kept.payloads)} payloads here. Reads are charged as if the
days before had been the same. The processor here stands for one of AWS. No flow log arrives, so the scheduled function works for signals
alone. Each run reads the hours around new evidence. Only if that can make or change a finding, it reads the six days around it, which is
most of the reads here. Evidence is stored for ${of.settings.retentionDays.windows} days.`,
    ),
  ].join('\n\n')}\n`;
}

/** The section of docs/cost.md about a look back: a quarter of the workload through a Distributed Map. */
import {
  INGEST_SECONDS_PER_GB,
  mapEstimateLines,
  mapEstimateOf,
  SETTLE_SECONDS_PER_GB,
  WRITE_UNITS_PER_GB,
} from '../../cli/backfill/estimate.ts';
import { FILES_IN_A_BATCH } from '../../lib/store/look-back-batch.ts';
import type { CountedDay } from './day.ts';

const DAYS = 90;
/** Batches in parallel, and write units that a new table on demand takes at once. */
const OUTPUT = { machine: '', bucket: '', maxConcurrency: 20, writeUnits: 4000 };
const KEYS_OF_A_LISTING = 1000;

/** What `backfill --map` says of that quarter before it begins, and what the lines rest on. */
export function lookBackSection({ workload }: Pick<CountedDay, 'workload'>, storedGigabytes: number): string {
  const files = DAYS * workload.flowLogs * workload.rounds;
  const size = (DAYS * storedGigabytes * 1e9) / files;
  const logs = Array.from({ length: files }, (_, at) => ({ key: `${at}.log.gz`, size }));
  const estimate = mapEstimateOf(logs, Math.ceil(files / KEYS_OF_A_LISTING), FILES_IN_A_BATCH, OUTPUT);
  return `## A look back

Estimated, not run: ${DAYS} days of the workload through \`backfill --map\`, with \`lookBack.maxConcurrency\` ${OUTPUT.maxConcurrency} and \`maxWriteUnits.windows\` ${OUTPUT.writeUnits.toLocaleString('en')}.
The command prints this before it begins:

\`\`\`text
${mapEstimateLines(logs, estimate, OUTPUT)}\`\`\`

- **cost**: the marginal price of a GB of log, as above. Each batch of eight files is a standard execution of Step Functions with three
  transitions, at $0.025 per 1,000 (price list of AWS, 2026). Retries of throttled calls are transitions too.
- **time**: ${INGEST_SECONDS_PER_GB} seconds of ingest and ${WRITE_UNITS_PER_GB.toLocaleString('en')} write units for a GB of log, as above. A new table on demand takes 4,000 write units per second, and
  more once it has grown. At the default ceiling of 500 the same look back takes four hours, and drops evidence of outside sources.
- **settle**: ${SETTLE_SECONDS_PER_GB} seconds of the scheduled function for a GB, of which it has 270 in five minutes. It may take less,
  because it judges hours of a look back together that it judges one by one when they are new.`;
}

/** Findings as CSV, a row each with the facts that people sort and count by. */
import type { Finding, Spread } from '../lib/finding/model.ts';
import { csvCell } from '../lib/text/untrusted.ts';

type Cell = string | number | undefined;

const COLUMNS: readonly (readonly [string, (finding: Finding) => Cell])[] = [
  ['id', ({ id }) => id],
  ['status', ({ status }) => status],
  ['closed_because', ({ closedBecause }) => closedBecause],
  ['verdict', ({ verdict }) => verdict],
  ['verdict_by', ({ verdictGiven }) => verdictGiven?.by],
  ['verdict_at', ({ verdictGiven }) => verdictGiven?.at],
  ['acknowledged_by', ({ acknowledged }) => acknowledged?.by],
  ['acknowledged_at', ({ acknowledged }) => acknowledged?.at],
  ['notes', ({ notes }) => notes?.map(({ by, text }) => `${by}: ${text}`).join(' | ')],
  ['severity', ({ severity }) => severity],
  ['confidence', ({ confidence }) => confidence],
  ['kind', ({ kind }) => kind],
  ['direction', ({ direction }) => direction],
  ['source', ({ source }) => source?.address],
  ['scope', ({ source, sources }) => source?.scope ?? sources?.scope],
  ['account', ({ source }) => source?.accountId],
  ['vpc', ({ source }) => source?.vpcId],
  ['instance', ({ source }) => source?.instanceId],
  ['interface', ({ source }) => source?.interfaceId],
  ['sources', ({ sources }) => sources?.count],
  ['campaign', ({ campaign }) => campaign],
  ['actor', ({ actor }) => actor?.name],
  ['user', ({ actor }) => actor?.user],
  ['protocols', ({ protocols }) => protocols.join(' ')],
  ['targets', ({ targets }) => targets.count],
  ['target_examples', ({ targets }) => examples(targets)],
  ['ports', ({ ports }) => ports.count],
  ['port_examples', ({ ports }) => examples(ports)],
  ['failed', ({ contacts }) => contacts.failed],
  ['established', ({ contacts }) => contacts.established],
  ['open_ports', ({ openPorts }) => openPorts.count],
  ['tool', ({ tool }) => tool?.name],
  ['techniques', ({ techniques }) => techniques.map(({ id }) => id).join(' ')],
  ['first_seen', ({ firstSeen }) => firstSeen],
  ['last_seen', ({ lastSeen }) => lastSeen],
  ['detected_at', ({ detectedAt }) => detectedAt],
  ['suppressed_by', ({ suppressedBy }) => suppressedBy],
  ['reason', ({ reasons }) => reasons[0]?.text],
];

/** The line with the names of the columns. */
export const csvHeading = (): string => COLUMNS.map(([name]) => name).join(',');

/** The row of a finding. */
export const csvRow = (finding: Finding): string =>
  COLUMNS.map(([, cell]) => csvCell(String(cell(finding) ?? ''))).join(',');

const examples = ({ sample }: Spread<string | number>): string => sample.join(' ');

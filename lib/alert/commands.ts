/** The command lines an alert prints: each works as printed, and each `sweepwatch` line has an `aws` line beside it. */
import { type Finding, sourceKey } from '../finding/model.ts';
import { shellWord } from './plain.ts';

/** Where a deployment keeps its findings. */
export interface Tables {
  readonly findings: string;
  readonly region: string;
}

const line = (...words: string[]) => words.map(shellWord).join(' ');

/** All findings of a source, oldest first. */
export function queryBySource(tables: Tables, source: { readonly scope: string; readonly address: string }): string {
  return query(tables, { condition: 'pk = :pk', values: { ':pk': { S: `source#${sourceKey(source)}` } } });
}

/** One finding by its id. */
export function queryById(tables: Tables, id: string): string {
  return query(tables, { index: 'byId', condition: 'findingId = :id', values: { ':id': { S: id } } });
}

/** Findings that touched a target. */
export function queryByTarget(tables: Tables, target: string): string {
  return query(tables, { condition: 'pk = :pk', values: { ':pk': { S: `target#${target}` } } });
}

/** Findings of a day and a shard (0 to 3), from a severity rank (0 to 4) on. */
export function queryByDay(tables: Tables, day: string, shard: number, minRank: number): string {
  return query(tables, {
    index: 'byDay',
    condition: '#d = :day AND severityTime >= :rank',
    names: { '#d': 'day' },
    values: { ':day': { S: `${day}#${shard}` }, ':rank': { S: `${minRank}#` } },
  });
}

/** Open findings of a shard (0 to 3), by last probe. */
export function queryOpen(tables: Tables, shard: number): string {
  return query(tables, { index: 'open', condition: 'openShard = :open', values: { ':open': { S: `open#${shard}` } } });
}

/** The finding explained, from any checkout of the project. */
export const showFinding = (tables: Tables, id: string): string =>
  line(
    'npx',
    '--no-install',
    'sweepwatch',
    'findings',
    'show',
    id,
    '--table',
    tables.findings,
    '--region',
    tables.region,
  );

/** What else a source did. */
export const listBySource = (tables: Tables, source: { readonly scope: string; readonly address: string }): string =>
  line(
    'npx',
    '--no-install',
    'sweepwatch',
    'findings',
    'list',
    '--source',
    source.address,
    '--scope',
    source.scope,
    '--table',
    tables.findings,
    '--region',
    tables.region,
  );

/** Silences a source for a week. */
export function suppressSource(tables: Tables, address: string, until: string): string {
  return line(
    'npx',
    '--no-install',
    'sweepwatch',
    'suppress',
    'add',
    '--source',
    `${address}/${address.includes(':') ? 128 : 32}`,
    '--owner',
    'YOU',
    '--reason',
    'approved scanner',
    '--expires',
    until,
    '--table',
    tables.findings,
    '--region',
    tables.region,
  );
}

/** The same without the `sweepwatch` command. */
export function suppressItem(tables: Tables, finding: Finding, until: string): string {
  const address = finding.source?.address ?? '';
  const item = {
    pk: { S: 'suppressions' },
    sk: { S: `suppression#${finding.id.slice(0, 12)}` },
    id: { S: finding.id.slice(0, 12) },
    source: { S: `${address}/${address.includes(':') ? 128 : 32}` },
    owner: { S: 'YOU' },
    reason: { S: 'approved scanner' },
    expires: { S: until },
    expiresAt: { N: String(Math.floor(Date.parse(until) / 1000)) },
  };
  return line(
    'aws',
    'dynamodb',
    'put-item',
    '--table-name',
    tables.findings,
    '--region',
    tables.region,
    '--item',
    JSON.stringify(item),
  );
}

function query(
  tables: Tables,
  parts: { index?: string; condition: string; names?: Record<string, string>; values: Record<string, { S: string }> },
): string {
  return line(
    'aws',
    'dynamodb',
    'query',
    '--table-name',
    tables.findings,
    '--region',
    tables.region,
    ...(parts.index ? ['--index-name', parts.index] : []),
    '--key-condition-expression',
    parts.condition,
    ...(parts.names ? ['--expression-attribute-names', JSON.stringify(parts.names)] : []),
    '--expression-attribute-values',
    JSON.stringify(parts.values),
  );
}

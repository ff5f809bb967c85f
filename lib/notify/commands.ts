/**
 * The command lines in alerts. Each works as printed, and each `sweepwatch` line but that of a watch has an `aws` line
 * beside it.
 */
import { sourceKey } from '../finding/model.ts';
import { hostCidr } from '../net/cidr.ts';
import { quoted, valueText } from '../text/untrusted.ts';
import type { NetworkScope } from './suppression-scope.ts';

/** Where a deployment keeps its findings. */
export interface Tables {
  readonly findings: string;
  readonly region: string;
  /** The stack whose outputs name the table, if it has outputs. */
  readonly stack?: string;
}

/** Placeholder in a printed rule for the person and the reason. */
const OWNER = 'YOU';
const REASON = 'approved scanner';

const line = (...words: string[]) => words.map(quoted).join(' ');

/** A `sweepwatch` command for a deployment. `--no-install` keeps npx from fetching another package of the same name. */
const sweepwatch = ({ findings, region, stack }: Tables, ...words: string[]) => {
  const place = stack === undefined ? ['--table', findings] : ['--stack', stack];
  return line('npx', '--no-install', 'sweepwatch', ...words, ...place, '--region', region);
};

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

/** Findings of a day and a shard (0 to 3) with at least a severity rank (0 to 4). */
export function queryByDay(tables: Tables, day: string, shard: number, minRank: number): string {
  return query(tables, {
    index: 'byDay',
    condition: '#d = :day AND severityTime >= :rank',
    names: { '#d': 'day' },
    values: { ':day': { S: `${day}#${shard}` }, ':rank': { S: `${minRank}#` } },
  });
}

/** Explains the finding, from any checkout of the project. */
export const showFinding = (tables: Tables, id: string): string =>
  sweepwatch(tables, 'findings', 'show', valueText(id));

/** Lists other findings of a source. */
export const listBySource = (tables: Tables, source: { readonly scope: string; readonly address: string }): string =>
  sweepwatch(tables, 'findings', 'list', '--source', valueText(source.address), '--scope', valueText(source.scope));

/** Lists other findings about a target. */
export const listByTarget = (tables: Tables, target: string): string =>
  sweepwatch(tables, 'findings', 'list', '--target', valueText(target));

/** Lists findings since a time (ISO 8601) with at least a severity. */
export const listSince = (tables: Tables, since: string, severity: string): string =>
  sweepwatch(tables, 'findings', 'list', '--since', since, '--severity', severity);

/** Silences the findings that a scope covers until a day. */
export const suppressLine = (tables: Tables, { source, target }: NetworkScope, until: string): string =>
  sweepwatch(
    tables,
    'suppress',
    'add',
    '--source',
    valueText(source),
    ...(target === undefined ? [] : ['--target', valueText(target)]),
    '--owner',
    OWNER,
    '--reason',
    REASON,
    '--expires',
    until,
  );

/** The same without the `sweepwatch` command. The rule's id is the first digits of the finding's id. */
export function suppressItem(
  tables: Tables,
  findingId: string,
  { source, target }: NetworkScope,
  until: string,
): string {
  const id = findingId.slice(0, 12);
  const item = {
    pk: { S: 'suppressions' },
    sk: { S: `suppression#${id}` },
    id: { S: id },
    source: { S: source },
    ...(target !== undefined && { target: { S: target } }),
    owner: { S: OWNER },
    reason: { S: REASON },
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

/** Raises sensitivity for the source of a finding for a week. Other accounts may have the same private address. */
export const watchLine = (
  tables: Tables,
  findingId: string,
  { address, scope }: { readonly address: string; readonly scope: string },
): string =>
  sweepwatch(
    tables,
    'watch',
    'add',
    '--source',
    hostCidr(valueText(address)),
    ...(/^\d{12}$/.test(scope) ? ['--account', scope] : []),
    '--owner',
    OWNER,
    '--reason',
    `finding ${valueText(findingId)}`,
    '--for',
    '7d',
  );

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

/** The settings as a Markdown page, generated from the schema and the detection defaults, so that it cannot go stale. */
import { detectionDefaults } from '../detections/settings.ts';
import { REQUIRED_COLUMNS } from '../flowlog/read-columns.ts';
import { lossesTable } from './flow-log-columns.ts';

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

/** The page for a JSON schema of the settings file. */
export function settingsPage(schema: Node): string {
  const rows: string[] = [];
  for (const [name, node] of Object.entries(schema.properties ?? {}))
    if (!name.startsWith('$')) addRows(rows, name, node);
  return `# Settings

This page is generated from the schema by \`npm run schema\`. A test keeps it current. All settings are optional. They are in
one JSON file, \`sweepwatch.config.json\` unless \`--context settings=FILE\` names another. Editors complete and check the
file with \`docs/schemas/settings.schema.json\`.

| setting | values | default | meaning |
|---|---|---|---|
${rows.join('\n')}

## What detection loses without a column

The flow logs of \`vpcs\` always contain these columns:
${REQUIRED_COLUMNS.map((name) => `\`${name}\``).join(', ')}.

They also contain the columns of the following table. The \`ecs-\` columns require \`flowLogs.ecs\`. \`flowLogs.leaveOut\` removes
columns of the table. Existing flow logs may lack any of them. A finding names each loss that matters to it in
\`dataQuality\`. The version is the one that introduced the column in VPC Flow Logs. A Region or partition may lack later
versions.

${lossesTable()}

## What a sensitivity means

\`sensitivity\` selects a column. \`detection\` overrides single numbers.

| number | low | medium | high |
|---|---|---|---|
${Object.keys(detectionDefaults.medium)
  .map((key) => {
    const name = key as keyof typeof detectionDefaults.medium;
    return `| \`${name}\` | ${detectionDefaults.low[name]} | ${detectionDefaults.medium[name]} | ${detectionDefaults.high[name]} |`;
  })
  .join('\n')}
`;
}

function addRows(rows: string[], path: string, node: Node): void {
  rows.push(
    `| \`${path}\` | ${cell(valuesOf(node))} | ${node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``} | ${cell(node.description ?? '')} |`,
  );
  for (const [name, child] of Object.entries(node.properties ?? {})) addRows(rows, `${path}.${name}`, child);
  for (const [name, child] of Object.entries(node.items?.properties ?? {})) addRows(rows, `${path}[].${name}`, child);
}

function valuesOf(node: Node): string {
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(', ');
  if (node.anyOf) return [...new Set(node.anyOf.map(valuesOf))].join(' or ');
  const { minimum, maximum } = node;
  if (node.type === 'integer' || node.type === 'number')
    return minimum === undefined || maximum === undefined ? node.type : `${minimum} to ${maximum}`;
  return node.type ?? '';
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

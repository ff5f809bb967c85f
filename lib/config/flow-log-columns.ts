/** The columns of the flow logs that a deployment creates, and the checks of the settings that change them. */
import type { z } from 'zod';
import { FIELD_VERSIONS } from '../flowlog/fields.ts';
import { isEcsColumn, LOSSES, REQUIRED_COLUMNS } from '../flowlog/read-columns.ts';

/** The settings that determine the columns. */
export interface ColumnChoice {
  readonly ecs: boolean;
  readonly leaveOut: readonly string[];
}

const OPTIONAL_COLUMNS: readonly string[] = LOSSES.flatMap(({ columns }) => columns);

/** The columns in file order: those that detection reads, without the ones that the settings leave out. */
export function flowLogColumns({ ecs, leaveOut }: ColumnChoice): string[] {
  const optional = OPTIONAL_COLUMNS.filter((name) => ecs || !isEcsColumn(name));
  return [...REQUIRED_COLUMNS, ...optional.filter((name) => !leaveOut.includes(name))];
}

/** Refuses to leave out a column that no flow log contains, that detection needs, or that is unknown. */
export function checkColumns({ ecs, leaveOut }: ColumnChoice, context: z.core.$RefinementCtx): void {
  for (const [index, name] of leaveOut.entries()) {
    const message = problemWith(name, ecs);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['leaveOut', index], message });
  }
}

function problemWith(name: string, ecs: boolean): string | undefined {
  const optional = flowLogColumns({ ecs, leaveOut: [] }).slice(REQUIRED_COLUMNS.length);
  if (optional.includes(name)) return undefined;
  const expected = `must be one of ${optional.join(', ')}`;
  if ((REQUIRED_COLUMNS as readonly string[]).includes(name)) {
    return `${expected}: detection needs ${name}, which every Region offers`;
  }
  if (OPTIONAL_COLUMNS.includes(name)) {
    return `${expected}: without flowLogs.ecs the flow logs contain no ECS column, so remove it`;
  }
  return FIELD_VERSIONS.has(name)
    ? `${expected}: the flow logs do not contain ${name}, so remove it`
    : `${expected}: no flow log field has this name`;
}

/** The table of the settings page: what detection loses without each column that can be missing. */
export function lossesTable(): string {
  const rows = LOSSES.map(({ columns, text }) => {
    const versions = new Set(columns.map((name) => FIELD_VERSIONS.get(name)));
    const names = columns.map((name) => `\`${name}\``).join(', ');
    return `| ${names} | ${[...versions].join(', ')} | ${text[0]!.toUpperCase()}${text.slice(1)}. |`;
  });
  return ['| column | version | what detection loses without it |', '|---|---|---|', ...rows].join('\n');
}

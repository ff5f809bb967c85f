/** docs/performance.md: the table of budgets, then a section for each part. Parts that were not run stay as they were. */
import { parseTables, printTable } from '../table.ts';
import { VERDICT_HEADER, type Verdict } from './budgets.ts';
import type { Section } from './part.ts';

/** A part that was run, with its heading and the command. */
export interface Ran {
  readonly name: string;
  readonly title: string;
  readonly section: Section;
}

const BUDGETS_TITLE = 'Budgets';

const INTRODUCTION = `# Performance

\`npm run bench\` generates this page. Do not edit it. \`-- --only PART\` measures one part and leaves the others as they are. \`-- --quick\` uses
small inputs and writes nothing.

All logs come from the seeded generator in \`bench/workload\`. They hold steady traffic of some hundreds of interfaces: clients, balancers, NAT
gateways, services and AWS's own traffic, or scattered traffic that hardly repeats. They also hold internet noise and scans of each kind.
Each run checks the findings and marks a fast answer that is wrong. The table lists missed budgets as well as met ones. Cost has [its own page](cost.md).`;

/** The document with these parts replaced. `order` names all parts in the order of their sections. */
export function documentOf(
  previous: string,
  ran: readonly Ran[],
  order: readonly { readonly name: string; readonly title: string }[],
  stamp: string,
): string {
  const fresh = new Map(ran.map((one) => [one.name, one]));
  const old = sectionsOf(previous);
  const oldRows = parseTables(previous).find(({ title }) => title === BUDGETS_TITLE)?.rows ?? [];
  const verdicts = order.flatMap(({ name }) =>
    fresh.has(name)
      ? fresh.get(name)!.section.verdicts
      : oldRows.filter(([part]) => part === name).map((cells): Verdict => ({ part: name, cells })),
  );
  const sections = order.flatMap(({ name, title }) => {
    const one = fresh.get(name);
    const text = one ? sectionText(one, stamp) : old.get(title);
    return text === undefined ? [] : [`## ${title}\n\n${text}`];
  });
  return `${[INTRODUCTION, `## ${BUDGETS_TITLE}\n\n${budgetTable(verdicts)}`, ...sections].join('\n\n')}\n`;
}

/** The budgets and how they stand, as a table. */
export const budgetTable = (verdicts: readonly Verdict[]): string =>
  printTable({ title: BUDGETS_TITLE, header: VERDICT_HEADER, rows: verdicts.map(({ cells }) => cells) });

/** The tables and the text of a part. */
export function sectionText({ name, section: { tables, figure, text } }: Ran, stamp: string): string {
  const printed = tables.map((table) => `${table.title && `### ${table.title}\n\n`}${printTable(table)}`);
  const picture = figure && `![${figure.alternative}](${figure.file})`;
  return [`\`npm run bench -- --only ${name}\`, ${stamp}`, ...printed, picture, text].filter(Boolean).join('\n\n');
}

/** The text under each heading of the second level. */
function sectionsOf(document: string): Map<string, string> {
  const parts = document.split(/^## /m).slice(1);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end).trim()] as const;
    }),
  );
}

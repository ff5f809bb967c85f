/** Verdicts as lines for people and as JSON for programs. */
import { jsonText, printable } from '../../lib/text/untrusted.ts';
import type { Terminal } from '../terminal.ts';
import type { Check, Status, Verdict } from './check.ts';

/** A check with its verdicts. */
export interface Checked {
  readonly check: Pick<Check, 'id' | 'permission' | 'anchor'>;
  readonly verdicts: readonly Verdict[];
}

const DOCUMENT = 'docs/operations.md';

/** Prints the lines. Returns the exit code: 1 if anything failed. */
export function report(heading: string, checked: readonly Checked[], isJson: boolean, terminal: Terminal): number {
  const verdicts = checked.flatMap((each) => each.verdicts);
  const count = (status: Status) => verdicts.filter((verdict) => verdict.status === status).length;
  const code = count('FAIL') ? 1 : 0;
  if (isJson) {
    terminal.stdout(`${jsonText({ schemaVersion: 1, heading, exitCode: code, checks: checked.flatMap(asJson) }, 2)}\n`);
    return code;
  }
  terminal.stdout(`${printable(heading)}\n`);
  for (const { check, verdicts: own } of checked)
    for (const verdict of own) for (const line of linesOf(check, verdict)) terminal.stdout(`${printable(line)}\n`);
  const warnings = count('warn');
  const counts = [
    `${count('ok')} ok`,
    `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`,
    `${count('FAIL')} failed`,
    `${count('skip')} skipped`,
  ];
  terminal.stdout(`${counts.join(', ')}. Exit ${code}.\n`);
  return code;
}

function linesOf({ id, anchor }: Checked['check'], { status, text, because, command }: Verdict): string[] {
  const first = `  ${status.padEnd(5)} ${id}: ${text}`;
  if (status === 'ok' || status === 'skip') return [first];
  return [
    first,
    ...(because ? [`        ${because}`] : []),
    ...(command ? [`        do:  ${command}`] : []),
    `        see  ${DOCUMENT}#${anchor}`,
  ];
}

const asJson = ({ check, verdicts }: Checked): object[] =>
  verdicts.map((verdict) => ({
    id: check.id,
    ...verdict,
    see: `${DOCUMENT}#${check.anchor}`,
    permission: check.permission,
  }));

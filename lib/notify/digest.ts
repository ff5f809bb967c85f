/** The digest: one message a day about the findings that raised no alert of their own. */
import { type Finding, SEVERITIES } from '../finding/model.ts';
import { jsonText, plain } from '../text/untrusted.ts';
import { countOf, grouped } from '../text/wording.ts';
import { listSince, showFinding } from './commands.ts';
import type { AlertMessage } from './message.ts';
import { titleOf, whoseOf } from './name.ts';
import type { AlertPlace } from './text.ts';

const TOP = 10;

/** The digest of a day's findings. Undefined if there is nothing to report. */
export function digestMessage(day: string, findings: readonly Finding[], place: AlertPlace): AlertMessage | undefined {
  if (!findings.length) return undefined;
  const bySeverity = SEVERITIES.toReversed()
    .map((severity) => ({ severity, count: findings.filter((finding) => finding.severity === severity).length }))
    .filter(({ count }) => count > 0);
  const top = findings
    .toSorted((a, b) => b.contacts.failed - a.contacts.failed || (a.id < b.id ? -1 : 1))
    .slice(0, TOP);
  const text = [
    `${countOf(findings.length, 'scan')} began on ${day} (UTC) without an alert: ${bySeverity.map(({ severity, count }) => `${grouped(count)} ${severity}`).join(', ')}.`,
    '',
    findings.length > TOP ? `LARGEST ${TOP}` : 'ALL, LARGEST FIRST',
    ...top.map(
      (finding) =>
        `  ${finding.severity}: ${titleOf(finding)} by ${whoseOf(finding)}, ${countOf(finding.contacts.failed, 'failed contact')}, ${countOf(finding.openPorts.count, 'service')} answered, id ${finding.id}`,
    ),
    '',
    'LOOK FURTHER',
    `  ${listSince(place.tables, `${day}T00:00:00Z`, bySeverity.at(-1)!.severity)}`,
    `  ${showFinding(place.tables, top[0]!.id)}`,
    '',
    `Deployment ${place.deployment}, table ${place.tables.findings}.`,
    '',
  ];
  return {
    subject: plain(
      `Sweepwatch digest ${day}: ${countOf(findings.length, 'scan')} without an alert (${place.deployment})`,
    ).slice(0, 99),
    bodies: {
      default: jsonText({
        event: 'digest',
        deployment: place.deployment,
        day,
        count: findings.length,
        bySeverity: Object.fromEntries(bySeverity.map(({ severity, count }) => [severity, count])),
        largest: top.map(({ id }) => id),
      }),
      email: text.map(plain).join('\n'),
    },
    attributes: { event: 'digest' },
  };
}

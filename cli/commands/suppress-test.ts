/** `sweepwatch suppress test`: what a rule would have silenced, without adding it. */
import { isVoid } from '../../lib/finding/lifecycle.ts';
import { epochSeconds, isoTime, SEVERITIES, type Severity, severityRank } from '../../lib/finding/model.ts';
import { covers, type SuppressionScope, scopeFault } from '../../lib/notify/suppression-scope.ts';
import type { StoredFinding } from '../../lib/store/finding-item.ts';
import { jsonText, printable } from '../../lib/text/untrusted.ts';
import { countOf, grouped } from '../../lib/text/wording.ts';
import type { DeploymentOptions } from '../deployment.ts';
import { filedSince, readTime } from '../finding-filters.ts';
import { asOption, type ScopeOptions, scopeGiven, scopeText } from '../rule-text.ts';
import { alignedTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { openFindings } from './findings.ts';

/** The options of `suppress test`, as the program reads them. */
export interface TestOptions extends DeploymentOptions, ScopeOptions {
  /** A date, a time or a span. */
  readonly since: string;
  readonly format: 'table' | 'json';
}

/** Runs `suppress test` and returns the exit code. */
export async function testRule(options: TestOptions, terminal: Terminal): Promise<number> {
  const scope = scopeGiven(options);
  const fault = scopeFault(scope);
  if (fault) throw asOption(fault);
  const now = Date.now() / 1000;
  const since = readTime('--since', options.since, now);
  const { store } = await openFindings(options);
  const stored = (await filedSince(store, since, now)).filter((one) => counts(one, since));
  const covered = stored
    .filter(({ finding }) => covers(scope, finding))
    .sort((a, b) => (a.finding.firstSeen < b.finding.firstSeen ? -1 : 1));
  const of = { scope, since, all: stored.length, covered };
  terminal.stdout(options.format === 'json' ? `${jsonText(asJson(of), 2)}\n` : asText(of, terminal));
  return 0;
}

interface Tested {
  readonly scope: SuppressionScope;
  readonly since: number;
  readonly all: number;
  readonly covered: readonly StoredFinding[];
}

/** Merged and withdrawn findings count if people got an alert about them. A rule does not silence tests. */
const counts = ({ finding, announced }: StoredFinding, since: number): boolean =>
  epochSeconds(finding.lastSeen) >= since && !finding.test && (announced !== undefined || !isVoid(finding));

/** The numbers of one severity, or of all. */
const rowOf = (severity: Severity | 'all', stored: readonly StoredFinding[]) => ({
  severity,
  findings: stored.length,
  alerted: stored.filter(({ announced }) => announced).length,
  alreadySilent: stored.filter(({ finding }) => finding.suppressedBy !== undefined).length,
});

const rowsOf = (covered: readonly StoredFinding[]) => [
  ...SEVERITIES.toReversed().flatMap((severity) => {
    const some = covered.filter(({ finding }) => finding.severity === severity);
    return some.length ? [rowOf(severity, some)] : [];
  }),
  rowOf('all', covered),
];

function asJson({ scope, since, all, covered }: Tested): object {
  return {
    scope,
    since: isoTime(since),
    findings: all,
    covered: rowsOf(covered),
    findingsCovered: covered.map(({ finding, announced }) => ({
      id: finding.id,
      severity: finding.severity,
      kind: finding.kind,
      source: finding.source?.address ?? null,
      firstSeen: finding.firstSeen,
      lastSeen: finding.lastSeen,
      alerted: announced !== undefined,
      suppressedBy: finding.suppressedBy ?? null,
    })),
  };
}

function asText({ scope, since, all, covered }: Tested, { paint }: Terminal): string {
  const rule = printable(scopeText(scope));
  const summary = `${countOf(covered.length, 'finding')} of ${grouped(all)} since ${isoTime(since)} would have been covered by ${rule}\n`;
  if (!covered.length) return summary;
  const numbers = rowsOf(covered).map((row) => [
    { text: row.severity, ...(row.severity === 'all' && { style: 'bold' as const }) },
    ...[row.findings, row.alerted, row.alreadySilent].map((value) => ({ text: grouped(value) })),
  ]);
  const table = alignedTable(['SEVERITY', 'FINDINGS', 'ALERTED', 'ALREADY SILENT'], numbers, paint);
  const alerts = covered
    .filter(({ announced }) => announced)
    .sort((a, b) => severityRank(b.finding.severity) - severityRank(a.finding.severity))
    .map(({ finding }) =>
      [finding.firstSeen, finding.severity, finding.kind, finding.source?.address ?? 'several sources', finding.id].map(
        (text) => ({ text: printable(text) }),
      ),
    );
  const named = alignedTable(['FIRST SEEN', 'SEVERITY', 'KIND', 'SOURCE', 'FINDING'], alerts, paint);
  return `${summary}\n${table}${alerts.length ? `\nAlerts about these would not have been sent:\n${named}` : '\nNo alert was sent about them.\n'}`;
}

/**
 * How the file of `selftest` is judged: like any other, in a scope of its own, but as a test. The settings are the default
 * ones, because a test is about the pipeline and not about thresholds. What it writes expires in a day.
 */
import { detectionSettings } from '../detections/settings.ts';
import type { DetectedFinding } from '../finding/describe-scan.ts';
import { SELFTEST_NETWORKS, SELFTEST_VPC, selftestRunOf, selftestScope } from '../flowlog/selftest-key.ts';
import { Networks } from '../net/networks.ts';
import type { FindingsStore } from '../store/findings-store.ts';
import type { WindowsStore } from '../store/windows-store.ts';

/** Days that evidence and findings of a test are kept. */
const KEPT_DAYS = 1;

/** What the options of a judge have that a test replaces. */
interface Judging {
  readonly windows: WindowsStore;
  readonly findings: FindingsStore;
  readonly signals?: unknown;
  readonly watches?: unknown;
  readonly inventories?: unknown;
}

/** The options of a judge for the scopes of tests. No settings can hide the findings. */
export const testOptionsOf = <Options extends Judging>({
  signals: _signals,
  watches: _watches,
  inventories: _inventories,
  ...options
}: Options) => ({
  ...options,
  settings: detectionSettings(),
  networks: new Networks(SELFTEST_NETWORKS),
  windows: options.windows.keptFor(KEPT_DAYS),
  windowDays: KEPT_DAYS,
  findings: options.findings.forTests(KEPT_DAYS),
  minSeverity: 'informational' as const,
  isTest: true,
});

/** What the services of ingest have that a test replaces. */
interface Ingesting {
  readonly windows: WindowsStore;
  readonly judge: { forTests(): unknown };
  readonly runtime: object;
}

/** What ingests the file of a test. Undefined for any other file. */
export function asSelftest<Services extends Ingesting>(key: string, services: Services): Services | undefined {
  const run = selftestRunOf(key);
  if (run === undefined) return undefined;
  return {
    ...services,
    settings: detectionSettings(),
    windows: services.windows.keptFor(KEPT_DAYS),
    judge: services.judge.forTests(),
    runtime: {
      ...services.runtime,
      internal: SELFTEST_NETWORKS,
      routingDomains: { [selftestScope(run)]: [SELFTEST_VPC] },
    },
  };
}

/** The finding of a test. It is over from the start, so that no run of settle closes it, which would be an alert. */
export const asTest = <Detection extends DetectedFinding>(detection: Detection): Detection => ({
  ...detection,
  finding: { ...detection.finding, test: true, status: 'closed', closedBecause: 'ended' },
});

/** Waits for the findings and the alerts of a test. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredFinding } from '../../lib/store/finding-item.ts';
import type { FindingsStore } from '../../lib/store/findings-store.ts';
import type { LabelledScan } from './log.ts';

const PAUSE_MS = 250;
/** A minute on, only the next run of settle brings anything. */
const LONG_PAUSE_MS = 2000;
const EAGER_MS = 60_000;

/** What has come of a scan. */
type Step = 'finding' | 'alert';

/** What is waited for. */
export interface Watched {
  /** The findings of tests. */
  readonly findings: FindingsStore;
  readonly scope: string;
  readonly scans: readonly LabelledScan[];
  /** Epoch hour before which nothing of the test began. */
  readonly fromHour: number;
  readonly waitMs: number;
  /** Ends the wait early. */
  readonly signal: AbortSignal;
  /** Called for each step of each scan as it comes. */
  readonly onStep: (step: Step, scan: LabelledScan, stored: StoredFinding) => void;
}

/** Waits until each scan has a finding and an alert, the time is over or the signal comes. Returns the steps that did not come. */
export async function watch({ findings, scope, scans, fromHour, waitMs, signal, onStep }: Watched): Promise<string[]> {
  const missing = new Set(scans.flatMap(({ kind }) => [`finding ${kind}`, `alert ${kind}`]));
  const started = performance.now();
  for (;;) {
    const open = scans.filter(({ kind }) => missing.has(`alert ${kind}`));
    await Promise.all(
      open.map(async (scan) => {
        const stored = await find(findings, scan, scope, fromHour);
        if (!stored) return;
        if (missing.delete(`finding ${scan.kind}`)) onStep('finding', scan, stored);
        if (stored.announced && missing.delete(`alert ${scan.kind}`)) onStep('alert', scan, stored);
      }),
    );
    const waited = performance.now() - started;
    if (!missing.size || waited >= waitMs || signal.aborted) return [...missing];
    await sleep(waited < EAGER_MS ? PAUSE_MS : LONG_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function find(
  findings: FindingsStore,
  { kind, source, isCampaign }: LabelledScan,
  scope: string,
  fromHour: number,
): Promise<StoredFinding | undefined> {
  if (!isCampaign)
    return (await findings.ofSource({ scope, address: source }, fromHour)).find(({ finding }) => finding.kind === kind);
  return (await findings.campaigns(fromHour)).find(
    ({ finding, roll }) => finding.kind === kind && roll?.scope === scope,
  );
}

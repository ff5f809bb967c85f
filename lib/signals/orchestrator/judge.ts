/** The signals of everything that orchestrators told, in order of time. Any order of the facts gives the same. */
import type { Signal } from '../signal.ts';
import { judgeChurn } from './churn-rules.ts';
import { type ExecOptions, judgeExecs } from './exec-rules.ts';
import type { Ledger } from './ledger.ts';
import { judgeRules } from './rule-signals.ts';
import { judgeSprees } from './spree-rules.ts';
import { judgeWorkloads } from './workload-rules.ts';

/** Judges a ledger. Call once the last fact was added: it closes the intervals of the directory. */
export function judgeLedger(ledger: Ledger, options?: ExecOptions): Signal[] {
  ledger.directory.close(ledger.ends);
  const signals = [
    ...judgeExecs(ledger, options),
    ...judgeWorkloads(ledger),
    ...judgeChurn(ledger),
    ...judgeSprees(ledger),
    ...judgeRules(ledger.rules.values()),
  ];
  return signals.map((signal) => ledger.directory.resolve(signal)).sort(byTime);
}

/** The order of signals in findings. */
const byTime = (a: Signal, b: Signal): number =>
  a.at - b.at || (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0);

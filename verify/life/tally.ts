/** False alarms by situation. Nothing in a generated life is a scan, so every finding is one. */
import { accusedBy, type Finding } from './detect.ts';
import type { Ledger } from './ledger.ts';
import { poissonInterval } from './poisson.ts';

const LOUD = ['medium', 'high', 'critical'];

export interface Alarm {
  readonly finding: Finding;
  readonly actor: string;
}

export const alarmsOf = (findings: readonly Finding[], ledger: Ledger): Alarm[] =>
  findings.map((finding) => ({
    finding,
    actor: ledger.actorOf(accusedBy(finding)),
  }));

/** Whether its severity is medium or above. */
export const isLoud = ({ finding }: Alarm): boolean => LOUD.includes(finding.severity);

/** A false alarm as a person reads it. */
export function describe({ finding, actor }: Alarm): string {
  const { kind, severity, direction, source, sources, targets, ports, contacts, firstSeen, lastSeen, reasons } =
    finding;
  const from = source?.address ?? `${sources?.sample.length} sources`;
  const counts = Object.entries(contacts).map(([name, count]) => `${count} ${name}`);
  return [
    `${severity} ${kind} ${direction} by "${actor}": ${from} to ${targets.count} targets, ${ports.count} ports (${ports.sample.slice(0, 6).join(' ')}), ${firstSeen} to ${lastSeen}, ${counts.join(', ')}`,
    ...reasons.map(({ test, text }) => `    ${test}: ${text}`),
  ].join('\n');
}

/** Situations with false alarms, the loudest first, and all of them together. `weeks` are thousands of interface-weeks. */
export function tableOf(alarms: readonly Alarm[], composition: ReadonlyMap<string, number>, weeks: number) {
  const header = ['situation', 'times built', 'medium or above', 'in 1,000 interface-weeks', '95 %', 'below medium'];
  const row = (name: string, units: string, of: readonly Alarm[]): string[] => {
    const loud = of.filter(isLoud).length;
    const { low, high } = poissonInterval(loud);
    const rate = (count: number) => (count / weeks).toFixed(1);
    return [name, units, String(loud), rate(loud), `${rate(low)} to ${rate(high)}`, String(of.length - loud)];
  };
  const loudIn = (of: readonly Alarm[]) => of.filter(isLoud).length;
  const groups = [...Map.groupBy(alarms, ({ actor }) => actor)].sort(
    ([, a], [, b]) => loudIn(b) - loudIn(a) || b.length - a.length,
  );
  const rows = groups.map(([actor, of]) => row(actor, String(composition.get(actor.split(',')[0]!) ?? 0), of));
  const units = [...composition.values()].reduce((sum, count) => sum + count, 0);
  return { header, rows: [...rows, row('all', String(units), alarms)] };
}

/** What `detect --audit` takes for an audit log, against a program that only parses its lines. */
import { auditLog } from '../../workload/audit.ts';
import { otherFile } from '../../workload/files.ts';
import { BUDGETS, megabytes, verdictOf } from '../budgets.ts';
import { auditOnly, jsonLines } from '../contestants.ts';
import { mebibytes, seconds, times } from '../numbers.ts';
import { type Part, type Scale, SEED } from '../part.ts';

export const signals: Part = async ({ auditBytes, rounds }: Scale) => {
  const log = await otherFile(`audit ${auditBytes}`, () => auditLog(SEED, auditBytes), {
    records: 0,
    bytes: auditBytes,
    labels: [],
  });
  const single = await otherFile('audit of two events', () => auditLog(SEED, 1), { records: 2, bytes: 1, labels: [] });
  const contestants = [jsonLines, auditOnly];
  const best = new Map(contestants.map((one) => [one, { wall: Infinity, start: Infinity, peak: 0, isRight: true }]));
  for (let round = 0; round < rounds; round++)
    for (const one of contestants) {
      const known = best.get(one)!;
      const [start, run] = [await one.run(single.path), await one.run(log.path)];
      known.start = Math.min(known.start, start.seconds);
      known.wall = Math.min(known.wall, run.seconds);
      known.peak = Math.max(known.peak, run.peakBytes ?? 0);
      if (one === auditOnly) known.isRight &&= run.stdout.includes('"exec-into-container"') && run.code === 0;
    }
  const net = (one: (typeof contestants)[number]) => best.get(one)!.wall - best.get(one)!.start;
  const ratio = net(auditOnly) / net(jsonLines);
  const rows = contestants.map((one) => {
    const { wall, peak, isRight } = best.get(one)!;
    const answer = one === auditOnly ? (isRight ? 'found' : 'missed') : '-';
    return [one.name, seconds(wall), seconds(net(one)), times(net(one) / net(jsonLines)), mebibytes(peak), answer];
  });
  return {
    verdicts: [
      verdictOf(BUDGETS.overJsonParse, best.get(auditOnly)!.isRight ? ratio : undefined),
      verdictOf(BUDGETS.auditMemory, megabytes(best.get(auditOnly)!.peak)),
    ],
    tables: [
      { title: '', header: ['contestant', 'wall', 'net', 'to JSON.parse', 'peak memory', 'the exec with nmap'], rows },
    ],
    text: `An audit log of ${mebibytes(auditBytes)} in one file, the best of ${rounds} rounds. Net is without the start, which is the time for one line.`,
  };
};

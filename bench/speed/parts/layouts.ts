/** Other layouts than the common two: no fast path for one of them only. */
import type { LayoutName } from '../../workload/layout.ts';
import { alternate, ratioOf, spreadOf } from '../alternate.ts';
import { answerText, judge } from '../answer.ts';
import { BUDGETS, type Budget, type Verdict, verdictOf } from '../budgets.ts';
import { detect, gunzip } from '../contestants.ts';
import { onlyRecord, ordinaryLog } from '../logs.ts';
import { mebibytes, seconds, spread, times } from '../numbers.ts';
import type { Part } from '../part.ts';

interface Variant {
  readonly name: string;
  readonly layout: LayoutName;
  readonly isIpv6?: boolean;
  readonly budget: Budget;
}

const VARIANTS: readonly Variant[] = [
  { name: 'v5, columns permuted', layout: 'permuted', budget: BUDGETS.permuted },
  { name: 'v5, IPv6', layout: 'v5', isIpv6: true, budget: BUDGETS.ipv6 },
  { name: 'v7, with the fields of ECS', layout: 'v7', budget: BUDGETS.v7 },
];

export const layouts: Part = async ({ records, rounds }) => {
  const only = await onlyRecord();
  const verdicts: Verdict[] = [];
  const rows: string[][] = [];
  for (const { name, layout, isIpv6 = false, budget } of VARIANTS) {
    const log = await ordinaryLog(records, layout, isIpv6);
    const measured = await alternate(
      [gunzip, detect].map((contestant) => ({ key: contestant.name, contestant, path: log.path })),
      only,
      rounds,
    );
    const [theirs, ours] = [measured.get(gunzip.name)!, measured.get(detect.name)!];
    const ratio = ratioOf(ours, theirs);
    verdicts.push(verdictOf(budget, ratio));
    rows.push([
      name,
      mebibytes(log.bytes),
      seconds(spreadOf(theirs.map(({ run }) => run.seconds)).median),
      spread(spreadOf(ours.map(({ run }) => run.seconds))),
      times(ratio),
      answerText(judge(ours[0]!.run.stdout, log.labels)),
    ]);
  }
  const header = ['log', 'unpacked', 'gunzip, wall', 'detect, wall: median (spread)', 'to gunzip', 'scans found'];
  return { verdicts, tables: [{ title: '', header, rows }], text: '' };
};

/** Checks of the logs of orchestrators and hosts: the subscription filters of their log groups, ours and those of others. */
import { type FilterFacts, outputOf } from '../../lib/store/health/facts.ts';
import { shellWord } from '../../lib/text/untrusted.ts';
import { type Check, fail, judged, ok, region, skip, type Verdict } from './check.ts';

/** Quota of subscription filters for a log group. Accounts may have more today. */
export const FILTERS_OF_A_GROUP = 2;

export const SIGNAL_CHECKS: readonly Check[] = [
  {
    id: 'signals.filters',
    permission: 'lambda:GetPolicy, logs:DescribeSubscriptionFilters',
    anchor: 'log-groups-of-signals',
    judge: (facts) => {
      if (!facts.filters) return [skip('log groups of signals: the settings name none')];
      return judged(facts, 'log groups of signals', facts.filters, (groups) => {
        if (!groups.size) return ok('no log group delivers to the signals function, since only events do');
        return [...groups].flatMap(([group, answer]) =>
          judged(facts, `log group ${group}`, answer, (filters) =>
            judgeGroup(group, othersIn(filters, [outputOf(facts, 'SignalsFunction')]), describe(facts, group)),
          ),
        );
      });
    },
  },
];

/** The command that shows the filters of a group. */
export const describe = (facts: Parameters<typeof region>[0], group: string): string =>
  `aws logs describe-subscription-filters --log-group-name ${shellWord(group)} ${region(facts)}`;

/** The names of the filters that do not lead to one of our functions, and whether one does. */
export function othersIn(
  filters: readonly FilterFacts[],
  functions: readonly string[],
): { readonly others: readonly string[]; readonly hasOurs: boolean } {
  const isOurs = ({ destination }: FilterFacts): boolean =>
    functions.some((name) => name !== '' && destination.endsWith(`:function:${name}`));
  return { others: filters.filter((one) => !isOurs(one)).map(({ name }) => name), hasOurs: filters.some(isOurs) };
}

function judgeGroup(group: string, { others, hasOurs }: ReturnType<typeof othersIn>, command: string): Verdict {
  const beside = others.length ? `, beside ${others.join(', ')}` : '';
  if (hasOurs) return ok(`${group} delivers to the signals function${beside}`);
  return fail(
    `${group} does not deliver to the signals function`,
    others.length >= FILTERS_OF_A_GROUP
      ? `its subscription filter was removed, and ${others.join(', ')} take the two places that AWS allows. Remove one of them first. Then deploy without this log group in the settings, and again with it`
      : 'its subscription filter was removed, and its events are not read. CloudFormation does not notice. Deploy without this log group in the settings, and again with it',
    command,
  );
}

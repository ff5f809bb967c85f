/** Subscription filters of log groups, and the log groups that may call a function. */
import { inParallel } from '../in-parallel.ts';
import { ask } from './ask.ts';
import type { FilterFacts, FiltersOfGroups } from './facts.ts';
import type { SignedCalls } from './signed-calls.ts';

/** CloudWatch Logs answers ten of these calls a second. */
const PARALLEL = 4;

/** The log groups that the policy of a function lets call it, as the deployment wrote it. */
export async function subscribedGroupsOf(calls: SignedCalls, name: string): Promise<string[]> {
  const { Policy = '{}' } = await calls.lambda<{ Policy?: string }>(
    `/2015-03-31/functions/${encodeURIComponent(name)}/policy`,
  );
  return [...new Set([...Policy.matchAll(/:log-group:([^"*]+):\*"/g)].map((match) => match[1]!))].sort();
}

/** The subscription filters of each log group. */
export async function filtersOf(calls: SignedCalls, groups: readonly string[]): Promise<FiltersOfGroups> {
  const answers = await inParallel(PARALLEL, groups, (group) =>
    ask('logs:DescribeSubscriptionFilters', () => filtersOfGroup(calls, group)),
  );
  return new Map(groups.map((group, at) => [group, answers[at]!] as const));
}

async function filtersOfGroup(calls: SignedCalls, logGroupName: string): Promise<FilterFacts[]> {
  const filters: FilterFacts[] = [];
  let nextToken: string | undefined;
  do {
    const page = await calls.logs<{
      subscriptionFilters?: { filterName?: string; destinationArn?: string }[];
      nextToken?: string;
    }>('DescribeSubscriptionFilters', { logGroupName, ...(nextToken !== undefined && { nextToken }) });
    for (const { filterName = '', destinationArn = '' } of page.subscriptionFilters ?? [])
      filters.push({ name: filterName, destination: destinationArn });
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return filters;
}

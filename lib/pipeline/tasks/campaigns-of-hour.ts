/** Judges the campaigns of an hour. Then judges those members that have findings, so that these name the campaign. */
import { isoTime, sourceKey } from '../../finding/model.ts';
import { inParallel } from '../../store/in-parallel.ts';
import { judgeCampaigns } from '../campaigns.ts';
import type { RunContext } from '../evidence-reader.ts';
import type { Services } from '../services.ts';
import { type Counts, type JudgingRun, judgeOne, type Run } from './run.ts';

const HOUR = 3600;
const DAY = 86_400;
const PARALLEL = 8;
/** An hour's outside sources are judged this many seconds of log time after its end. */
const HOUR_DELAY = 900;
/** Seconds that judging members leaves for the later tasks. */
const LEFT_BY_MEMBERS = 35;

/** The latest epoch hour that is over and whose files have mostly been delivered. */
export const lastHour = ({ logTime }: Pick<RunContext, 'logTime'>): number =>
  Math.floor((logTime - HOUR_DELAY) / HOUR) - 1;

/** @returns whether there was enough time for all hours and members. */
export async function judgeCampaignsOf(
  services: Services,
  run: Run,
  counts: Pick<Counts, 'judged' | 'opened' | 'updated' | 'dropped'>,
  hour: number,
  judging: JudgingRun,
  scope?: string,
): Promise<boolean> {
  // Outside sources are judged when their hour is over. Inside sources are an incident.
  const last = scope === undefined ? lastHour(judging) : Math.max(hour, Math.floor(judging.logTime / HOUR));
  const judged = await judgeCampaigns(services, { hour, last, scope }, judging, run.hasTime);
  const { opened, updated, dropped, members, isStopped } = judged;
  counts.dropped += dropped;
  counts.opened += opened;
  counts.updated += updated;
  if (!members.length) return !isStopped;
  const first = Math.min(...members.map(({ from }) => from)) * HOUR - DAY;
  const known = new Set<string>();
  for (let time = first; time < judging.logTime + DAY; time += DAY)
    for (const { finding } of await services.findings.ofDay(isoTime(time).slice(0, 10)))
      if (finding.source) known.add(sourceKey(finding.source));
  // Few members have findings of their own. These are looked up by day rather than one by one.
  const withFindings = members.filter((member) => known.has(sourceKey(member)));
  let hasTime = true;
  await inParallel(PARALLEL, withFindings, async ({ scope, address, ...hours }) => {
    hasTime = run.timeLeft() >= LEFT_BY_MEMBERS;
    if (hasTime) await judgeOne(services, run, counts, { scope, address }, hours, judging);
  });
  return hasTime && !isStopped;
}

/** Judges findings once more when their sources are silent, which closes the scans that are over. */
import { epochSeconds, restsOnSignals } from '../../finding/model.ts';
import { closeCampaign } from '../campaigns.ts';
import type { Services } from '../services.ts';
import { judgeCampaignsOf, lastHour } from './campaigns-of-hour.ts';
import { type Counts, judgeOne, type Run } from './run.ts';
import { closeSilentSignals } from './signals.ts';

const HOUR = 3600;
/** Number of silent findings to close in one run. */
const CLOSED_IN_A_RUN = 2000;
/**
 * Campaigns are closed when they are judged. After this many seconds of log time without a judgement, a campaign is
 * over.
 */
const ABANDONED = 6 * HOUR;

export async function closeSilent(services: Services, run: Run): Promise<Partial<Counts>> {
  const { findings, settings } = services;
  const { hasTime } = run;
  const judging = await run.judging();
  const { logTime } = judging;
  const counts = { judged: 0, opened: 0, updated: 0, dropped: 0, postponed: 0 };
  const silent = await findings.openBefore(logTime - settings.episodeGapSeconds, CLOSED_IN_A_RUN);
  const campaigns = silent.filter(({ finding }) => !finding.source && !restsOnSignals(finding));
  // Only the next hour shows that a campaign is over. By then it may have been closed together with another.
  const places = campaigns.map(({ finding, roll }) => ({
    hour: Math.floor(epochSeconds(finding.lastSeen) / HOUR) + 1,
    scope: roll?.scope,
  }));
  for (const { hour, scope } of new Map(places.map((place) => [`${place.hour} ${place.scope}`, place])).values())
    if (hour <= lastHour(judging) && hasTime()) await judgeCampaignsOf(services, run, counts, hour, judging, scope);
  for (const stored of campaigns)
    if (hasTime() && logTime - epochSeconds(stored.finding.lastSeen) > ABANDONED)
      await closeCampaign(services, stored, judging);
  await closeSilentSignals(services, run, counts, silent);
  for (const { finding } of silent) {
    if (!finding.source) continue;
    if (!hasTime()) {
      counts.postponed++;
      continue;
    }
    const range = {
      from: Math.floor(epochSeconds(finding.firstSeen) / HOUR),
      to: Math.floor(epochSeconds(finding.lastSeen) / HOUR),
    };
    await judgeOne(services, run, counts, finding.source, range, judging);
  }
  return counts;
}

/**
 * The function of many blog posts: subscribe to the flow log, count what a source was denied, send a message.
 * Threshold: 20 distinct rejected (destination, port) pairs of a source in a sliding 5 minutes, then silence for as
 * long. No one product: the figure is the middle of what hobby projects and runbooks use (LogTriage 15 ports in 5 min,
 * others 100 rejects in 5 min).
 */
import { countInSlidingWindow } from './counting.ts';
import type { FlowRecord } from './record.ts';
import type { Rule } from './rule.ts';

const WINDOW = 300;

export const naiveReject: Rule = {
  name: 'naive-reject-20',
  alarms: (records) =>
    countInSlidingWindow(
      records.filter(({ rejected }) => rejected),
      {
        seconds: WINDOW,
        limit: 20,
        time: ({ end }: FlowRecord) => end,
        key: ({ source }) => source,
        value: ({ target, targetPort }) => `${target} ${targetPort}`,
        alarm: ({ source, end }) => ({ source, at: end, kind: 'scan' }),
      },
      WINDOW,
    ),
};

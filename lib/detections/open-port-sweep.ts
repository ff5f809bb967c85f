/** One port over many inside targets that all answer and are left at once. Page: `docs/detections/open-port-sweep.md`. */
import { defineDetection } from '../scan/detection.ts';

export const openPortSweep = defineDetection({
  id: 'open-port-sweep',
  name: 'open-port sweep',
  shape: 'one open port on many targets, each visited once',
  // For an outside source, being answered everywhere is ordinary: crawlers, resolvers, updates.
  directions: ['lateral'],
  groupBy: 'port',
  counts: 'failures and touches',
  windows: [{ horizon: '5m', floor: 'openTargetsIn5Minutes' }],
  settings: {
    openTargetsIn5Minutes: {
      default: { low: 40, medium: 10, high: 8 },
      range: [3, 10_000],
      unit: 'count',
      means:
        'Distinct inside hosts on which an inside source found one port open within 5 minutes and ' +
        'left without sending data. Lower finds smaller sweeps of open ports, and more jobs that run ' +
        'over all hosts.',
    },
  },
  namesScan: true,
  test: 'fleeting-targets-on-one-port',
  describe: ({ count, shared, protocol }) =>
    `${count} distinct hosts on ${shared === '0' ? protocol : `${protocol} port ${shared}`}`,
  mayBe: {
    lateral: [
      'an approved vulnerability scanner or inventory job',
      'a monitoring or deployment job that visits every host for the first time in three days',
    ],
  },
});

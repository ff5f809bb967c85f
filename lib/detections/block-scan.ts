/** Many ports over many targets. Page: `docs/detections/block-scan.md`. */
import { defineDetection } from '../scan/detection.ts';

export const blockScan = defineDetection({
  id: 'block-scan',
  name: 'block scan',
  shape: 'many ports on many targets',
  directions: ['lateral', 'inbound', 'outbound'],
  groupBy: 'source',
  counts: 'failures',
  windows: [
    { horizon: '5m', floor: 'pairsIn5Minutes' },
    { horizon: '1h', floor: 'pairsIn1Hour' },
    { horizon: '24h', floor: 'pairsIn24Hours' },
    { horizon: '72h', floor: 'pairsIn72Hours' },
  ],
  settings: {
    pairsIn5Minutes: {
      default: { low: 40, medium: 10, high: 10 },
      range: [3, 10_000],
      unit: 'count',
      means:
        'Distinct failed pairs of target and port within 5 minutes, if neither one target nor one ' +
        'port explains them. Below 10, background noise of the internet becomes findings.',
    },
    pairsIn1Hour: {
      default: { low: 60, medium: 20, high: 14 },
      range: [3, 100_000],
      unit: 'count',
      means: 'The same within one hour.',
    },
    pairsIn24Hours: {
      default: { low: 80, medium: 25, high: 20 },
      range: [3, 100_000],
      unit: 'count',
      means: 'Distinct failed pairs of target and port within 24 hours.',
    },
    pairsIn72Hours: {
      default: { low: 80, medium: 25, high: 20 },
      range: [3, 100_000],
      unit: 'count',
      means: 'Distinct failed pairs of target and port within 72 hours.',
    },
  },
  namesScan: false,
  test: 'failed-target-port-pairs',
  describe: ({ count }) => `${count} distinct pairs of host and port`,
});

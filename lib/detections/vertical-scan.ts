/** Many ports of one target. Page: `docs/detections/vertical-scan.md`. */
import { defineDetection } from '../scan/detection.ts';

export const verticalScan = defineDetection({
  id: 'vertical-scan',
  name: 'vertical scan',
  shape: 'many ports of one target',
  directions: ['lateral', 'inbound', 'outbound'],
  groupBy: 'target',
  counts: 'failures',
  windows: [
    { horizon: '5m', floor: 'failuresIn5Minutes' },
    { horizon: '1h', floor: 'failuresIn1Hour' },
    { horizon: '24h', floor: 'failuresIn24Hours' },
    { horizon: '72h', floor: 'failuresIn72Hours' },
  ],
  // Pollers visit a few ports of many hosts, so many recurring ports of one host are a scan in a loop.
  habitLimit: 'habitPorts',
  settings: {
    habitPorts: {
      default: { low: 48, medium: 24, high: 16 },
      range: [1, 10_000],
      unit: 'count',
      means:
        'Failed recurring ports of one target that a source may have. If it has more, they count as ' +
        'probes: a scan that runs in a loop.',
    },
  },
  namesScan: false,
  test: 'failed-ports-of-one-target',
  describe: ({ count, shared, protocol }) => `${count} distinct ${protocol} ports of ${shared}`,
  mayBe: {
    lateral: [
      'an approved vulnerability scanner',
      'service discovery or an inventory job that probes many ports of one host',
    ],
  },
});

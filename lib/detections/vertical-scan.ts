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
  settings: {},
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

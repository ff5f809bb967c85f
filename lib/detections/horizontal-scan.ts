/** One port, or pings, over many targets. Page: `docs/detections/horizontal-scan.md`. */
import { defineDetection } from '../scan/detection.ts';

export const horizontalScan = defineDetection({
  id: 'horizontal-scan',
  name: 'horizontal scan',
  shape: 'one port on many targets',
  shapeOfPings: 'pings to many targets',
  directions: ['lateral', 'inbound', 'outbound'],
  groupBy: 'port',
  counts: 'failures',
  windows: [
    { horizon: '5m', floor: 'failuresIn5Minutes' },
    { horizon: '1h', floor: 'failuresIn1Hour' },
    { horizon: '24h', floor: 'failuresIn24Hours' },
    { horizon: '72h', floor: 'failuresIn72Hours' },
  ],
  settings: {},
  namesScan: false,
  test: 'failed-targets-on-one-port',
  describe: ({ count, shared, protocol }) =>
    shared === '0' ? `${count} distinct hosts by ${protocol}` : `${count} distinct hosts on ${protocol} port ${shared}`,
});

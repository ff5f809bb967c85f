/** One port of many inside targets, each asked once for something small. Page: `docs/detections/open-port-sweep.md`. */
import { defineDetection } from '../scan/detection.ts';
import { openPortSweep } from './open-port-sweep.ts';

export const visitsOnOnePort = defineDetection({
  id: openPortSweep.id,
  name: openPortSweep.name,
  shape: openPortSweep.shape,
  directions: ['lateral'],
  groupBy: 'port',
  counts: 'failures, touches and visits',
  windows: [{ horizon: '5m', floor: 'visitedTargetsIn5Minutes' }],
  settings: {
    visitedTargetsIn5Minutes: {
      default: { low: 400, medium: 100, high: 60 },
      range: [8, 100_000],
      unit: 'count',
      means:
        'Distinct inside hosts that an inside source asked once on one port within 5 minutes, for an ' +
        'answer of a few kilobytes: a page, a certificate, a banner. Lower finds smaller sweeps, and checks ' +
        'that run over all hosts.',
    },
  },
  namesScan: true,
  test: 'visited-targets-on-one-port',
  describe: openPortSweep.describe,
});

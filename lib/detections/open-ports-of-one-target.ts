/** Many ports of one target that all answer and are left at once. Page: `docs/detections/vertical-scan.md`. */
import { defineDetection } from '../scan/detection.ts';
import { verticalScan } from './vertical-scan.ts';

/** Ports below are services. A client that opens many ports of one host (FTP, RPC) opens those above. */
const PRIVILEGED = 1024;
const LEAST_PRIVILEGED = 8;

export const openPortsOfOneTarget = defineDetection({
  id: verticalScan.id,
  name: verticalScan.name,
  shape: verticalScan.shape,
  directions: ['lateral', 'outbound'],
  groupBy: 'target',
  counts: 'failures and touches',
  windows: [{ horizon: '5m', floor: 'openPortsIn5Minutes' }],
  requires: (contacts) => contacts.filter(({ port }) => port < PRIVILEGED).length >= LEAST_PRIVILEGED,
  settings: {
    openPortsIn5Minutes: {
      default: { low: 40, medium: 12, high: 10 },
      range: [8, 65_536],
      unit: 'count',
      means:
        'Distinct ports of one target, at least eight of them below 1024, that a source found open ' +
        'within 5 minutes and left without sending data, as it does with a host that answers on every ' +
        'port. Lower finds smaller ones, and more tests of new hosts.',
    },
  },
  namesScan: false,
  test: 'fleeting-ports-of-one-target',
  describe: verticalScan.describe,
});

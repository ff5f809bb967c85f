/** Many ports of one target that all answer and are left at once. Page: `docs/detections/vertical-scan.md`. */
import { areRaw } from '../scan/company.ts';
import { defineDetection } from '../scan/detection.ts';
import type { FirstContact } from '../scan/first-contact.ts';
import { verticalScan } from './vertical-scan.ts';

/** Ports below are services. A client that opens many ports of one host opens those above. */
const PRIVILEGED = 1024;
const LEAST_PRIVILEGED = 8;
/** So many others are a search as well, if the log shows that each connection was closed: no pool is as large. */
const LEAST_OTHERS = 100;
/** Servers of FTP connect from this port to whatever ports their clients name. */
const FTP_DATA = 20;

const areProbes = (contacts: readonly FirstContact[]): boolean => {
  const others = contacts.filter(({ port }) => port >= PRIVILEGED);
  if (contacts.length - others.length >= LEAST_PRIVILEGED) return true;
  const left = others.filter(({ context, sourcePort }) => context === 'answered, then left' && sourcePort !== FTP_DATA);
  return left.length >= LEAST_OTHERS || areRaw(left);
};

export const openPortsOfOneTarget = defineDetection({
  id: verticalScan.id,
  name: verticalScan.name,
  shape: verticalScan.shape,
  directions: ['lateral', 'outbound'],
  groupBy: 'target',
  counts: 'failures and touches',
  windows: [{ horizon: '5m', floor: 'openPortsIn5Minutes' }],
  requires: areProbes,
  settings: {
    openPortsIn5Minutes: {
      default: { low: 40, medium: 12, high: 10 },
      range: [8, 65_536],
      unit: 'count',
      means:
        'Distinct ports of one target that a source found open within 5 minutes and left without ' +
        'sending data, as it does with a host that answers on every port. Eight of them must be below ' +
        '1024, or twelve from one source port, or a hundred closed. Lower finds smaller ones, and more ' +
        'tests of new hosts.',
    },
  },
  namesScan: false,
  test: 'fleeting-ports-of-one-target',
  describe: verticalScan.describe,
});

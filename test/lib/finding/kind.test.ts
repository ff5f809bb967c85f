/** The kind of a scan, from how its contacts spread. */
import { expect, test } from '@jest/globals';
import { horizontalScan } from '../../../lib/detections/horizontal-scan.ts';
import { openPortSweep } from '../../../lib/detections/open-port-sweep.ts';
import { kindOf } from '../../../lib/finding/kind.ts';
import type { SourceDetection } from '../../../lib/scan/detection.ts';
import type { FirstContact } from '../../../lib/scan/first-contact.ts';
import type { Window } from '../../../lib/scan/windows.ts';

const contact = (target: number, port: number): FirstContact => ({
  target: `10.0.0.${target}`,
  port,
  protocol: 6,
  outcome: 'reset',
  context: 'failed',
  start: 0,
  end: 0,
  last: 0,
  weight: 1,
  direction: 'lateral',
  isHabit: false,
  isTouch: false,
  isVisit: false,
  isConnected: false,
  isRepeat: false,
  isStealth: false,
  isPatient: false,
  hasSyn: true,
  isDark: false,
  attempts: 1,
  flows: 1,
  sourcePort: 40_000,
  packetBytes: 44,
});
/** Every port of every target. */
const grid = (targets: number, ports: number) =>
  Array.from({ length: targets * ports }, (_, n) => contact(Math.floor(n / ports), n % ports));
const windowOf = (detection: SourceDetection) => ({ detection }) as Window;
const repeated = (target: number, ports: number) => Array.from({ length: ports }, (_, port) => contact(target, port));

test.each([
  ['one target', grid(1, 30), 'vertical-scan'],
  ['four targets, many ports', grid(4, 30), 'vertical-scan'],
  ['five targets, six ports', grid(5, 6), 'block-scan'],
  ['four targets, one port', grid(4, 1), 'horizontal-scan'],
  ['many targets, four ports', grid(30, 4), 'horizontal-scan'],
  ['many targets, many ports', grid(30, 30), 'block-scan'],
  ['one target with four fifths of the contacts', [...repeated(200, 80), ...grid(20, 1)], 'vertical-scan'],
  ['one target with less', [...repeated(200, 70), ...grid(15, 2)], 'block-scan'],
  ['four ports with four fifths of the contacts', [...grid(40, 4), ...repeated(200, 30)], 'horizontal-scan'],
] as const)('%s', (_, contacts, kind) => {
  expect(kindOf({ windows: [], contacts }, 5)).toBe(kind);
});

test('a scan that only a detection with a name of its own found has that name', () => {
  const [sweep, failures] = [windowOf(openPortSweep), windowOf(horizontalScan)];
  expect(kindOf({ windows: [sweep, sweep], contacts: grid(30, 1) }, 5)).toBe('open-port-sweep');
  expect(kindOf({ windows: [sweep], contacts: grid(30, 30) }, 5)).toBe('open-port-sweep');
  expect(kindOf({ windows: [sweep, failures], contacts: grid(30, 1) }, 5)).toBe('horizontal-scan');
});

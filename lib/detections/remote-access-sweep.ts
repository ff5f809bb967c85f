/** A few inside hosts asked for remote access in several ways. Page: `docs/detections/remote-access-sweep.md`. */
import { defineDetection } from '../scan/detection.ts';

/** Ways into a host by their TCP ports: the services of ATT&CK T1021 (Remote Services), and Telnet. */
const WAYS: Readonly<Record<number, string>> = {
  22: 'ssh',
  23: 'telnet',
  135: 'smb',
  139: 'smb',
  445: 'smb',
  3389: 'rdp',
  5900: 'vnc',
  5985: 'winrm',
  5986: 'winrm',
};

/** A client of two kinds of hosts uses two ways. A look at one or two hosts may be a person with a new server. */
const LEAST_WAYS = 3;
const LEAST_TARGETS = 3;

export const remoteAccessSweep = defineDetection({
  id: 'remote-access-sweep',
  name: 'remote-access sweep',
  shape: 'several ways into a few hosts',
  directions: ['lateral'],
  groupBy: 'source',
  counts: 'failures',
  tcpPorts: new Set(Object.keys(WAYS).map(Number)),
  windows: [
    { horizon: '1h', floor: 'remoteAccessIn1Hour' },
    { horizon: '24h', floor: 'remoteAccessIn24Hours' },
  ],
  requires: (contacts) =>
    new Set(contacts.map(({ port }) => WAYS[port])).size >= LEAST_WAYS &&
    new Set(contacts.map(({ target }) => target)).size >= LEAST_TARGETS,
  settings: {
    remoteAccessIn1Hour: {
      default: { low: 20, medium: 8, high: 7 },
      range: [3, 10_000],
      unit: 'count',
      means:
        'Distinct failed pairs of inside host and remote-access port within one hour, over at least ' +
        'three hosts and three services (SSH, Telnet, SMB, RDP, VNC, WinRM). Lower finds smaller ' +
        'sweeps, and inventory jobs with few hosts.',
    },
    remoteAccessIn24Hours: {
      default: { low: 30, medium: 10, high: 8 },
      range: [3, 10_000],
      unit: 'count',
      means: 'The same within 24 hours.',
    },
  },
  namesScan: true,
  test: 'failed-remote-access',
  describe: ({ count }) => `${count} distinct pairs of host and remote-access port`,
  mayBe: {
    lateral: [
      'an inventory or configuration management job that tries every way into each host',
      'an administrator or a jump host that looks for a way into new hosts',
      'an approved vulnerability scanner',
    ],
  },
});

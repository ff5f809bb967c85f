/**
 * The emulation steps of the detection strategy: for each the log of such a run, captured or generated, and the finding
 * that it must give. docs/validation.md describes them, and tests compare both with this file.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { detectionSettings } from '../lib/detections/settings.ts';
import { Collector } from '../lib/evidence/builder.ts';
import { hashKey } from '../lib/evidence/keyed-hash.ts';
import type { Finding } from '../lib/finding/model.ts';
import { readFlowLog } from '../lib/flowlog/read.ts';
import { bufferSource } from '../lib/flowlog/source.ts';
import { judgeAll } from '../lib/pipeline/judge-all.ts';
import { NOON, probe, type Row } from './lib/scan/traffic.ts';

const DATA = join(import.meta.dirname, 'data');

/** All findings about a log file of test/data, as `sweepwatch detect` has them. */
export async function replay(file: string): Promise<Finding[]> {
  const collector = new Collector({ key: hashKey('local') });
  const report = await readFlowLog(bufferSource(file, readFileSync(join(DATA, file))), collector);
  if (report.error || report.skipped.length) throw new Error(`${file} cannot be read as it should`);
  const context = {
    settings: detectionSettings(),
    secret: 'local',
    overdueBefore: Number.POSITIVE_INFINITY,
    logTime: collector.logTime,
  };
  return [...(await judgeAll(collector, context))];
}

/** What a step's finding must say. */
interface Expected {
  readonly source: string;
  readonly kind: Finding['kind'];
  readonly severity: Finding['severity'];
  readonly techniques: readonly string[];
  readonly contactsAtDetection: number;
  /** The test of its first reason. */
  readonly reason: string;
}

/** One emulation step: a log file of test/data, or generated records. */
export interface Step {
  readonly name: string;
  readonly log: string | (() => Row[]);
  readonly expected: Expected;
}

const WORKSTATION = '10.0.5.50';
const SUBNET = '10.0.9';
const ICMP = 1;

/** What becomes of a connection attempt. `nobody`: no host has the address, so only the source's interface logs it. */
type Fate = 'rejected' | 'nobody' | 'open' | 'closed';

interface Attempt {
  readonly to: string;
  readonly port: number;
  readonly at: number;
  readonly fate: Fate;
  /** Windows sends a SYN up to three times, also where a reset answers it, unless the program gives up before. */
  readonly syns: number;
}

/** Connection attempts of a Windows host as both interfaces log them: SYNs of 52 bytes, a source port for each. */
function fromWindows(attempts: readonly Attempt[]): Row[] {
  return attempts.flatMap(({ to, port, at, fate, syns }, n) => {
    const common = { from: WORKSTATION, to, port, at, seconds: syns - 1, sourcePort: 49_152 + (n % 16_000) };
    const sides = fate === 'nobody' ? (['source'] as const) : (['source', 'target'] as const);
    return sides.flatMap((seenBy) => {
      const outcome = {
        rejected: seenBy === 'target' ? ('rejected' as const) : ('unanswered' as const),
        nobody: 'unanswered' as const,
        open: 'established' as const,
        closed: 'reset' as const,
      }[fate];
      const [request, reply] = probe({ ...common, fate: outcome, seenBy });
      if (fate === 'open')
        return [
          { ...request, packets: 4, bytes: 172, 'tcp-flags': 3 },
          { ...reply, packets: 3, bytes: 132, 'tcp-flags': 19 },
        ];
      const asked = { ...request, packets: syns, bytes: 52 * syns };
      return reply ? [asked, { ...reply, packets: syns, bytes: 40 * syns }] : [asked];
    });
  });
}

/** One echo request of 60 bytes to each host, as Windows sends them. */
const pings = (hosts: readonly { readonly to: string; readonly at: number; readonly isUp: boolean }[]): Row[] =>
  hosts.flatMap(({ to, at, isUp }) =>
    probe({ from: WORKSTATION, to, at, port: 0, protocol: ICMP, fate: isUp ? 'established' : 'unanswered' }).map(
      (half) => ({ ...half, srcport: 0, bytes: 60 }),
    ),
  );

const upTo = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const host = (n: number): string => `${SUBNET}.${n}`;

/** `nmap -sT` of a thousand ports of one host behind a security group that opens three, ten ports a second, no port twice. */
const nmapFromWindows = (): Row[] =>
  fromWindows(
    upTo(1000, (n) => {
      const port = 1 + ((n * 389) % 1000);
      const isOpen = port === 135 || port === 139 || port === 445;
      return { to: host(20), port, at: NOON + Math.floor(n / 10), fate: isOpen ? 'open' : 'rejected', syns: 1 };
    }),
  );

/** The same where the security group lets everything through and the host resets what is closed: three times each. */
export const nmapFromWindowsReset = (): Row[] =>
  fromWindows(
    upTo(1000, (n) => ({ to: host(20), port: 1 + n, at: NOON + Math.floor(n / 10), fate: 'closed', syns: 3 })),
  );

/** A check of WinPwn: it pings the thirty servers of the domain, then tries one port of those that are up. */
const winPwn = (port: number, open: number): Row[] => {
  const servers = upTo(30, (n) => ({ to: host(10 + n), at: NOON + n, isUp: n % 10 !== 9 }));
  const up = servers.filter(({ isUp }) => isUp);
  return [
    ...pings(servers),
    ...fromWindows(
      up.map(({ to }, n) => ({
        to,
        port,
        at: NOON + 60 + n * 3,
        fate: n < open ? 'open' : 'rejected',
        syns: n < open ? 1 : 3,
      })),
    ),
  ];
};

/** `spoolvulnscan -noninteractive`: the domain controllers, and nobody else. */
export const spoolerOnControllers = (): Row[] =>
  fromWindows([5, 6].map((n) => ({ to: host(n), port: 445, at: NOON + n, fate: 'open', syns: 1 })));

/** `fruit`: pings a /24 and asks those that are up for a web server. */
const webFruit = (): Row[] => {
  const hosts = upTo(254, (n) => ({ to: host(n + 1), at: NOON + Math.floor(n / 4), isUp: n % 10 === 0 }));
  const up = hosts.filter(({ isUp }) => isUp);
  return [
    ...pings(hosts),
    ...fromWindows(
      up.map(({ to }, n) => ({
        to,
        port: 80,
        at: NOON + 90 + n,
        fate: n % 6 ? 'rejected' : 'open',
        syns: n % 6 ? 3 : 1,
      })),
    ),
  ];
};

/**
 * A loop over the 254 addresses of a subnet and two ports with TcpClient, 200 ms each. Connections without an answer
 * are never closed, so Windows keeps sending SYNs. Forty hosts exist, and ten of them accept SMB.
 */
const powerShellLoop = (): Row[] =>
  fromWindows(
    upTo(254, (n) =>
      [445, 3389].map((port, at) => {
        const exists = n >= 9 && n < 49;
        const isOpen = exists && n % 4 === 1 && port === 445;
        return {
          to: host(n + 1),
          port,
          at: NOON + Math.floor((2 * n + at) / 5),
          fate: isOpen ? ('open' as const) : exists ? ('rejected' as const) : ('nobody' as const),
          syns: isOpen ? 1 : 3,
        };
      }),
    ).flat(),
  );

/** Ten minutes on, somebody else: the log shows that what was tried once was not tried again. */
const goesOn = (rows: readonly Row[]): Row[] => [
  ...rows,
  ...probe({ from: host(250), to: host(251), port: 5432, at: NOON + 900, fate: 'established' }),
];

const DISCOVERY = ['T1046'];
/** SMB and Remote Desktop are among the services that are known to be vulnerable. */
const VULNERABLE = ['T1046', 'T1595.002'];
const PORTS = 'failed-ports-of-one-target-5m';
const TARGETS = 'failed-targets-on-one-port-5m';
const found = (
  source: string,
  kind: Finding['kind'],
  contactsAtDetection: number,
  reason: string,
  techniques = DISCOVERY,
): Expected => ({ source, kind, severity: 'high', techniques, contactsAtDetection, reason });

/** The steps in the order of docs/validation.md. */
export const STEPS: readonly Step[] = [
  {
    name: '1: nmap -p- against one host',
    log: 'lab/syn-full-strict.log.gz',
    expected: found('10.0.3.22', 'vertical-scan', 8, PORTS),
  },
  {
    name: '2: masscan --rate 1000 over a subnet',
    log: 'lab/masscan-24x10.log.gz',
    expected: found('10.0.3.36', 'block-scan', 8, PORTS),
  },
  {
    name: '3: nmap from Windows',
    log: () => goesOn(nmapFromWindows()),
    expected: found(WORKSTATION, 'vertical-scan', 8, PORTS),
  },
  {
    name: '4: a Python connect scanner',
    log: 'lab/pyconnect-20-85-strict.log.gz',
    expected: found('10.0.3.38', 'vertical-scan', 8, PORTS),
  },
  {
    name: '5a: WinPwn spoolvulnscan, all servers',
    log: () => goesOn(winPwn(445, 4)),
    expected: found(WORKSTATION, 'horizontal-scan', 10, TARGETS, VULNERABLE),
  },
  {
    name: '5b: WinPwn MS17-10',
    log: () => goesOn(winPwn(445, 27)),
    expected: found(WORKSTATION, 'open-port-sweep', 10, 'fleeting-targets-on-one-port-5m', VULNERABLE),
  },
  {
    name: '5b: MS17-010 by the script of nmap',
    log: 'lab/smb-24.log.gz',
    expected: found('10.0.8.21', 'horizontal-scan', 8, TARGETS, VULNERABLE),
  },
  {
    name: '5c: WinPwn bluekeep',
    log: () => goesOn(winPwn(3389, 2)),
    expected: found(WORKSTATION, 'horizontal-scan', 10, TARGETS, VULNERABLE),
  },
  {
    name: '5d: WinPwn fruit',
    log: () => goesOn(webFruit()),
    expected: found(WORKSTATION, 'horizontal-scan', 8, TARGETS),
  },
  {
    name: '6: discovery from inside a container',
    log: 'lab/pod-nmap-1024.log.gz',
    expected: found('10.0.7.105', 'vertical-scan', 8, PORTS, ['T1046', 'T1595']),
  },
  {
    name: '7: a PowerShell loop over a /24',
    log: () => goesOn(powerShellLoop()),
    expected: found(WORKSTATION, 'horizontal-scan', 9, TARGETS, VULNERABLE),
  },
  {
    name: '8: RDP discovery over a /24',
    log: 'lab/rdp-24.log.gz',
    expected: found('10.0.3.29', 'horizontal-scan', 8, TARGETS, VULNERABLE),
  },
];

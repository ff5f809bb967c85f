/** What must be found and what must stay silent, as tables of traffic. */
import { describe, expect, test } from '@jest/globals';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import {
  DEFAULT_FORMAT,
  FULL_FORMAT,
  findingsIn,
  horizontal,
  NOON,
  probe,
  type Row,
  row,
  vertical,
} from './traffic.ts';

const settings = detectionSettings();
const FLOOR = settings.failuresIn5Minutes;
const flat = (count: number, make: (n: number) => Row[]) => Array.from({ length: count }, (_, n) => make(n)).flat();
const to = (n: number) => `10.0.${8 + (n >> 8)}.${n & 255}`;

/** A conversation with a service, noticed at the client. */
const talk = (n: number, at = NOON + n, port = 443): Row[] =>
  probe({ to: to(n), port, at, fate: 'established', also: { packets: 20, bytes: 4000 } });

/** The log goes on, so that it shows whether a contact was made for once. */
const later = probe({ from: '10.0.77.1', to: '10.0.77.2', port: 443, at: NOON + 600, fate: 'established' });

/** Probes without a SYN, with other flags: 1 FIN (also XMAS, whose PSH and URG are not logged), 0 NULL or ACK. */
const stealth = (rows: Row[], flags: 0 | 1): Row[] =>
  rows.map((half) => (half['tcp-flags'] === 2 ? { ...half, 'tcp-flags': flags } : half));

const scans: readonly (readonly [string, Row[], string, string, string?])[] = [
  ['a fast vertical scan that meets resets', vertical(100, { every: 0.1 }), 'vertical-scan', 'lateral'],
  ['one that is rejected', vertical(100, { fate: 'rejected' }), 'vertical-scan', 'lateral'],
  ['one that meets silence', vertical(100, { fate: 'unanswered' }), 'vertical-scan', 'lateral'],
  ['one seen by the target alone', vertical(50, { seenBy: 'target', fate: 'rejected' }), 'vertical-scan', 'lateral'],
  ['a vertical scan from source port 53', vertical(50, { sourcePort: 53 }), 'vertical-scan', 'lateral'],
  [
    'a vertical scan from source port 443, rejected',
    vertical(50, { sourcePort: 443, fate: 'rejected' }),
    'vertical-scan',
    'lateral',
  ],
  ['a vertical scan of high ports', vertical(50, { firstPort: 50_000 }), 'vertical-scan', 'lateral'],
  ['a vertical UDP scan', vertical(50, { protocol: 17, fate: 'unanswered' }), 'vertical-scan', 'lateral'],
  ['a vertical scan over IPv6', vertical(50, { from: 'fd00::5', to: 'fd00::9' }), 'vertical-scan', 'lateral'],
  ['a horizontal TCP sweep', horizontal(60, { fate: 'unanswered' }), 'horizontal-scan', 'lateral'],
  [
    'a horizontal UDP sweep',
    horizontal(60, { protocol: 17, port: 161, fate: 'unanswered' }),
    'horizontal-scan',
    'lateral',
  ],
  ['a ping sweep', horizontal(60, { protocol: 1, port: 0, fate: 'unanswered' }), 'horizontal-scan', 'lateral'],
  ['a block scan', flat(10, (n) => vertical(20, { to: to(n), at: NOON + n * 20 })), 'block-scan', 'lateral'],
  [
    'a sparse block scan: no target and no port twice',
    flat(40, (n) => probe({ to: to(n), port: 1000 + n, at: NOON + n })),
    'block-scan',
    'lateral',
  ],
  ['an outbound sweep', horizontal(60, { network: '203.0.113', fate: 'unanswered' }), 'horizontal-scan', 'outbound'],
  [
    'an inbound scan',
    vertical(60, { from: '203.0.113.9', seenBy: 'target', fate: 'rejected' }),
    'vertical-scan',
    'inbound',
  ],
  ['a vertical scan without flags', vertical(60, { fate: 'rejected' }), 'vertical-scan', 'lateral', DEFAULT_FORMAT],
  ['a vertical scan without flags that meets resets', vertical(60), 'vertical-scan', 'lateral', DEFAULT_FORMAT],
  ['a polite scan: one probe in two minutes', vertical(29, { every: 120 }), 'vertical-scan', 'lateral'],
  [
    'a scan by a source that also works',
    [...vertical(60), ...flat(200, (n) => talk(n, NOON + (n % 60)))],
    'vertical-scan',
    'lateral',
  ],
  [
    'a scan that finds one open port in four',
    flat(80, (n) => probe({ to: '10.0.9.9', port: n + 1, at: NOON + n, fate: n % 4 ? 'reset' : 'established' })),
    'vertical-scan',
    'lateral',
  ],
  [
    'a sweep of open ports, each found and left',
    [...horizontal(60, { fate: 'established' }), ...later],
    'open-port-sweep',
    'lateral',
  ],
  [
    'a sweep that finds two of three open',
    [...flat(60, (n) => probe({ to: to(n), port: 22, at: NOON + n, fate: n % 3 ? 'established' : 'reset' })), ...later],
    'open-port-sweep',
    'lateral',
  ],
  [
    'a ping sweep that everything answers',
    [...horizontal(60, { protocol: 1, port: 0, fate: 'established' }), ...later],
    'open-port-sweep',
    'lateral',
  ],
  [
    'a FIN scan that meets silence',
    stealth(vertical(60, { fate: 'unanswered', sourcePort: 61_000 }), 1),
    'vertical-scan',
    'lateral',
  ],
  [
    'a NULL scan that is rejected',
    stealth(vertical(60, { fate: 'rejected', sourcePort: 61_000 }), 0),
    'vertical-scan',
    'lateral',
  ],
  [
    'a FIN scan of well-known and ephemeral ports',
    stealth([...vertical(20, { sourcePort: 61_000 }), ...vertical(60, { firstPort: 40_000, sourcePort: 61_000 })], 1),
    'vertical-scan',
    'lateral',
  ],
  [
    'a FIN sweep of one port from one source port, rejected',
    stealth(horizontal(60, { fate: 'rejected', sourcePort: 61_000 }), 1),
    'horizontal-scan',
    'lateral',
  ],
  [
    'a UDP scan of privileged ports from source port 53',
    vertical(60, { protocol: 17, sourcePort: 53, fate: 'unanswered' }),
    'vertical-scan',
    'lateral',
  ],
  [
    'a SYN scan of high ports without flags',
    vertical(60, { firstPort: 40_000, fate: 'rejected' }),
    'vertical-scan',
    'lateral',
    DEFAULT_FORMAT,
  ],
  [
    'twelve open ports above 1023 of one host, each found and left, from one source port',
    [...vertical(12, { firstPort: 8000, fate: 'established', sourcePort: 51_111 }), ...later],
    'vertical-scan',
    'lateral',
  ],
  [
    'the same on a host that also names ports to its clients',
    [
      ...vertical(12, { firstPort: 8000, fate: 'established', sourcePort: 51_111 }),
      ...talk(0x109, NOON, 135),
      ...later,
    ],
    'vertical-scan',
    'lateral',
  ],
  [
    'a hundred open ports above 1023 of one host, each found and left',
    [...vertical(100, { firstPort: 8000, fate: 'established' }), ...later],
    'vertical-scan',
    'lateral',
  ],
  ['a scan in 600-second records', vertical(40, { every: 0, seconds: 590 }), 'vertical-scan', 'lateral'],
];

describe('must be found', () => {
  test.each(scans)('%s', async (_, rows, kind, direction, format = FULL_FORMAT) => {
    const findings = await findingsIn(rows, { format });
    expect(findings.map((finding) => [finding.kind, finding.direction])).toEqual([[kind, direction]]);
  });
});

/** Twelve closed ports of one host, tried once a minute. */
const poller = (ports: number, minutes: number, from = NOON) =>
  flat(minutes, (minute) => vertical(ports, { every: 0, at: from + minute * 60, fate: 'rejected' }));

/** Ports above 1023 of 10.0.9.9, each found open and left. */
const openPorts = (count: number) => vertical(count, { firstPort: 8000, fate: 'established' });

const silent: readonly (readonly [string, Row[], string?])[] = [
  ['one failure short of the floor', vertical(FLOOR - 1)],
  ['a failure every five minutes below the hourly floor', vertical(settings.failuresIn1Hour - 1, { every: 225 })],
  ['a client of many services', flat(200, (n) => talk(n))],
  [
    'a monitor of which every third target is down',
    flat(90, (n) => (n % 3 ? talk(n) : probe({ to: to(n), port: 443, at: NOON + n }))),
  ],
  [
    'a hundred retries against one dead service',
    flat(100, (n) => probe({ to: '10.0.9.9', port: 5432, at: NOON + n, sourcePort: 40_000 + n })),
  ],
  ['a poller of twelve closed ports', poller(12, 30)],
  [
    'late replies of a web server to many ports of a client',
    flat(100, (n) => [
      row({
        srcaddr: '10.0.0.8',
        srcport: 443,
        dstport: 40_000 + n,
        'tcp-flags': n % 2 ? 1 : 4,
        action: 'REJECT',
        start: NOON + n,
        end: NOON + n,
      }),
    ]),
  ],
  [
    'late replies without flags',
    flat(100, (n) => [
      row({
        srcaddr: '10.0.0.8',
        srcport: 443,
        dstport: 40_000 + n,
        bytes: 52,
        action: 'REJECT',
        start: NOON + n,
        end: NOON + n,
      }),
    ]),
    DEFAULT_FORMAT,
  ],
  [
    'late packets of a load balancer to its targets, each from its own port',
    stealth(horizontal(60, { fate: 'rejected' }), 1).map((half, n) => ({ ...half, srcport: 20_000 + n })),
  ],
  [
    'late packets of a service on a high port to the ports of a NAT gateway',
    flat(100, (n) => [
      row({ srcaddr: '10.0.0.8', srcport: 50_051, dstport: 1024 + n * 300, 'tcp-flags': 0, action: 'REJECT' }),
    ]),
  ],
  [
    'late DNS answers',
    flat(100, (n) => [
      row({
        srcaddr: '10.0.0.2',
        srcport: 53,
        protocol: 17,
        dstport: 40_000 + n,
        'tcp-flags': '-',
        action: 'REJECT',
        start: NOON + n,
        end: NOON + n,
      }),
    ]),
  ],
  [
    'SYN-ACKs of a server to many clients, rejected',
    flat(100, (n) => [
      row({ srcaddr: '10.0.0.8', srcport: 443, dstaddr: to(n), dstport: 50_000, 'tcp-flags': 18, action: 'REJECT' }),
    ]),
  ],
  [
    'resets of a server to the ports of a scanner',
    flat(100, (n) => [
      row({ srcaddr: '10.0.0.8', srcport: 1 + n, dstaddr: '203.0.113.5', dstport: 50_000, 'tcp-flags': 4 }),
    ]),
  ],
  [
    'pings that are answered, again and again',
    [
      ...flat(10, (n) => horizontal(100, { protocol: 1, port: 0, fate: 'established', every: 0, at: NOON + n * 30 })),
      ...later,
    ],
  ],
  [
    'checks of open ports, every five minutes',
    flat(3, (n) => horizontal(50, { fate: 'established', every: 0.1, at: NOON + n * 300 })),
  ],
  ['fewer than a hundred open ports above 1023 of one host', [...openPorts(99), ...later]],
  [
    'connections to many ports above 1023 of one host that stay open',
    [...openPorts(120).map((half) => ({ ...half, 'tcp-flags': Number(half['tcp-flags']) & ~4 })), ...later],
  ],
  [
    'short transfers of passive FTP, whose server names another port for each',
    [...openPorts(120), ...talk(0x109, NOON, 21), ...later],
  ],
  [
    'short transfers of active FTP, to the ports that its client names',
    [...vertical(120, { firstPort: 8000, fate: 'established', sourcePort: 20 }), ...later],
  ],
  [
    'short calls of many services outside',
    flat(200, (n) => probe({ to: `203.0.113.${n}`, port: 443, at: NOON + n, fate: 'established' })),
  ],
  [
    'a few short calls of services inside',
    [...horizontal(settings.openTargetsIn5Minutes - 1, { fate: 'established' }), ...later],
  ],
  ['short calls of many services inside, just before the log ends', horizontal(60, { fate: 'established' })],
  [
    'a resolver whose clients and servers use every port',
    flat(200, (n) =>
      probe({ to: to(n), port: 53, protocol: 17, at: NOON + n, sourcePort: 1024 + n * 200, fate: 'established' }),
    ),
  ],
  [
    'the ICMP errors of a dead UDP service to its many clients',
    flat(30, (n) => [
      row({
        srcaddr: `10.0.1.${n}`,
        dstaddr: '10.0.0.14',
        srcport: 45_000,
        dstport: 514,
        protocol: 17,
        'tcp-flags': '-',
        'interface-id': 'eni-log',
        'flow-direction': 'ingress',
      }),
      row({
        srcaddr: '10.0.0.14',
        dstaddr: `10.0.1.${n}`,
        srcport: 0,
        dstport: 0,
        protocol: 1,
        'tcp-flags': '-',
        'interface-id': 'eni-log',
      }),
    ]),
  ],
  [
    'a CI runner whose log begins in a busy minute: the retries of few failures first, then many successes',
    [
      ...flat(FLOOR + 2, (n) => probe({ to: to(n), port: 443, at: NOON + n, fate: 'unanswered' })),
      ...flat(FLOOR * 3, (n) => talk(100 + n, NOON + 60 + n)),
    ],
  ],
];

describe('must stay silent', () => {
  test.each(silent)('%s', async (_, rows, format = FULL_FORMAT) => {
    expect(await findingsIn(rows, { format })).toEqual([]);
  });
});

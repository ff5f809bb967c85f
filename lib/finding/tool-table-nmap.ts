/** The rows of the table of tools that are nmap's. */
import { FEWEST_PROBES } from './tool-marks.ts';
import { BARE_SYN, MSS_SYN, type Tool } from './tool-pattern.ts';

/** nmap's `base_port` and the numbers of tries that it adds (scan_engine.h). */
const NMAP_PORTS = [33_000, 65_516] as const;
/** The trusted source ports that nmap's documentation proposes for -g. */
const TRUSTED_PORTS = [20, 53, 67, 80, 88, 123, 443].map((port) => [port, port] as const);
/** SYNs of connect() on Linux, macOS and Windows. */
const SYSTEM_SYNS = [60, 64, 52] as const;

/** nmap shuffles ports, and takes hosts in order. */
export const NMAP_TOOLS = [
  {
    id: 'nmap host discovery',
    name: 'nmap',
    confidence: 95,
    marks: { discovered: { least: FEWEST_PROBES } },
    source: "nmap's manual, host discovery: as root a ping, a SYN to 443 and an ACK to 80, from one source port",
  },
  {
    id: 'nmap -sO',
    name: 'nmap',
    confidence: 90,
    marks: { kind: 'protocols', targets: { most: 4 } },
    source: "nmap's manual, -sO: a header of each IP protocol to one host",
  },
  {
    id: 'nmap, its ports',
    name: 'nmap',
    confidence: 85,
    marks: { kind: 'tcp', bytes: [MSS_SYN], sourcePorts: 'one', isNmapsChoice: true },
    source: 'nmap-services and random_port_cheat in portlist.cc; captures of nmap -F, -sS and -g 53',
  },
  {
    id: 'nmap -sS',
    name: 'nmap',
    confidence: 80,
    marks: { kind: 'tcp', bytes: [MSS_SYN], sourcePorts: 'one', from: [NMAP_PORTS], never: ['ports'] },
    source: 'scan_engine_raw.cc (a SYN with the maximum segment size only), scan_engine.h (the source port); captures',
  },
  {
    id: 'nmap -g',
    name: 'nmap',
    confidence: 65,
    marks: { kind: 'tcp', bytes: [MSS_SYN], sourcePorts: 'one', from: TRUSTED_PORTS, never: ['ports'] },
    source: "nmap's manual, -g: scans from a source port that firewalls trust",
  },
  {
    id: 'nmap -sS, a run per host',
    name: 'nmap',
    confidence: 60,
    marks: {
      kind: 'tcp',
      bytes: [MSS_SYN],
      sourcePorts: 'own',
      from: [NMAP_PORTS],
      // Network stacks of devices send such SYNs too, from the ports that IANA calls dynamic.
      beyond: [49_152, 65_535],
      oddShare: { least: 0.2, most: 0.8 },
      portCount: { most: 4 },
      perSecond: { most: 0.5 },
    },
    source: 'scan_engine.h: each run chooses another source port. ZMap is faster. A capture of such a loop.',
  },
  {
    id: 'nmap -sF, its ports',
    name: 'nmap-stealth',
    confidence: 90,
    marks: { kind: 'tcp without syn', sourcePorts: 'one', isNmapsChoice: true },
    source: "nmap's manual, -sF, -sN, -sX and -sA; a capture of nmap -sF",
  },
  {
    id: 'nmap -sF',
    name: 'nmap-stealth',
    confidence: 70,
    marks: { kind: 'tcp without syn', bytes: [BARE_SYN], sourcePorts: 'one', from: [NMAP_PORTS], never: ['ports'] },
    source: 'the same. No operating system lets a client send these.',
  },
  {
    id: 'nmap -sF, its ports, without flags',
    name: 'nmap-stealth',
    confidence: 60,
    marks: {
      kind: 'tcp',
      bytes: [BARE_SYN],
      sourcePorts: 'one',
      from: [NMAP_PORTS],
      isNmapsChoice: true,
      hasFlags: false,
    },
    source: 'a capture of nmap -sF in the default log format. masscan rarely scans these ports of one host.',
  },
  {
    id: 'nmap -sT, its ports',
    name: 'nmap-connect',
    confidence: 70,
    marks: { kind: 'tcp', bytes: SYSTEM_SYNS, sourcePorts: 'own', isNmapsChoice: true },
    source: 'nmap-services; a capture of nmap -sT. Other scanners that take the list from nmap look the same.',
  },
  {
    id: 'nmap -sU, its ports',
    name: 'nmap',
    confidence: 80,
    marks: { kind: 'udp', sourcePorts: 'one', isNmapsChoice: true },
    source: 'nmap-services; a capture of nmap -sU',
  },
  {
    id: 'nmap -PU',
    name: 'nmap',
    confidence: 85,
    marks: { kind: 'udp', bytes: [28], sourcePorts: 'one', port: 40_125 },
    source: "nmap's manual, -PU: an empty datagram to port 40125",
  },
  {
    id: 'nmap -sU',
    name: 'nmap',
    confidence: 65,
    marks: {
      kind: 'udp',
      emptyShare: { least: 0.15 },
      sourcePorts: 'one',
      from: [NMAP_PORTS],
      targets: { most: 4 },
      portCount: { least: 16 },
      never: ['ports'],
    },
    source: "nmap's manual, -sU: empty datagrams, except to ports in nmap-payloads; captures",
  },
  {
    id: 'nmap -PE',
    name: 'nmap',
    confidence: 60,
    marks: { kind: 'icmp', bytes: [28], targets: { least: FEWEST_PROBES } },
    source: 'a capture of nmap -sn: echo requests without payload. ping, fping and Windows send 32 to 56 bytes.',
  },
] as const satisfies readonly Tool[];

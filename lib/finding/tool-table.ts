/**
 * The tools that flow metadata can tell apart, each with its marks and where they are known from. docs/tools.md repeats
 * the rows, and says which tools are missing and why. A row belongs here only if no other common program leaves the
 * same marks.
 */
import { FEWEST_PROBES } from './tool-marks.ts';
import { BARE_SYN, MSS_SYN, type Tool } from './tool-pattern.ts';
import { NMAP_TOOLS } from './tool-table-nmap.ts';

/** masscan chooses by the clock, and newer releases take the next fifteen too (main.c). */
const MASSCAN_PORTS = [40_000, 60_015] as const;
/** ZMap's defaults (state.c). */
const ZMAP_PORTS = [32_768, 61_000] as const;
/** hping3 starts at 1024 plus a random number below 2000 (main.c). */
const HPING_PORTS = [1024, 3023] as const;
/** masscan and ZMap shuffle hosts and ports together. */
const SHUFFLED = ['ports', 'targets'] as const;

/** The table. The first row that matches names the tool, so rows with more specific marks come first. */
export const TOOLS = [
  ...NMAP_TOOLS,
  {
    id: 'mirai',
    name: 'mirai',
    confidence: 60,
    marks: {
      kind: 'tcp',
      bytes: [BARE_SYN],
      family: 'ipv4',
      sourcePorts: 'one',
      targets: { least: 30 },
      telnetShare: { least: 0.03, most: 0.25 },
      hasFlags: true,
    },
    source: 'scanner.c of the published source: bare SYNs from one source port, every tenth to 2323, the others to 23',
  },
  {
    id: 'scapy',
    name: 'scapy',
    confidence: 60,
    marks: { kind: 'tcp', bytes: [BARE_SYN], sourcePorts: 'one', from: [[20, 20]] },
    source: 'inet.py: the source port of a TCP packet is 20 unless set, and it has no options',
  },
  {
    id: 'hping3 --scan',
    name: 'hping3',
    confidence: 60,
    marks: {
      kind: 'tcp',
      bytes: [BARE_SYN],
      family: 'ipv4',
      sourcePorts: 'one',
      from: [HPING_PORTS],
      targets: { most: 1 },
      hasFlags: true,
    },
    source: 'scan.c and main.c: bare SYNs to the ports of one host, from one low source port',
  },
  {
    id: 'hping3 -S -p ++1',
    name: 'hping3',
    confidence: 70,
    marks: { kind: 'tcp', bytes: [BARE_SYN], family: 'ipv4', sourcePorts: 'in step', targets: { most: 1 } },
    source: "hping3's manual: with ++ the port rises with each packet, and the source port always does",
  },
  {
    id: 'masscan, sixteen source ports',
    name: 'masscan',
    confidence: 85,
    marks: { kind: 'tcp', bytes: [BARE_SYN, MSS_SYN], family: 'ipv4', sourcePorts: 'block', never: SHUFFLED },
    source: 'main.c and templ-pkt.c of the current source: sixteen neighbouring source ports',
  },
  {
    id: 'masscan',
    name: 'masscan',
    confidence: 75,
    marks: {
      kind: 'tcp',
      bytes: [BARE_SYN],
      family: 'ipv4',
      sourcePorts: 'one',
      from: [MASSCAN_PORTS, [61_000, 61_000]],
      never: SHUFFLED,
      telnetShare: 'never',
      hasFlags: true,
    },
    source: 'main.c (the source port), its manual (61000), crypto-blackrock.c (the order); captures of masscan 1.3.2',
  },
  {
    id: 'masscan, both telnet ports alike',
    name: 'masscan',
    confidence: 75,
    marks: {
      kind: 'tcp',
      bytes: [BARE_SYN],
      family: 'ipv4',
      sourcePorts: 'one',
      from: [MASSCAN_PORTS],
      telnetShare: { least: 0.35, most: 0.65 },
      hasFlags: true,
    },
    source: 'the same. masscan distributes the ports evenly, which Mirai does not.',
  },
  {
    id: 'masscan, without flags',
    name: 'masscan',
    confidence: 60,
    marks: {
      kind: 'tcp',
      bytes: [BARE_SYN],
      family: 'ipv4',
      sourcePorts: 'one',
      from: [MASSCAN_PORTS],
      targets: { least: FEWEST_PROBES },
      never: SHUFFLED,
      hasFlags: false,
    },
    source: 'the same. Stealth probes, which look alike without flags, mostly go to one host.',
  },
  {
    id: 'masscan, UDP',
    name: 'masscan',
    confidence: 65,
    marks: { kind: 'udp', family: 'ipv4', sourcePorts: 'block', from: [MASSCAN_PORTS], never: SHUFFLED },
    source: 'main.c of the current source: sixteen neighbouring source ports',
  },
  {
    id: 'zmap 2',
    name: 'zmap',
    confidence: 80,
    marks: {
      kind: 'tcp',
      bytes: [BARE_SYN],
      family: 'ipv4',
      sourcePorts: 'own',
      from: [ZMAP_PORTS],
      oddShare: { least: 0.25, most: 0.75 },
      targets: { least: 32 },
      portCount: { most: 4 },
      never: SHUFFLED,
      perSecond: { least: 0.5 },
    },
    source: 'module_tcp_synscan.c (no options), state.c (source ports); a capture of zmap',
  },
  {
    id: 'zmap 3 and later',
    name: 'zmap',
    confidence: 65,
    marks: {
      kind: 'tcp',
      bytes: [MSS_SYN, 52],
      family: 'ipv4',
      sourcePorts: 'own',
      from: [ZMAP_PORTS],
      oddShare: { least: 0.25, most: 0.75 },
      // Fewer source ports of nmap or of Windows may all be in the range by chance.
      targets: { least: 256 },
      portCount: { most: 4 },
      never: SHUFFLED,
      perSecond: { least: 2 },
    },
    source: 'module_tcp_synscan.c: options as those of nmap, later as those of Windows',
  },
  {
    id: 'sipvicious',
    name: 'sipvicious',
    confidence: 65,
    marks: {
      kind: 'udp',
      bytes: [255],
      family: 'ipv4',
      sourcePorts: 'one',
      from: [[5060, 5069]],
      port: 5060,
      targets: { least: 24 },
      isDense: true,
      isTriedOnce: true,
    },
    source:
      'svmap.py: one long SIP request to each address of a range, from 5060 or the next free port. Proxies retry.',
  },
] as const satisfies readonly Tool[];

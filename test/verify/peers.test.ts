/** The re-implemented rules hold to what their systems publish: limit, window, and the fields that they filter by. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { allShapes } from '../../verify/coverage/shapes.ts';
import { broSimpleScan } from '../../verify/peers/bro-simple-scan.ts';
import { crowdsec } from '../../verify/peers/crowdsec.ts';
import { EXPECTED } from '../../verify/peers/expected.ts';
import { gcpCsa } from '../../verify/peers/gcp-csa.ts';
import { naiveReject } from '../../verify/peers/naive-reject.ts';
import { panther } from '../../verify/peers/panther.ts';
import { type FlowRecord, readRecords } from '../../verify/peers/record.ts';
import type { Rule } from '../../verify/peers/rule.ts';
import { RULES } from '../../verify/peers/rules.ts';
import { sentinel } from '../../verify/peers/sentinel.ts';
import { sigwood } from '../../verify/peers/sigwood.ts';
import { silkRwscan } from '../../verify/peers/silk-rwscan.ts';
import { slips } from '../../verify/peers/slips.ts';
import { snort3Medium } from '../../verify/peers/snort3.ts';
import { splunkHorizontal, splunkVertical } from '../../verify/peers/splunk.ts';
import { sumoReject } from '../../verify/peers/sumo.ts';
import { zeekScan } from '../../verify/peers/zeek-scan.ts';
import {
  alarmsOf,
  answered,
  INSIDE,
  OUTSIDE,
  RST,
  row,
  rows,
  START,
  SYN_ACK,
  TARGET,
  toHosts,
  toPorts,
} from './rows.ts';

const HOUR = 3600;
const lateral = { source: INSIDE, packetSource: INSIDE };
const accepted = { rejected: false };

/** One line of the table: a rule, what it is shown, and how many alarms that is. */
type Case = readonly [string, Rule, readonly FlowRecord[], number];

const cases: readonly Case[] = [
  ['9 ports', panther, rows(9, toPorts({ egress: true })), 0],
  ['10 ports', panther, rows(10, toPorts({ egress: true })), 1],
  [
    '10 ports, one of them common',
    panther,
    [...rows(9, toPorts({ egress: true })), row(1, { egress: true, targetPort: 443 })],
    0,
  ],
  ['10 ports in ingress records', panther, rows(10, toPorts()), 0],
  [
    '10 ports of two hosts',
    panther,
    rows(10, (n) => ({ egress: true, targetPort: 1001 + n, target: `10.0.1.${n % 2}` })),
    0,
  ],
  ['10 ports in 59 minutes', panther, rows(10, toPorts({ egress: true }), { interval: 393 }), 1],
  ['10 ports in 68 minutes', panther, rows(10, toPorts({ egress: true }), { interval: 450 }), 0],
  [
    '80 answers of a server to one client',
    panther,
    rows(80, (n) => ({ ...accepted, egress: true, sourcePort: 8443, targetPort: 40_000 + n })),
    1,
  ],

  ['249 hosts', splunkHorizontal, rows(249, toHosts(lateral)), 0],
  ['250 hosts', splunkHorizontal, rows(250, toHosts({ ...lateral, ...accepted })), 1],
  ['250 hosts from outside', splunkHorizontal, rows(250, toHosts()), 0],
  ['250 hosts over the full hour', splunkHorizontal, rows(250, toHosts(lateral), { from: HOUR - 125, interval: 1 }), 0],
  ['499 ports', splunkVertical, rows(499, toPorts(lateral, 1)), 0],
  ['500 ports', splunkVertical, rows(500, toPorts(lateral, 1)), 1],
  ['500 ports, 19 of them privileged', splunkVertical, rows(500, toPorts(lateral, 1024 - 19)), 0],
  ['500 ports, 20 of them privileged', splunkVertical, rows(500, toPorts(lateral, 1024 - 20)), 1],

  ['50 ports', sentinel, rows(50, toPorts()), 0],
  ['51 ports of any host', sentinel, rows(51, (n) => ({ targetPort: n + 1, target: `10.0.1.${n}` })), 1],
  ['51 ports from inside', sentinel, rows(51, toPorts(lateral)), 0],
  ['51 ports over the end of a bin', sentinel, rows(51, toPorts(), { from: 280, interval: 1 }), 0],

  ['10 hosts', gcpCsa, rows(10, toHosts(accepted)), 0],
  ['11 hosts that all answer', gcpCsa, rows(11, toHosts(accepted)), 1],
  ['11 ports', gcpCsa, rows(11, toPorts()), 1],

  ['24 ports', sumoReject, rows(24, toPorts()), 0],
  ['25 ports', sumoReject, rows(25, toPorts()), 1],
  ['25 hosts', sumoReject, rows(25, toHosts()), 1],
  ['25 ports, accepted', sumoReject, rows(25, toPorts(accepted)), 0],
  ['25 ports over the end of a bin', sumoReject, rows(25, toPorts(), { from: 290, interval: 1 }), 1],
  ['25 ports in more than 5 minutes', sumoReject, rows(25, toPorts(), { interval: 13 }), 0],

  ['19 pairs', naiveReject, rows(19, toPorts()), 0],
  ['20 pairs', naiveReject, rows(20, toPorts()), 1],
  ['one pair 100 times', naiveReject, rows(100, () => ({})), 0],
  ['20 pairs, accepted', naiveReject, rows(20, toPorts(accepted)), 0],

  ['15 ports', crowdsec, rows(15, toPorts()), 0],
  ['16 ports', crowdsec, rows(16, toPorts()), 1],
  ['16 ports, accepted', crowdsec, rows(16, toPorts(accepted)), 0],
  ['16 UDP ports', crowdsec, rows(16, toPorts({ protocol: 17 })), 0],
  ['16 hosts on one port', crowdsec, rows(16, toHosts()), 0],
  ['200 ports, one in 5 seconds', crowdsec, rows(200, toPorts(), { interval: 5 }), 0],
  ['200 ports, one in 4 seconds', crowdsec, rows(100, toPorts(), { interval: 4 }), 1],

  ['14 ports', zeekScan, rows(14, toPorts()), 0],
  ['15 ports', zeekScan, rows(15, toPorts()), 1],
  ['24 hosts', zeekScan, rows(24, toHosts()), 0],
  ['25 hosts', zeekScan, rows(25, toHosts()), 1],
  ['15 open ports', zeekScan, rows(15, toPorts()).flatMap((probe) => answered(probe, SYN_ACK)), 0],
  ['15 closed ports', zeekScan, rows(15, toPorts()).flatMap((probe) => answered(probe, RST)), 1],
  ['15 ports without SYN', zeekScan, rows(15, toPorts({ flags: 1 })), 0],
  ['28 ports over the end of an epoch', zeekScan, rows(28, toPorts(), { from: 286, interval: 1 }), 0],
  [
    'two hosts in an hour',
    zeekScan,
    [...rows(15, toPorts()), ...rows(15, toPorts({ target: '10.0.1.2', packetTarget: '10.0.1.2' }), { from: 600 })],
    1,
  ],

  ['249 pairs from inside', broSimpleScan, rows(249, toHosts(lateral)), 0],
  ['250 pairs from inside', broSimpleScan, rows(250, toHosts(lateral)), 1],
  ['24 ports from outside', broSimpleScan, rows(24, toPorts()), 0],
  ['25 ports from outside', broSimpleScan, rows(25, toPorts()), 1],
  ['19 hosts on one port from outside', broSimpleScan, rows(19, toHosts()), 0],
  ['20 hosts on one port from outside', broSimpleScan, rows(20, toHosts()), 1],
  ['25 ports, one in 15 minutes', broSimpleScan, rows(25, toPorts(), { interval: 900 }), 1],
  ['25 ports, one in 16 minutes', broSimpleScan, rows(25, toPorts(), { interval: 960 }), 0],
  ['answers without a SYN to 100 hosts', broSimpleScan, rows(100, toHosts({ flags: SYN_ACK, sourcePort: 443 })), 0],

  ['3 dead hosts', silkRwscan, rows(3, toHosts()), 0],
  ['4 dead hosts', silkRwscan, rows(4, toHosts()), 1],
  [
    '4 dead hosts behind a living one',
    silkRwscan,
    [...living('10.0.1.9'), row(0, { target: '10.0.1.9' }), ...rows(4, toHosts())],
    0,
  ],
  [
    '5 dead hosts behind a living one',
    silkRwscan,
    [...living('10.0.1.9'), row(0, { target: '10.0.1.9' }), ...rows(5, toHosts())],
    1,
  ],
  ['3 dead hosts, a living one, 5 dead ones', silkRwscan, [...living('10.0.2.3'), ...rows(9, toHosts())], 1],
  ['4 dead hosts and one conversation before', silkRwscan, [row(0, { flags: 3 }), ...rows(4, toHosts())], 0],

  ['199 unanswered ports', snort3Medium, rows(199, toPorts()), 0],
  ['200 unanswered ports', snort3Medium, rows(200, toPorts()), 1],
  ['200 unanswered ports in 200 seconds', snort3Medium, rows(200, toPorts(), { interval: 1 }), 0],
  ['14 resets', snort3Medium, rows(14, toPorts()).flatMap((probe) => answered(probe, RST)), 0],
  ['15 resets', snort3Medium, rows(15, toPorts()).flatMap((probe) => answered(probe, RST)), 1],
  ['29 unanswered hosts', snort3Medium, rows(29, toHosts()), 0],
  ['30 unanswered hosts', snort3Medium, rows(30, toHosts()), 1],

  ['14 ports', sigwood, rows(14, toPorts()), 0],
  ['15 ports', sigwood, rows(15, toPorts()), 1],
  ['15 hosts on one port', sigwood, rows(15, toHosts()), 1],
  ['15 ports, 3 of them failing', sigwood, mostlyOpen(15, 3), 1],
  ['15 ports, 2 of them failing', sigwood, mostlyOpen(15, 2), 0],
  ['15 ports in an hour over the full hour', sigwood, rows(15, toPorts(), { from: 1800, interval: 240 }), 1],
  ['15 ports in more than an hour', sigwood, rows(15, toPorts(), { interval: 258 }), 0],
  ['8 ports in 4 hours', sigwood, rows(8, toPorts(), { interval: 1800 }), 1],
  ['7 ports in 4 hours', sigwood, rows(7, toPorts(), { interval: 2058 }), 0],

  ['9 ports', slips, rows(9, toPorts()), 0],
  ['10 ports', slips, rows(10, toPorts()), 1],
  ['100 ports', slips, rows(100, toPorts()), 2],
  ['10 hosts on one UDP port', slips, rows(10, toHosts({ protocol: 17, flags: 0, ...accepted })), 1],
  ['10 open ports', slips, rows(10, toPorts()).flatMap((probe) => answered(probe, SYN_ACK)), 0],
  ['18 ports over the full hour', slips, rows(18, toPorts(), { from: HOUR - 9, interval: 1 }), 0],
];

/** Something that this host sent, by which it is known to exist. */
function living(host: string): FlowRecord[] {
  return [
    row(0, { source: host, packetSource: host, target: OUTSIDE, packetTarget: OUTSIDE, rejected: false, flags: 3 }),
  ];
}

function mostlyOpen(count: number, failing: number): FlowRecord[] {
  return rows(count, toPorts({}, 1)).flatMap((probe, n) => (n < failing ? [probe] : answered(probe, SYN_ACK)));
}

describe('published limits', () => {
  test.each(cases.map(([what, rule, records, count]) => ({ what, rule, records, count })))(
    '$rule.name: $what: $count',
    ({ rule, records, count }) => {
      expect(alarmsOf(rule, records)).toHaveLength(count);
    },
  );

  test('every rule is held to both sides of its limit', () => {
    for (const rule of RULES)
      expect(new Set(cases.filter(([, of]) => of === rule).map(([, , , count]) => count > 0))).toEqual(
        new Set([true, false]),
      );
  });

  test('an alarm says who, whom and when it could have been told', () => {
    expect(alarmsOf(zeekScan, rows(15, toPorts(), { interval: 1 }))).toEqual([
      { source: OUTSIDE, target: TARGET, at: START + 14, kind: 'vertical' },
    ]);
  });

  test('each rule has a row that it is held against', () => {
    expect(RULES.map(({ name }) => name)).toEqual(Object.keys(EXPECTED));
  });
});

describe('on the shapes, as the comparison that was published with the thresholds has it', () => {
  const named = (name: string) => readRecords(readFileSync(allShapes().find((shape) => shape.name === name)!.path));
  const whoFires = (name: string, source: string) => {
    const records = named(name);
    return RULES.filter((rule) => alarmsOf(rule, records).some((alarm) => alarm.source === source)).map(
      ({ name }) => name,
    );
  };

  test('backscatter sets off whoever ignores flags, and no rule that looks for a SYN', () => {
    expect(whoFires('fp6-backscatter', '141.35.175.51')).toEqual([
      'sentinel',
      'gcp-csa',
      'sumo-reject',
      'naive-reject-20',
      'crowdsec',
    ]);
  });

  test('a stale service list splits the field', () => {
    expect(whoFires('fp10-stale-discovery', '10.66.10.39')).toEqual([
      'gcp-csa',
      'sumo-reject',
      'naive-reject-20',
      'zeek-scan',
      'snort3-medium',
      'sigwood',
      'slips',
    ]);
  });

  test('a sweep of open ports is seen by nobody but who counts everything', () => {
    expect(whoFires('h4-sweep-all-answer', '10.185.210.118')).toEqual(['gcp-csa']);
  });
});

describe('the reader', () => {
  const text = (lines: readonly string[]) => Buffer.from(`${lines.join('\n')}\n`);

  test('takes the default format without a header line', () => {
    const [record, ...others] = readRecords(
      text([
        '2 123456789012 eni-1 10.0.0.7 10.0.1.1 40000 22 6 3 180 1767225600 1767225659 REJECT OK',
        '2 123456789012 eni-1 - - - - - - - 1767225600 1767225659 - NODATA',
      ]),
    );
    expect(others).toEqual([]);
    expect(record).toEqual({
      ...row(0, { source: INSIDE, end: START + 59, packets: 3, bytes: 180, vpc: '-', subnet: '-' }),
      flags: undefined,
      egress: undefined,
    });
  });

  test('takes columns in any order, and the address of the packet where there is one', () => {
    const [record] = readRecords(
      text([
        'end start srcaddr pkt-srcaddr dstaddr pkt-dstaddr srcport dstport protocol action log-status tcp-flags packets bytes flow-direction',
        '1767225659 1767225600 10.0.0.7 10.0.9.9 10.0.1.1 - 40000 22 6 ACCEPT OK 3 1 44 egress',
      ]),
    );
    expect(record).toMatchObject({
      packetSource: '10.0.9.9',
      packetTarget: '10.0.1.1',
      flags: 3,
      egress: true,
      rejected: false,
    });
  });
});

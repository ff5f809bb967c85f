/** One line to one record: every field, every "-", and each kind of value that is refused. */
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_FIELDS } from '../../../lib/flowlog/fields.ts';
import {
  ACCEPT,
  type Action,
  EGRESS,
  INGRESS,
  NO_ACTION,
  NO_DIRECTION,
  NO_FLAGS,
  REJECT,
} from '../../../lib/flowlog/record.ts';
import { columnTexts } from '../../../lib/flowlog/row-reader.ts';
import type { SkipReason } from '../../../lib/flowlog/skipped.ts';
import fc from '../../properties.ts';
import { read, skips } from './recorder.ts';
import { ALL_FIELDS, line, log, START, TRANSIT_GATEWAY_FIELDS, type Values } from './sample-logs.ts';

const only = async (values: Values, fields: readonly string[] = ALL_FIELDS) => {
  const { report, records } = await read(log([values], fields));
  expect(report).toMatchObject({ lines: 2, records: 1, skipped: [] });
  return records[0]!;
};

describe('A record', () => {
  test('holds what detection reads of all 54 fields', async () => {
    expect(await only({})).toEqual({
      source: '10.0.7.7',
      target: '10.0.8.8',
      interfaceSource: '10.0.0.1',
      interfaceTarget: '10.0.1.1',
      interfaceId: 'eni-0a1',
      sourcePort: 40_000,
      targetPort: 443,
      protocol: 6,
      packets: 3,
      bytes: 180,
      start: START,
      end: START + 20,
      action: ACCEPT,
      tcpFlags: 2,
      direction: EGRESS,
      identity: {
        'account-id': '123456789012',
        'vpc-id': 'vpc-1',
        'subnet-id': 'subnet-1',
        'instance-id': 'i-1',
        region: 'eu-central-1',
        'ecs-task-id': 'task-1',
        'interface-type': 'nat_gateway',
      },
    });
  });

  test('is the same in any order of the fields', async () => {
    const expected = await only({});
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...ALL_FIELDS], { minLength: ALL_FIELDS.length }), async (fields) => {
        expect(await only({}, fields)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('has nothing from fields that do not exist yet', async () => {
    const fields = ['field-of-2030', ...ALL_FIELDS, 'another_one'];
    expect(await only({ 'field-of-2030': '77', another_one: 'x' }, fields)).toEqual(await only({}));
  });

  test('takes the addresses of the interface where the packet has none', async () => {
    expect(await only({ 'pkt-srcaddr': '-', 'pkt-dstaddr': '-' })).toMatchObject({
      source: '10.0.0.1',
      target: '10.0.1.1',
    });
    expect(await only({ srcaddr: '-', dstaddr: '-' })).toMatchObject({ source: '10.0.7.7', interfaceSource: '-' });
  });

  test('reads IPv6 addresses and writes them in one way', async () => {
    const values = { srcaddr: '2001:DB8:0:0::1', 'pkt-srcaddr': '::ffff:10.1.1.1', 'pkt-dstaddr': 'fd00::0:1' };
    expect(await only(values)).toMatchObject({
      interfaceSource: '2001:db8::1',
      source: '10.1.1.1',
      target: 'fd00::1',
    });
  });

  test.each([
    ['action', 'REJECT', { action: REJECT }],
    ['flow-direction', 'ingress', { direction: INGRESS }],
    ['flow-direction', '-', { direction: NO_DIRECTION }],
    ['flow-direction', 'sideways', { direction: NO_DIRECTION }],
    ['tcp-flags', '-', { tcpFlags: NO_FLAGS }],
    ['tcp-flags', '63', { tcpFlags: 63 }],
    ['packets', '-', { packets: 0 }],
    ['bytes', '-', { bytes: 0 }],
    ['bytes', '9007199254740991', { bytes: Number.MAX_SAFE_INTEGER }],
    ['interface-id', '-', { interfaceId: '-' }],
    ['start', '-', { start: START + 20, end: START + 20 }],
    ['end', '-', { start: START, end: START }],
    ['srcport', '0', { sourcePort: 0 }],
    ['dstport', '65535', { targetPort: 65_535 }],
  ])('with %s "%s" reads it as such', async (field, value, expected) => {
    expect(await only({ [field]: value })).toMatchObject(expected);
  });

  test('of a protocol without ports may have "-" for them', async () => {
    expect(await only({ protocol: '1', srcport: '-', dstport: '-' })).toMatchObject({ sourcePort: 0, targetPort: 0 });
  });
});

describe('A line with "-"', () => {
  const needed = ['protocol', 'srcport', 'dstport', 'action', 'log-status'];

  test.each(ALL_FIELDS)('for %s is read, or skipped where detection needs the field', async (field) => {
    const { report } = await read(log([{ [field]: '-' }, {}], ALL_FIELDS));
    expect(report.records).toBe(needed.includes(field) ? 1 : 2);
    expect(skips(report)).toEqual(
      !needed.includes(field) ? {} : field === 'log-status' ? { 'bad status': 1 } : { 'missing value': 1 },
    );
  });

  test.each(['srcaddr', 'dstaddr'])('for %s is skipped where the log has no packet addresses', async (field) => {
    const { report } = await read(log([{ [field]: '-' }, {}]));
    expect(skips(report)).toEqual({ 'missing value': 1 });
  });

  test('for both times is skipped', async () => {
    const { report } = await read(log([{ start: '-', end: '-' }, {}]));
    expect(skips(report)).toEqual({ 'missing value': 1 });
  });
});

describe('A line of TCP or UDP without a port', () => {
  test.each(['6', '17'])('is skipped (protocol %s)', async (protocol) => {
    const { report } = await read(log([{ protocol, srcport: '-' }, { protocol, dstport: '-' }, {}]));
    expect(skips(report)).toEqual({ 'missing value': 2 });
  });
});

describe('A line is skipped under its reason', () => {
  const refused: readonly [SkipReason, Values][] = [
    ['bad address', { srcaddr: '999.1.1.1' }],
    ['bad address', { dstaddr: '10.0.0' }],
    ['bad address', { dstaddr: '1.2.3.4.5' }],
    ['bad address', { dstaddr: '.1.2.3' }],
    ['bad address', { dstaddr: '010.0.0.1' }],
    ['bad address', { srcaddr: '1:2:3' }],
    ['bad address', { srcaddr: `${'0'.repeat(60)}::1` }],
    ['bad port', { dstport: '100000000' }],
    ['bad port', { srcport: '65536' }],
    ['bad port', { srcport: '-1' }],
    ['bad port', { dstport: 'http' }],
    ['bad protocol', { protocol: '256' }],
    ['bad protocol', { protocol: 'tcp' }],
    ['bad number', { packets: '-3' }],
    ['bad number', { bytes: '1e9' }],
    ['bad number', { bytes: '99999999999999999999' }],
    ['bad time', { start: '1515713491200', end: '1515713491260' }],
    ['bad time', { start: '0', end: '60' }],
    ['bad time', { end: '-5' }],
    ['bad time', { end: 'soon' }],
    ['end before start', { start: String(START + 21) }],
    ['bad action', { action: 'accept' }],
    ['bad action', { action: 'DROP' }],
    ['bad status', { 'log-status': 'FINE' }],
    ['too many columns', { 'log-status': 'OK OK' }],
    ['too many columns', { 'log-status': 'x '.repeat(300) }],
    ['too few columns', { 'log-status': '' }],
  ];

  test.each(refused)('"%s": %j', async (reason, values) => {
    const { report, records } = await read(log([{}, values, {}]));
    expect(skips(report)).toEqual({ [reason]: 1 });
    expect(report.skipped[0]!.firstLine).toBe(3);
    expect(
      line(values)
        .trimEnd()
        .startsWith(report.skipped[0]!.excerpt.replace(/\.\.\.$/, '')),
    ).toBe(true);
    expect(report).toMatchObject({ lines: 4, records: 2 });
    expect(records[1]).toEqual(records[0]);
  });

  test('"bad number" for invalid flags', async () => {
    const { report } = await read(log([{}, { 'tcp-flags': 'SYN' }], ALL_FIELDS));
    expect(skips(report)).toEqual({ 'bad number': 1 });
  });
});

describe('NODATA and SKIPDATA rows', () => {
  const dashes = Object.fromEntries(DEFAULT_FIELDS.slice(3, 10).map((field) => [field, '-']));

  test('are counted and handed on with their interface and times, and are no records', async () => {
    const { report, statuses } = await read(
      log([
        { ...dashes, action: '-', 'log-status': 'NODATA' },
        { ...dashes, action: '-', 'log-status': 'SKIPDATA', 'interface-id': 'eni-9' },
      ]),
    );
    expect(report).toMatchObject({ lines: 3, records: 0, noData: 1, skipData: 1, skipped: [] });
    expect(report.error).toBeUndefined();
    expect(statuses).toEqual([
      { status: 'NODATA', interfaceId: 'eni-0a1', start: START, end: START + 20 },
      { status: 'SKIPDATA', interfaceId: 'eni-9', start: START, end: START + 20 },
    ]);
  });
});

test('The columns of a line are read as text by their places, "-" and those beyond the last as none', () => {
  const bytes = Buffer.from('before  one \t - \u00fcber\r\nafter');
  const text = columnTexts(bytes, 'before'.length, bytes.indexOf('\n'));
  expect([-1, 0, 1, 2, 3].map(text)).toEqual([undefined, 'one', undefined, '\u00fcber', undefined]);
});

describe('A Transit Gateway log', () => {
  test('is read for what it holds: addresses, ports, flags, and no action', async () => {
    const { report, records, layouts } = await read(log([{ 'tcp-flags': '18' }], TRANSIT_GATEWAY_FIELDS));
    expect(report).toMatchObject({ records: 1, skipped: [] });
    expect(records[0]).toMatchObject({
      source: '10.0.0.1',
      target: '10.0.1.1',
      targetPort: 443,
      action: NO_ACTION,
      tcpFlags: 18,
      direction: EGRESS,
      interfaceId: '-',
    });
    expect(layouts.map(({ kind }) => kind)).toEqual(['transit-gateway']);
  });

  test.each<[field: string, value: string, action: Action]>([
    ['packets-lost-no-route', '3', REJECT],
    ['packets-lost-blackhole', '1', REJECT],
    ['packets-lost-no-route', '0', NO_ACTION],
    ['packets-lost-blackhole', '-', NO_ACTION],
    ['packets-lost-ttl-expired', '2', NO_ACTION],
    ['packets-lost-mtu-exceeded', '2', NO_ACTION],
  ])('with %s of %s has an action accordingly', async (field, value, action) => {
    const { records } = await read(log([{ [field]: value }], TRANSIT_GATEWAY_FIELDS));
    expect(records.map((record) => record.action)).toEqual([action]);
  });

  test('with an unreadable count of lost packets is skipped', async () => {
    const { report } = await read(log([{ 'packets-lost-no-route': 'some' }], TRANSIT_GATEWAY_FIELDS));
    expect(report.skipped).toMatchObject([{ reason: 'bad number', count: 1 }]);
  });
});

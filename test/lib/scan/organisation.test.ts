/**
 * The logs of an organization in one bucket: accounts, Regions, text and Parquet, VPCs and Transit Gateways, all read as
 * one body of evidence.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import { isFlowLogKey } from '../../../lib/flowlog/object-key.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { parquet } from '../flowlog/parquet-writing.ts';
import { TRANSIT_GATEWAY_FIELDS } from '../flowlog/sample-logs.ts';
import { FULL_FORMAT, findingsOf, horizontal, logText, NOON, probe, type Row, row, vertical } from './traffic.ts';

const [WEB, SHOP, NETWORK] = ['111111111111', '222222222222', '333333333333'];
/** A private address that exists in both accounts. */
const TWIN = '10.0.3.22';
const OUTSIDE = '198.51.100.7';

const inParquet = (rows: readonly Row[]): Uint8Array => {
  const fields = FULL_FORMAT.split(' ');
  const texts = rows.map((each) => Object.fromEntries(fields.map((field) => [field, String(each[field] ?? '-')])));
  return parquet(texts, { fields });
};
const inText = (rows: readonly Row[], format = FULL_FORMAT): Uint8Array => Buffer.from(logText(rows, format));

/** Records of one VPC. Its interfaces have names of their own. */
const of = (accountId: string, region: string, vpcId: string, rows: readonly Row[]): Row[] =>
  rows.map((each) => ({
    ...each,
    'account-id': accountId,
    region,
    'vpc-id': vpcId,
    'interface-id': `${each['interface-id']}-${vpcId}`,
  }));

/** The scanner from outside tries one port of two hosts of a VPC. All VPCs use the same addresses. */
const scanned = (accountId: string, region: string, vpcId: string, port: number): Row[] =>
  of(
    accountId,
    region,
    vpcId,
    ['10.0.9.1', '10.0.9.2'].flatMap((to) =>
      probe({ from: OUTSIDE, to, port, at: NOON, fate: 'rejected', seenBy: 'target' }),
    ),
  );

/** As a Transit Gateway logs it: without interface and action, with the packets that it lost. */
const throughGateway = (rows: readonly Row[], lost: Row): Uint8Array => {
  const logged = rows.map((each) => ({ ...each, 'account-id': NETWORK, 'tgw-id': 'tgw-1', version: 6, ...lost }));
  return inText(logged, TRANSIT_GATEWAY_FIELDS.join(' '));
};

const ports = Array.from({ length: 15 }, (_, n) => 1000 + n);
/** Plain, Hive-style and hourly folders, as the keys of the same bucket. */
const FILES: Readonly<Record<string, Uint8Array>> = {
  [`AWSLogs/${WEB}/vpcflowlogs/eu-west-1/2026/09/01/scan.log.gz`]: inText(
    of(WEB, 'eu-west-1', 'vpc-web', vertical(40, { from: TWIN, fate: 'rejected' })),
  ),
  [`AWSLogs/aws-account-id=${SHOP}/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=09/day=01/hour=12/work.parquet`]:
    inParquet(of(SHOP, 'us-east-1', 'vpc-shop', vertical(40, { from: TWIN, fate: 'established', firstPort: 5000 }))),
  ...Object.fromEntries(
    ports.map((port, at) => {
      const [account, region] = at % 2 ? [WEB!, 'eu-west-1'] : [SHOP!, 'us-east-1'];
      const rows = scanned(account, region, `vpc-${at}`, port);
      return [
        `AWSLogs/${account}/vpcflowlogs/${region}/2026/09/01/12/${at}.${at % 3 ? 'log.gz' : 'parquet'}`,
        at % 3 ? inText(rows) : inParquet(rows),
      ];
    }),
  ),
  [`AWSLogs/aws-account-id=${NETWORK}/service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=09/day=01/tgw.log.gz`]:
    throughGateway(horizontal(40, { from: '10.7.7.7', network: '10.99.0', fate: 'unanswered' }), {
      'packets-lost-no-route': 1,
      'packets-lost-blackhole': 0,
    }),
};

async function readAll(
  files: Readonly<Record<string, Uint8Array>>,
  routingDomains: Readonly<Record<string, readonly string[]>> = {},
): Promise<Finding[]> {
  const collector = new Collector({ key: hashKey('a test'), routingDomains });
  for (const [key, bytes] of Object.entries(files)) await readFlowLog(bufferSource(key, Buffer.from(bytes)), collector);
  return findingsOf(collector);
}

describe('the logs of several accounts and Regions', () => {
  let findings: Finding[];
  beforeAll(async () => {
    findings = await readAll(FILES);
  });
  const by = (address: string) => findings.filter(({ source }) => source?.address === address);

  test('are flow logs by their keys, in every layout', () => {
    expect(Object.keys(FILES).filter((key) => !isFlowLogKey(key))).toEqual([]);
  });

  test('hold a scan by an address that works in peace in another account', () => {
    expect(by(TWIN)).toMatchObject([
      { kind: 'vertical-scan', source: { scope: WEB, accountId: WEB, vpcId: 'vpc-web' }, contacts: { rejected: 40 } },
    ]);
  });

  test('show one scanner from outside that every VPC sees as one source', () => {
    expect(by(OUTSIDE)).toMatchObject([{ direction: 'inbound', source: { scope: 'internet' }, ports: { count: 15 } }]);
  });

  test('show contacts to addresses that no route leads to as failed at once', () => {
    expect(by('10.7.7.7')).toMatchObject([
      { kind: 'horizontal-scan', direction: 'lateral', targets: { count: 40 }, contacts: { rejected: 40, failed: 40 } },
    ]);
    expect(by('10.7.7.7')[0]!.dataQuality.join()).toContain('transit gateway log');
  });

  test('give the same findings in any order', async () => {
    const ids = (some: readonly Finding[]) => some.map(({ id }) => id).sort();
    const reversed = await readAll(Object.fromEntries(Object.entries(FILES).reverse()));
    expect(ids(reversed)).toEqual(ids(findings));
  });
});

describe('a Transit Gateway', () => {
  const sweep = horizontal(40, { from: '10.7.7.7', network: '10.99.0', fate: 'unanswered' });
  const outcomes = async (lost: Row) =>
    (await readAll({ tgw: throughGateway(sweep, lost) })).map((each) => each.contacts);

  test('that drops packets into a blackhole route shows failed contacts', async () => {
    expect(await outcomes({ 'packets-lost-blackhole': 2 })).toMatchObject([{ rejected: 40, unanswered: 0 }]);
  });

  test('that lost packets for another reason shows no rejected contact', async () => {
    const [contacts] = await outcomes({ 'packets-lost-mtu-exceeded': 2, 'packets-lost-no-route': 0 });
    expect(contacts?.rejected ?? 0).toBe(0);
  });

  test('that has no route for replies does not make the one who answers a scanner', async () => {
    const answers = sweep.map((each, n) =>
      row({ ...each, srcaddr: '10.99.0.1', dstaddr: '10.7.7.7', srcport: 443, dstport: 40_000 + n, 'tcp-flags': 18 }),
    );
    expect(await readAll({ tgw: throughGateway(answers, { 'packets-lost-no-route': 1 }) })).toEqual([]);
  });
});

describe('the ends of a Transit Gateway', () => {
  const between = (from: string, to: string): Row => ({
    'tgw-src-vpc-id': from,
    'tgw-src-vpc-account-id': from === 'vpc-web' ? WEB : SHOP,
    'tgw-dst-vpc-id': to,
    'tgw-dst-vpc-account-id': to === 'vpc-web' ? WEB : SHOP,
  });
  const scan = (ports: number) => vertical(ports, { from: TWIN, to: '10.0.9.9', fate: 'reset' });
  /** The same records with both directions, as the gateway sees them between two VPCs. */
  const through = (rows: readonly Row[], there: Row, back: Row): Uint8Array =>
    throughGateway(
      rows.map((each) => ({ ...each, ...(each.srcaddr === TWIN ? there : back) })),
      {},
    );
  const scanOf = (from: string, to: string, rows = scan(40)) => through(rows, between(from, to), between(to, from));
  const sources = (findings: readonly Finding[]) =>
    findings.map(({ source, contacts }) => [source?.scope, source?.address, contacts.reset]).sort();

  test('have the accounts of their VPCs, and answers find their contact', async () => {
    expect(sources(await readAll({ tgw: scanOf('vpc-web', 'vpc-shop') }))).toEqual([[WEB, TWIN, 40]]);
  });

  test('keep equal addresses of two VPCs apart', async () => {
    const files = { a: scanOf('vpc-web', 'vpc-shop'), b: scanOf('vpc-shop', 'vpc-web', scan(30)) };
    expect(sources(await readAll(files))).toEqual([
      [WEB, TWIN, 40],
      [SHOP, TWIN, 30],
    ]);
  });

  test('have the routing domains of their VPCs', async () => {
    const files = { a: scanOf('vpc-one', 'vpc-two'), b: scanOf('vpc-three', 'vpc-two', scan(30)) };
    const domains = { apart: ['vpc-three'], joined: ['vpc-one', 'vpc-two'] };
    expect(sources(await readAll(files, domains))).toEqual([
      ['apart', TWIN, 30],
      ['joined', TWIN, 40],
    ]);
  });

  test('are the same sources and contacts as in the logs of their VPCs', async () => {
    const rows = scan(40);
    const own = inText(of(WEB, 'eu-west-1', 'vpc-web', rows));
    const both = await readAll({ own, tgw: scanOf('vpc-web', 'vpc-shop', rows) });
    expect(sources(both)).toEqual([[WEB, TWIN, 40]]);
    expect(sources(await readAll({ tgw: scanOf('vpc-web', 'vpc-shop', rows), own }))).toEqual(sources(both));
  });

  test('outside any VPC belong to the account of the gateway', async () => {
    const none = {
      'tgw-src-vpc-id': '-',
      'tgw-src-vpc-account-id': '-',
      'tgw-dst-vpc-id': '-',
      'tgw-dst-vpc-account-id': '-',
    };
    expect(sources(await readAll({ tgw: through(scan(40), none, none) }))).toEqual([[NETWORK, TWIN, 40]]);
  });
});

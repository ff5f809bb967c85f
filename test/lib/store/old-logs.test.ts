/** Listing old flow logs, against a server that answers as S3 does. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { listOldLogs } from '../../../lib/store/old-logs.ts';

const FOLDER = 'AWSLogs/123456789012/vpcflowlogs/eu-west-1';
const key = (day: string, name = 'a') =>
  `${FOLDER}/${day.replaceAll('-', '/')}/123456789012_vpcflowlogs_eu-west-1_fl-0a1b2c3d_${day.replaceAll('-', '')}T1200Z_${name}.log.gz`;

let objects: readonly { key: string; storage?: string; restored?: string; size?: number }[] = [];
let asked: URL[] = [];
let server: Server;
let client: S3Client;
beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://s3');
    asked.push(url);
    // Two keys a page.
    const at = Number(url.searchParams.get('continuation-token') ?? 0);
    const contents = objects
      .slice(at, at + 2)
      .map(
        ({ key, storage = 'STANDARD', restored, size = 100 }) =>
          `<Contents><Key>${key}</Key><Size>${size}</Size><StorageClass>${storage}</StorageClass>${restored ? `<RestoreStatus>${restored}</RestoreStatus>` : ''}</Contents>`,
      );
    const next = at + 2 < objects.length ? `<NextContinuationToken>${at + 2}</NextContinuationToken>` : '';
    response.end(
      `<?xml version="1.0"?><ListBucketResult><IsTruncated>${next !== ''}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
});
afterAll(() => {
  client.destroy();
  server.close();
});

const list = (listed: typeof objects) => {
  objects = listed;
  asked = [];
  return listOldLogs(client, { bucket: 'logs', prefix: 'AWSLogs/', from: '2026-08-02', to: '2026-08-03' });
};

test('lists the days from the first to the last, over all pages', async () => {
  const days = ['2026-08-01', '2026-08-02', '2026-08-03', '2026-08-04'];
  const { logs, requests } = await list(days.map((day) => ({ key: key(day) })));
  expect(logs).toEqual([
    { key: key('2026-08-02'), size: 100 },
    { key: key('2026-08-03'), size: 100 },
  ]);
  expect(requests).toBe(2);
  expect(asked[0]!.searchParams.get('prefix')).toBe('AWSLogs/');
});

test('leaves out logs of other services, empty and hidden files, and counts those without a day', async () => {
  const { logs, withoutDay } = await list([
    { key: 'AWSLogs/123456789012/CloudTrail/eu-west-1/2026/08/02/x.json.gz' },
    { key: key('2026-08-02'), size: 0 },
    { key: 'AWSLogs/.tmp/2026/08/02/x.log.gz' },
    { key: 'AWSLogs/copy.log.gz' },
  ]);
  expect([logs, withoutDay]).toEqual([[], 1]);
});

test('counts what is archived by storage class, unless it was restored', async () => {
  const until = '<RestoreExpiryDate>2026-12-01T00:00:00Z</RestoreExpiryDate>';
  const { logs, archived, firstArchived } = await list([
    { key: key('2026-08-02', 'a'), storage: 'GLACIER' },
    { key: key('2026-08-02', 'b'), storage: 'DEEP_ARCHIVE' },
    { key: key('2026-08-02', 'c'), storage: 'GLACIER', restored: '<IsRestoreInProgress>true</IsRestoreInProgress>' },
    {
      key: key('2026-08-02', 'd'),
      storage: 'GLACIER',
      restored: `<IsRestoreInProgress>false</IsRestoreInProgress>${until}`,
    },
    { key: key('2026-08-02', 'e'), storage: 'GLACIER_IR' },
    { key: key('2026-08-09', 'f'), storage: 'GLACIER' },
  ]);
  expect(Object.fromEntries(archived)).toEqual({ GLACIER: 2, DEEP_ARCHIVE: 1 });
  expect(firstArchived).toBe(key('2026-08-02', 'a'));
  expect(logs.map((log) => log.key)).toEqual([key('2026-08-02', 'd'), key('2026-08-02', 'e')]);
});

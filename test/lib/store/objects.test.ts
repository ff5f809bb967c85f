/** Objects of S3 as byte sources: what comes through, and what an object that cannot be read says to do. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TIMEOUTS } from '../../../lib/store/clients.ts';
import { ObjectError, objectSource } from '../../../lib/store/objects.ts';

let server: Server;
let s3: S3Client;
/** As in production, but for the length of the silence. */
let impatient: S3Client;
/** Ranges and versions of the requests since the last test. */
const asked: string[] = [];
beforeEach(() => {
  asked.length = 0;
});
const BODY = Buffer.from('0123456789');
const errors: Readonly<Record<string, readonly [status: number, code: string, message: string]>> = {
  gone: [404, 'NoSuchKey', 'The specified key does not exist.'],
  bucketless: [404, 'NoSuchBucket', 'The specified bucket does not exist'],
  denied: [403, 'AccessDenied', 'User: arn:aws:sts::1:assumed-role/r is not authorized to perform: s3:GetObject'],
  locked: [
    403,
    'AccessDenied',
    'User: arn:aws:sts::1:assumed-role/r is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-central-1:1:key/2',
  ],
  archived: [403, 'InvalidObjectState', "The operation is not valid for the object's storage class"],
  disabled: [400, 'KMS.DisabledException', 'arn:aws:kms:eu-central-1:1:key/2 is disabled.'],
};

/** S3's wire protocol, as far as these objects need it: the key says what happens. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const key = decodeURIComponent(new URL(request.url!, 'http://s3').pathname.split('/').slice(2).join('/'));
    const fault = errors[key];
    if (fault) {
      const [status, code, message] = fault;
      const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message>${key === 'archived' ? '<StorageClass>DEEP_ARCHIVE</StorageClass>' : ''}</Error>`;
      response.writeHead(status, { 'content-type': 'application/xml' }).end(text);
      return;
    }
    const { range: wanted = '', 'if-match': version } = request.headers;
    asked.push(`${wanted} ${version ?? ''}`.trim());
    const range = /^bytes=(\d+)-(\d*)$/.exec(wanted);
    const bytes = range ? BODY.subarray(Number(range[1]), Number(range[2] || BODY.length) + 1) : BODY;
    if (key === 'overwritten' && range) return void response.writeHead(412).end();
    // "cut" never makes progress. The others lose their connection after three bytes, again and again.
    const part = key === 'cut' ? BODY.subarray(0, asked.length > 1 ? 0 : 3) : bytes.subarray(0, 3);
    response.writeHead(range ? 206 : 200, { 'content-length': bytes.length, etag: '"v1"' });
    if (['cut', 'flaky', 'overwritten'].includes(key) && part.length < bytes.length)
      response.write(part, () => setTimeout(() => response.destroy(), 20));
    else if (key === 'silent' && part.length < bytes.length) response.write(part);
    else response.end(bytes);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const client = (timeouts: object) =>
    new S3Client({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      requestHandler: timeouts,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  s3 = client(TIMEOUTS);
  impatient = client({ ...TIMEOUTS, socketTimeout: 300 });
});
afterAll(() => {
  s3.destroy();
  impatient.destroy();
  server.close();
  server.closeAllConnections();
});

async function read(key: string, client = s3): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of objectSource(client, 'logs', key).open()!) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('an object is read whole, again, and in ranges', async () => {
  expect([await read('a b/c=d+e.log'), await read('a b/c=d+e.log')]).toEqual(['0123456789', '0123456789']);
  const range = await objectSource(s3, 'logs', 'a', 10).range!(2, 5);
  expect(Buffer.from(range).toString()).toBe('234');
});

describe('an object that', () => {
  test.each([
    ['is gone', 'gone', 'gone', 's3://logs/gone is gone: it was deleted before it could be read'],
    ['is in no bucket', 'bucketless', 'other', 's3://logs/bucketless: the bucket does not exist'],
    ['may not be read', 'denied', 'other', 's3://logs/denied: access denied. Allow the role in use s3:GetObject on it'],
    [
      'may not be decrypted',
      'locked',
      'other',
      "allow the role of this function kms:Decrypt on the bucket's key, also in the key's policy",
    ],
    [
      'is archived',
      'archived',
      'archived',
      's3://logs/archived is archived (storage class DEEP_ARCHIVE) and cannot be read before it is restored',
    ],
    ['is locked with a key that is disabled', 'disabled', 'other', 'cannot be decrypted'],
  ])('%s says so', async (_, key, trouble, message) => {
    const reading = read(key);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toBeInstanceOf(ObjectError);
    await expect(reading).rejects.toMatchObject({ trouble });
    await expect(objectSource(s3, 'logs', key, 10).range!(0, 4)).rejects.toThrow(message);
  });

  test('breaks off on the way is read on from there, if it is the same version still', async () => {
    expect(await read('flaky')).toBe('0123456789');
    expect(asked).toEqual(['', 'bytes=3- "v1"', 'bytes=6- "v1"', 'bytes=9- "v1"']);
    await expect(read('overwritten')).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
  });

  test('goes silent on the way is read on from there over another connection', async () => {
    expect(await read('silent', impatient)).toBe('0123456789');
    expect(asked).toEqual(['', 'bytes=3- "v1"', 'bytes=6- "v1"', 'bytes=9- "v1"']);
  });

  test('breaks off or goes silent within a range fails with its name after some tries', async () => {
    for (const key of ['cut', 'silent']) {
      asked.length = 0;
      await expect(objectSource(impatient, 'logs', key, 10).range!(0, 5)).rejects.toThrow(
        `s3://logs/${key}: the connection to S3 broke off or went silent`,
      );
      expect(asked).toHaveLength(6);
    }
  });

  test('breaks off again and again fails, and is not taken for a shorter one', async () => {
    await expect(read('cut')).rejects.toThrow(/aborted|terminated|socket|reset/i);
    expect(asked).toHaveLength(6);
  });
});

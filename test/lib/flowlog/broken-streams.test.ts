/** The three ways in which Node's streams hang or crash when a gzip comes over a network: each must end in an answer. */
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import type { ByteSource } from '../../../lib/flowlog/source.ts';
import { Recorder } from './recorder.ts';
import { log, rows } from './sample-logs.ts';

const text = log(rows(20_000));
const whole = gzipSync(text);
const corrupt = Buffer.from(whole);
corrupt.fill(0xff, whole.length / 2, whole.length / 2 + 10);
const bodies: Record<string, Buffer> = {
  '/whole': whole,
  '/truncated': whole.subarray(0, whole.length / 2),
  '/corrupt': corrupt,
  '/text': Buffer.from(text),
};

let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => {
    const [path, fate] = request.url!.split('?');
    const body = bodies[path!]!;
    response.setHeader('content-length', body.length);
    if (fate !== 'dropped') return response.end(body);
    // The headers promise the whole body. Half of it arrives, then the connection breaks.
    return response.write(body.subarray(0, body.length / 2), () => setTimeout(() => response.destroy(), 20));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function responseTo(path: string): Promise<IncomingMessage> {
  const request = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, path });
  const [response] = await once(request, 'response');
  return response;
}

/** The body as an object store hands it out: a new request for each opening. */
const remote = (path: string): ByteSource => ({
  name: path,
  open: async function* () {
    yield* await responseTo(path);
  },
});

async function readRemote(path: string) {
  const recorder = new Recorder();
  const report = await readFlowLog(remote(path), recorder);
  return { report, recorder };
}

describe('A gzip that comes over a connection', () => {
  test('is read when it comes in whole', async () => {
    expect((await readRemote('/whole')).report).toMatchObject({ records: 20_000, skipped: [] });
  });

  test('and is corrupt ends in a report with the fault', async () => {
    const { report } = await readRemote('/corrupt');
    expect(report.error).toMatch('the gzip data is corrupt');
    expect(report.records).toBeGreaterThan(5000);
  });

  test('and is truncated ends in a report with the fault', async () => {
    const { report } = await readRemote('/truncated');
    expect(report.error).toMatch('cut short');
    expect(report.records).toBeGreaterThan(5000);
  });

  test.each(['/whole', '/text'])('and drops half-way rejects with the error of the connection (%s)', async (path) => {
    // Not a fault of the file: it must be tried again, so it must not look like a short one.
    const recorder = new Recorder();
    await expect(readFlowLog(remote(`${path}?dropped`), recorder)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(recorder.records.length).toBeLessThan(20_000);
  });

  test('and is aborted rejects with the reason, whatever code that carries', async () => {
    const source: ByteSource = {
      name: 'aborted',
      open: async function* () {
        yield whole.subarray(0, 5000);
        throw new DOMException('The operation was aborted', 'AbortError');
      },
    };
    await expect(readFlowLog(source, new Recorder())).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('and cannot be fetched a second time to salvage it rejects with that', async () => {
    let opened = 0;
    const source: ByteSource = {
      name: 'gone',
      open: async function* () {
        if (opened++) throw new Error('the object is gone');
        yield corrupt;
      },
    };
    await expect(readFlowLog(source, new Recorder())).rejects.toThrow('the object is gone');
  });
});

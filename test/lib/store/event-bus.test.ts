/** PutEvents on the wire: signed, in calls that EventBridge takes, and repeated for exactly the entries that failed. */
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { BusEvent } from '../../../lib/notify/bus-event.ts';
import { putEvents } from '../../../lib/store/event-bus.ts';
import { type Caller, endpointOf, post } from '../../../lib/store/signed-call.ts';

interface Request {
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  readonly entries: { readonly Detail: string }[];
}
type Answer = [status: number, body: object | string];

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A service that answers with these in turn, the last one again and again. */
async function serve(...answers: ((request: Request) => Answer)[]): Promise<{ caller: Caller; requests: Request[] }> {
  const requests: Request[] = [];
  server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const request = { headers: incoming.headers, body, entries: JSON.parse(body).Entries };
      requests.push(request);
      const [status, reply] = answers[Math.min(requests.length, answers.length) - 1]!(request);
      answer.writeHead(status).end(typeof reply === 'string' ? reply : JSON.stringify(reply));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server!.once('listening', resolve));
  return {
    requests,
    caller: {
      service: 'events',
      region: 'eu-west-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' },
      pauseMs: 1,
    },
  };
}

const events = (count: number, bytes = 2): BusEvent[] =>
  Array.from({ length: count }, (_, n) => ({
    detailType: 'Scan Finding Opened',
    detail: JSON.stringify({ n, text: 'x'.repeat(bytes) }),
    resources: [],
  }));
const accept = ({ entries }: Request): Answer => [
  200,
  { FailedEntryCount: 0, Entries: entries.map(() => ({ EventId: '1' })) },
];
/** Fails the entries whose number passes. */
const refuse =
  (code: string, isRefused: (n: number) => boolean) =>
  ({ entries }: Request): Answer => {
    const results = entries.map(({ Detail }) =>
      isRefused(JSON.parse(Detail).n) ? { ErrorCode: code, ErrorMessage: 'no' } : { EventId: '1' },
    );
    return [200, { FailedEntryCount: results.filter(({ ErrorCode }) => ErrorCode).length, Entries: results }];
  };
const numbers = ({ entries }: Request) => entries.map(({ Detail }) => JSON.parse(Detail).n as number);

test('a call is signed for its service, and names bus, source and type', async () => {
  const { caller, requests } = await serve(accept);
  await putEvents(caller, 'arn:aws:events:eu-west-1:111122223333:event-bus/soc', events(1));
  const { headers, entries } = requests[0]!;
  expect(headers['x-amz-target']).toBe('AWSEvents.PutEvents');
  expect(headers['x-amz-security-token']).toBe('token');
  expect(headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/events\/aws4_request, SignedHeaders=[^,]*host[^,]*, Signature=[0-9a-f]{64}$/,
  );
  expect(entries).toEqual([
    {
      EventBusName: 'arn:aws:events:eu-west-1:111122223333:event-bus/soc',
      Source: 'sweepwatch',
      DetailType: 'Scan Finding Opened',
      Detail: '{"n":0,"text":"xx"}',
      Resources: [],
    },
  ]);
});

/** The signature as https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html derives it. */
function signatureOf({ headers, body }: Request, secret: string): string {
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization!)![1]!;
  const canonical = [
    'POST',
    '/',
    '',
    ...names.split(';').map((name) => `${name}:${headers[name]}`),
    '',
    names,
    hash(body),
  ];
  const time = String(headers['x-amz-date']);
  const scope = [time.slice(0, 8), 'eu-west-1', 'events', 'aws4_request'];
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), hash(canonical.join('\n'))].join('\n');
  const key = scope.reduce<string | Buffer>((sofar, part) => hmac(sofar, part), `AWS4${secret}`);
  return hmac(key, text).toString('hex');
}

test('the signature is the one that AWS computes', async () => {
  const { caller, requests } = await serve(accept);
  await putEvents(caller, 'bus', [{ detailType: 'Scan Digest', detail: '{"text":"ünïcode"}', resources: [] }]);
  expect(requests[0]!.headers.authorization).toContain(`Signature=${signatureOf(requests[0]!, 'secret')}`);
});

describe('many events', () => {
  test('are all sent though a call fails, and only its events count as failed', async () => {
    const { caller, requests } = await serve(accept, () => [403, { __type: 'AccessDenied', message: 'no' }], accept);
    await expect(putEvents(caller, 'bus', events(23))).rejects.toThrow(
      'AccessDenied: EventBridge did not accept 10 of 23 events: no',
    );
    expect(requests.map((request) => numbers(request).length)).toEqual([10, 10, 3]);
  });

  test('go in calls of ten', async () => {
    const { caller, requests } = await serve(accept);
    await putEvents(caller, 'bus', events(23));
    expect(requests.map((request) => numbers(request).length)).toEqual([10, 10, 3]);
  });

  test('stay below a megabyte in each call', async () => {
    const { caller, requests } = await serve(accept);
    await putEvents(caller, 'bus', events(10, 200_000));
    expect(requests.map((request) => numbers(request).length)).toEqual([4, 4, 2]);
  });
});

describe('an answer of 200 with failed entries', () => {
  test('is read, and only these entries are sent again', async () => {
    const { caller, requests } = await serve(
      refuse('ThrottlingException', (n) => n % 2 === 1),
      refuse('InternalFailure', (n) => n === 3),
      accept,
    );
    await putEvents(caller, 'bus', events(5));
    expect(requests.map(numbers)).toEqual([[0, 1, 2, 3, 4], [1, 3], [3]]);
  });

  test('that stays so is an error with the number and the reason', async () => {
    const { caller, requests } = await serve(refuse('ThrottlingException', (n) => n === 2));
    await expect(putEvents(caller, 'bus', events(12))).rejects.toThrow(
      'ThrottlingException: EventBridge did not accept 1 of 12 events: no',
    );
    expect(requests.map(numbers)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [2], [2], [10, 11]]);
  });

  test('that no repetition changes is not repeated, and holds nothing back', async () => {
    const { caller, requests } = await serve(refuse('MalformedDetail', (n) => n === 2));
    await expect(putEvents(caller, 'bus', events(12))).rejects.toThrow('did not accept 1 of 12');
    expect(requests).toHaveLength(2);
  });
});

describe('a call', () => {
  test('that the service is too busy for is repeated', async () => {
    const { caller, requests } = await serve(
      () => [503, 'busy'],
      () => [400, { __type: 'com.amazonaws.events#ThrottlingException', message: 'slow down' }],
      accept,
    );
    await putEvents(caller, 'bus', events(1));
    expect(requests).toHaveLength(3);
  });

  test('that is refused fails at once with the code of the service', async () => {
    const { caller, requests } = await serve(() => [400, { __type: 'AccessDeniedException', message: 'not yours' }]);
    await expect(putEvents(caller, 'bus', events(1))).rejects.toThrow(
      'AccessDeniedException: EventBridge did not accept 1 of 1 events: not yours',
    );
    expect(requests).toHaveLength(1);
  });

  test('without an answer is repeated, and then says who did not answer', async () => {
    const { caller } = await serve(accept);
    server!.closeAllConnections();
    await new Promise((resolve) => server!.close(resolve));
    await expect(post(caller, '/', {}, {})).rejects.toThrow(/^NoAnswer: 127\.0\.0\.1:\d+ did not answer: /);
  });
});

describe('a service that hangs', () => {
  /** Takes calls and never answers. */
  const hang = async (timeLeftMs: () => number): Promise<Caller> => {
    const { caller } = await serve(accept);
    server!.removeAllListeners('request');
    return { ...caller, timeLeftMs };
  };

  test('is not waited for beyond the time that is left', async () => {
    const began = Date.now();
    const caller = await hang(() => began + 1000 - Date.now());
    await expect(putEvents(caller, 'bus', events(45))).rejects.toThrow('did not accept 45 of 45 events');
    expect(Date.now() - began).toBeLessThan(2500);
  });

  test('gets no call for which no time is left', async () => {
    const { caller, requests } = await serve(accept);
    await expect(putEvents({ ...caller, timeLeftMs: () => 100 }, 'bus', events(1))).rejects.toThrow(
      /^NoTime: EventBridge did not accept 1 of 1 events: no time left for a call of 127/,
    );
    expect(requests).toEqual([]);
  });
});

test('endpoints are those of the partition', () => {
  expect(endpointOf('events', 'eu-west-1')).toBe('https://events.eu-west-1.amazonaws.com');
  expect(endpointOf('events', 'cn-north-1')).toBe('https://events.cn-north-1.amazonaws.com.cn');
  expect(endpointOf('securityhub', 'us-gov-west-1')).toBe('https://securityhub.us-gov-west-1.amazonaws.com');
});

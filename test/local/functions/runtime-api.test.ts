import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startRuntimeApi } from '../../../local/functions/runtime-api.ts';

/** Node's own limit for an idle connection is five seconds, and a second of grace. */
const COMPUTES_MS = 6500;

test('a function that computes for seconds answers on the connection that it had', async () => {
  const { promise: response, resolve: responded } = Promise.withResolvers<string>();
  const { promise: asked, resolve: ready } = Promise.withResolvers<void>();
  const api = await startRuntimeApi({
    ready,
    responded: (requestId, payload) => responded(`${requestId} ${payload}`),
    failed: () => responded('failed'),
    initFailed: () => responded('not started'),
  });
  const [host, port] = api.address.split(':');
  const socket = connect(Number(port), host);
  try {
    socket.on('close', () => responded('the connection was closed')).resume();
    await once(socket, 'connect');
    socket.write('GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await asked;
    api.assign({ requestId: 'one', payload: '{}', functionArn: 'arn', timeoutMs: 60_000 });
    await delay(COMPUTES_MS);
    socket.write(
      'POST /2018-06-01/runtime/invocation/one/response HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\ndone',
    );
    expect(await response).toBe('one done');
  } finally {
    socket.destroy();
    api.stop();
  }
}, 30_000);

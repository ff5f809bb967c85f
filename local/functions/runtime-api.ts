/** The Lambda Runtime API (2018-06-01) over HTTP, for one process that runs one invocation at a time. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One event to be handled by a function. */
interface Assignment {
  requestId: string;
  payload: string;
  functionArn: string;
  timeoutMs: number;
}

/** The calls of the process. */
export interface RuntimeListener {
  /** The process waits for its next event. The first call means that it has initialised. */
  ready(): void;
  responded(requestId: string, payload: string): void;
  failed(requestId: string, error: RuntimeFailure): void;
  initFailed(error: RuntimeFailure): void;
}

/** An error as a function reports it. */
export interface RuntimeFailure {
  errorType: string;
  errorMessage: string;
}

/** The server's side of one process. */
export interface RuntimeApi {
  /** host:port, for AWS_LAMBDA_RUNTIME_API. */
  address: string;
  /** Passes an event to the process, which must be waiting. */
  assign(assignment: Assignment): void;
  stop(): void;
}

const PREFIX = '/2018-06-01/runtime/';

/** Starts the API for one process on a free port of 127.0.0.1. */
export async function startRuntimeApi(listener: RuntimeListener): Promise<RuntimeApi> {
  let waiting: ServerResponse | undefined;
  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === `${PREFIX}invocation/next`) {
      waiting = response;
      listener.ready();
      return;
    }
    receive(request, response).catch(() => response.destroy());
  });
  // A process may compute for longer than five seconds between two calls, and a connection that is closed meanwhile
  // fails its next call.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(request);
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
    const [, kind, requestId = '', outcome] =
      /^(init|invocation)\/(?:([^/]+)\/)?(response|error)$/.exec((request.url ?? '').slice(PREFIX.length)) ?? [];
    if (kind === 'init') listener.initFailed(readFailure(text));
    else if (outcome === 'response') listener.responded(requestId, text);
    else if (outcome === 'error') listener.failed(requestId, readFailure(text));
  }

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    assign({ requestId, payload, functionArn, timeoutMs }) {
      if (waiting === undefined) throw new Error(`${functionArn} was given an event while it was not waiting for one`);
      waiting.writeHead(200, {
        'content-type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': requestId,
        'Lambda-Runtime-Deadline-Ms': String(Date.now() + timeoutMs),
        'Lambda-Runtime-Invoked-Function-Arn': functionArn,
        'Lambda-Runtime-Trace-Id': 'Root=1-00000000-000000000000000000000000;Sampled=0',
      });
      waiting.end(payload);
      waiting = undefined;
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function readFailure(text: string): RuntimeFailure {
  const { errorType, errorMessage } = JSON.parse(text) as Partial<RuntimeFailure>;
  return { errorType: errorType ?? 'Error', errorMessage: errorMessage ?? 'the function reported no message' };
}

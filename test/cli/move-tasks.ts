/** A server in front of the embedded queues, whose moves go as a test wants. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a move goes through, one step each time that it is asked for. */
interface Step {
  readonly Status: 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly ApproximateNumberOfMessagesMoved?: number;
  readonly ApproximateNumberOfMessagesToMove?: number;
  readonly FailureReason?: string;
}

/** The server, and what it was asked. */
export interface MoveTasks {
  readonly url: string;
  /** The moves that were started: from where, to where. */
  readonly started: (readonly [source: string, destination: string | undefined])[];
  /** Of the moves to come. */
  steps: Step[];
  stop(): void;
}

/** Starts it in front of the queues at `target`, which receives all other calls. */
export async function startMoveTasks(target: string): Promise<MoveTasks> {
  // A task of last week, which a listing that lags behind still has in the first place.
  const earlier = { StartedTimestamp: 1, Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 77 };
  const tasks: object[] = [earlier];
  let lag = 0;
  const server = createServer(async (request, response): Promise<unknown> => {
    const body = await textOf(request);
    const action = String(request.headers['x-amz-target']).replace('AmazonSQS.', '');
    const isJson = body.startsWith('{');
    const input = JSON.parse(isJson ? body : '{}') as { SourceArn?: string; DestinationArn?: string };
    const answer = (value: object) => response.end(JSON.stringify(value));
    if (action === 'StartMessageMoveTask') {
      proxy.started.push([input.SourceArn!, input.DestinationArn]);
      tasks.unshift({ StartedTimestamp: tasks.length + 1, SourceArn: input.SourceArn, Status: 'RUNNING' });
      lag = 1;
      return answer({ TaskHandle: 'handle' });
    }
    if (action === 'ListMessageMoveTasks') {
      if (lag-- > 0) return answer({ Results: tasks.slice(1, 2) });
      if (tasks.length > 1) Object.assign(tasks[0]!, proxy.steps.shift());
      return answer({ Results: tasks.slice(0, 1) });
    }
    const forwarded = await fetch(target, {
      method: 'POST',
      headers: isJson
        ? { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` }
        : { 'content-type': 'application/x-www-form-urlencoded' },
      body: body.replaceAll(proxy.url, target),
    });
    response.statusCode = forwarded.status;
    return response.end((await forwarded.text()).replaceAll(target, proxy.url));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: MoveTasks = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    started: [],
    steps: [],
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
  return proxy;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A proxy between the functions and the local cloud that loses requests and answers, cuts bodies, refuses and delays. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** One call of a function, such as `s3:GetObject` of a key, `sns:Publish`, `dynamodb:UpdateItem`. */
export interface Call {
  readonly action: string;
  /** The key of an object, otherwise empty. */
  readonly key: string;
}

/** What becomes of a call. */
export type Fate =
  | 'passes'
  /** The connection is gone before the service hears of it. */
  | 'request lost'
  /** The service does it, and its answer never comes. */
  | 'answer lost'
  /** The body breaks off after this share of its bytes. */
  | { readonly cutAt: number }
  | { readonly refusedWith: number; readonly type: string }
  | { readonly delayMs: number };

/** A running proxy. The caller sets `target` and `fate`. */
export interface FaultProxy {
  readonly url: string;
  target: string;
  fate: (call: Call) => Fate;
  stop(): void;
}

/** Starts a proxy on a free port. Everything passes. */
export async function startProxy(): Promise<FaultProxy> {
  const server = createServer((incoming, answer) => {
    handle(incoming, answer, proxy).catch(() => answer.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: '',
    fate: () => 'passes',
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
  return proxy;
}

async function handle(incoming: IncomingMessage, answer: ServerResponse, proxy: FaultProxy): Promise<void> {
  const body = await bytesOf(incoming);
  const call = callOf(incoming, body);
  const fate = proxy.fate(call);
  if (fate === 'request lost') return void answer.destroy();
  if (typeof fate === 'object' && 'delayMs' in fate) await delay(fate.delayMs);
  if (typeof fate === 'object' && 'refusedWith' in fate) return refuse(answer, call, fate);
  const { hostname, port } = new URL(proxy.target);
  const { method, url: path, headers } = incoming;
  const outgoing = request({ hostname, port, method, path, headers });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  if (fate === 'answer lost') {
    await bytesOf(response);
    return void answer.destroy();
  }
  answer.writeHead(response.statusCode ?? 500, response.headers);
  if (typeof fate === 'object' && 'cutAt' in fate) {
    const whole = await bytesOf(response);
    // Destroyed only when the part is on its way: else the other side sees an answer without a body.
    return void answer.write(whole.subarray(0, Math.floor(whole.length * fate.cutAt)), () =>
      setImmediate(() => answer.destroy()),
    );
  }
  response.on('error', () => answer.destroy());
  response.pipe(answer);
}

/** An error as the service would say it: in JSON, S3 and SNS in XML. */
function refuse(
  answer: ServerResponse,
  { action }: Call,
  { refusedWith, type }: { refusedWith: number; type: string },
): void {
  const message = 'refused by the proxy';
  answer.writeHead(refusedWith);
  answer.end(
    /^(s3|sns):/.test(action)
      ? `<Error><Code>${type}</Code><Message>${message}</Message></Error>`
      : JSON.stringify({ __type: type, message }),
  );
}

function callOf({ headers, method = '', url = '' }: IncomingMessage, body: Buffer): Call {
  const [service, operation = ''] = String(headers['x-amz-target'] ?? '').split('.');
  if (service) return { action: `${service === 'AmazonSQS' ? 'sqs' : 'dynamodb'}:${operation}`, key: '' };
  const action = new URLSearchParams(body.toString()).get('Action');
  if (action) return { action: `sns:${action}`, key: '' };
  const [, ...key] = decodeURIComponent(new URL(url, 'http://s3').pathname).slice(1).split('/');
  return { action: method === 'GET' ? 's3:GetObject' : `s3:${method}`, key: key.join('/') };
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

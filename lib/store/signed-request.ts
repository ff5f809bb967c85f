/** One signed request to an AWS service that has no client of its own here. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4, type SignatureV4Init } from '@smithy/signature-v4';

/** A request, and who makes it. */
interface Request {
  /** The name under which it is signed: `events`. */
  readonly service: string;
  readonly region: string;
  readonly credentials: SignatureV4Init['credentials'];
  readonly method: 'GET' | 'POST';
  /** Endpoint and path, without a query. */
  readonly url: URL;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
}

/** An answer, whole. */
export interface Answer {
  readonly isOk: boolean;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Signs a request and sends it once. @throws what `fetch` throws if no answer arrives in time. */
export async function sendSigned(request: Request): Promise<Answer> {
  const { service, region, credentials, method, query = {}, headers = {}, body, timeoutMs } = request;
  const url = new URL(request.url);
  // As the signature encodes it: a space is %20.
  url.search = Object.entries(query)
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join('&');
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  const content = body === undefined ? {} : { body };
  const signed = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: { ...query },
    headers: { host: url.host, ...headers },
    ...content,
  });
  const { host: _, ...sent } = signed.headers;
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, { method, headers: sent, signal, ...content });
  return { isOk: response.ok, status: response.status, headers: response.headers, text: await response.text() };
}

/** The code and the message of a refusal in JSON. Each is empty if the answer has none: a proxy may answer with something else. */
export function refusalOf({ headers, text }: Answer): { readonly code: string; readonly message: string } {
  const body = objectOf(text);
  const code = headers.get('x-amzn-errortype') ?? body.__type ?? body.Code ?? body.code ?? '';
  return {
    code: String(code).replace(/^.*#/, '').replace(/:.*$/, ''),
    message: String(body.message ?? body.Message ?? ''),
  };
}

/** A JSON object. Empty if the text is anything else. */
export function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** SHA-256 and its HMAC as the signer asks for them. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

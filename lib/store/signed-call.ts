/**
 * Calls of AWS services that need no client of their own: signed, with a time limit, repeated where that may help. After
 * a lost answer a call is repeated too. Security Hub then changes nothing, and EventBridge makes a second event.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { SignatureV4 } from '@smithy/signature-v4';

/** A service and who calls it. */
export interface Caller {
  /** The name under which calls are signed: `events`. */
  readonly service: string;
  readonly region: string;
  /** `https://events.eu-west-1.amazonaws.com`. */
  readonly endpoint: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  };
  /** Milliseconds before the first repetition. Each further one waits twice as long. */
  readonly pauseMs?: number;
  /** Milliseconds until calls must have ended. Without it there is no limit but that of each attempt. */
  readonly timeLeftMs?: () => number;
}

/** A call that the service refused, or that got no answer. */
export class CallError extends Error {
  override name = 'CallError';
  /** The code of the service: `ThrottlingException`. */
  readonly code: string;
  /** The message without the code. */
  readonly reason: string;
  readonly mayPass: boolean;

  constructor(code: string, reason: string, mayPass: boolean) {
    super(`${code}: ${reason}`);
    this.code = code;
    this.reason = reason;
    this.mayPass = mayPass;
  }
}

const ATTEMPTS = 3;
const PAUSE_MS = 200;
const TIMEOUT_MS = 4000;
/** No attempt begins with less time than this. */
const LEAST_MS = 200;
/** Codes of refusals that a repetition may pass. */
export const MAY_PASS = /Throttl|TooManyRequests|LimitExceeded|Internal|Unavailable|Timeout/;

/** The public endpoint of a service in a Region. */
export const endpointOf = (service: string, region: string): string =>
  `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

/** Posts a JSON body. @returns the answer, parsed. @throws CallError */
export async function post(caller: Caller, path: string, headers: Record<string, string>, body: object) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await postOnce(caller, path, headers, JSON.stringify(body));
    } catch (error) {
      if (!(error instanceof CallError) || !error.mayPass || attempt === ATTEMPTS) throw error;
      await pause(caller, attempt);
    }
  }
}

/** Waits before repetition number `attempt`. */
export const pause = ({ pauseMs = PAUSE_MS }: Caller, attempt: number): Promise<void> =>
  setTimeout(pauseMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));

async function postOnce(
  { service, region, endpoint, credentials, timeLeftMs }: Caller,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<Record<string, unknown>> {
  const { protocol, hostname, port, host } = new URL(endpoint);
  const leftMs = timeLeftMs?.() ?? TIMEOUT_MS;
  if (leftMs < LEAST_MS) throw new CallError('NoTime', `no time left for a call of ${host}`, false);
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  const signed = await signer.sign({
    method: 'POST',
    protocol,
    hostname,
    ...(port && { port: Number(port) }),
    path,
    headers: { host, ...headers },
    body,
  });
  const { host: _, ...sent } = signed.headers;
  let response: Response;
  let text: string;
  try {
    const signal = AbortSignal.timeout(Math.min(TIMEOUT_MS, Math.floor(leftMs)));
    response = await fetch(new URL(path, endpoint), { method: 'POST', headers: sent, body, signal });
    text = await response.text();
  } catch (error) {
    const { message, cause } = error as Error;
    throw new CallError(
      'NoAnswer',
      `${host} did not answer: ${(cause as Error | undefined)?.message ?? message}`,
      true,
    );
  }
  const answer = parsed(text);
  if (response.ok) return answer;
  const code = String(answer.__type ?? answer.Code ?? answer.code ?? response.headers.get('x-amzn-errortype') ?? '')
    .replace(/^.*#/, '')
    .replace(/:.*$/, '');
  throw new CallError(
    code || `HTTP ${response.status}`,
    String(answer.message ?? answer.Message ?? text.slice(0, 200)),
    response.status >= 500 || response.status === 429 || MAY_PASS.test(code),
  );
}

function parsed(text: string): Record<string, unknown> {
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

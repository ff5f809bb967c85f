/**
 * Calls of AWS services that need no client of their own: signed, with a time limit, repeated where that may help. After
 * a lost answer a call is repeated too. Security Hub then changes nothing, and EventBridge makes a second event.
 */
import { setTimeout } from 'node:timers/promises';
import { type Answer, objectOf, refusalOf, sendSigned } from './signed-request.ts';

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
  const url = new URL(path, endpoint);
  const { host } = url;
  const leftMs = timeLeftMs?.() ?? TIMEOUT_MS;
  if (leftMs < LEAST_MS) throw new CallError('NoTime', `no time left for a call of ${host}`, false);
  const timeoutMs = Math.min(TIMEOUT_MS, Math.floor(leftMs));
  let answer: Answer;
  try {
    answer = await sendSigned({ service, region, credentials, method: 'POST', url, headers, body, timeoutMs });
  } catch (error) {
    const { message, cause } = error as Error;
    throw new CallError(
      'NoAnswer',
      `${host} did not answer: ${(cause as Error | undefined)?.message ?? message}`,
      true,
    );
  }
  const { isOk, status, text } = answer;
  if (isOk) return objectOf(text);
  const { code, message } = refusalOf(answer);
  throw new CallError(
    code || `HTTP ${status}`,
    message || text.slice(0, 200),
    status >= 500 || status === 429 || MAY_PASS.test(code),
  );
}

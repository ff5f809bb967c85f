/**
 * Describing calls of EC2, EventBridge, Lambda, CloudWatch, its Logs and Security Hub, and those of Step Functions, signed here. Their clients would add 32 MB to a checkout, and that of
 * EC2 alone half a megabyte to the command, for a dozen calls.
 */
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Connection } from '../clients.ts';
import { type Answer, refusalOf, sendSigned } from '../signed-request.ts';

/** An element of an XML answer: its text, or its elements by name. Elements of equal names are a list. */
export type Element = string | { readonly [name: string]: readonly Element[] };

/** The services as the signature names them. Their endpoints begin with the same name. */
type Service = 'ec2' | 'events' | 'lambda' | 'logs' | 'monitoring' | 'securityhub' | 'states';

interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const CLOUDWATCH = 'GraniteServiceVersion20100801';
const PATIENCE_MS = 10_000;
/** A call that was throttled, failed within the service or lost its connection is tried this often. */
const TRIES = 4;
const PAUSE_MS = 250;

/** An answer ends before all items, and names no further page. */
export class TruncatedError extends Error {
  override name = 'TruncatedError';
}

/** Calls services with the credentials of a client. */
export class SignedCalls {
  readonly #client: SQSClient;
  readonly #server: string | undefined;

  constructor(client: SQSClient, { server }: Connection) {
    this.#client = client;
    this.#server = server?.other;
  }

  /**
   * All pages of a call of EC2: the items of a list in the answer.
   * @throws TruncatedError if EC2 does not tell all. SearchTransitGatewayRoutes named no further pages for years, and may
   * still do so in some Regions: "additionalRoutesAvailable" then says that there are more than a thousand routes.
   */
  async ec2(action: string, list: string, parameters: Readonly<Record<string, string>> = {}): Promise<Element[]> {
    const items: Element[] = [];
    for await (const page of this.ec2Pages(action, list, parameters)) items.push(...page);
    return items;
  }

  /** The same page by page, so that a caller need not hold all of them. */
  async *ec2Pages(
    action: string,
    list: string,
    parameters: Readonly<Record<string, string>> = {},
  ): AsyncGenerator<Element[]> {
    let NextToken: string | undefined = '';
    let count = 0;
    while (NextToken !== undefined) {
      const given = { Action: action, Version: '2016-11-15', ...parameters, ...(NextToken && { NextToken }) };
      const answer: Element = parseXml(
        await this.#call('ec2', {
          method: 'POST',
          path: '/',
          headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
          body: new URLSearchParams(given).toString(),
        }),
      );
      const items = childrenOf(answer, list).flatMap((each) => childrenOf(each, 'item'));
      count += items.length;
      yield items;
      NextToken = textOf(answer, 'nextToken') || undefined;
      if (!NextToken && textOf(answer, 'additionalRoutesAvailable') === 'true')
        throw new TruncatedError(`${action} answered with ${count} items and keeps others to itself`);
    }
  }

  /** A reading call of Lambda. */
  async lambda<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    return JSON.parse((await this.#call('lambda', { method: 'GET', path, query })) || '{}') as T;
  }

  /** A reading call of Security Hub. */
  async securityHub<T>(path: string): Promise<T> {
    return JSON.parse((await this.#call('securityhub', { method: 'GET', path })) || '{}') as T;
  }

  /** A call of CloudWatch. */
  async cloudwatch<T>(action: string, input: object): Promise<T> {
    return this.#json('monitoring', '1.0', `${CLOUDWATCH}.${action}`, input);
  }

  /** A call of CloudWatch Logs. */
  async logs<T>(action: string, input: object): Promise<T> {
    return this.#json('logs', '1.1', `Logs_20140328.${action}`, input);
  }

  /** A call of EventBridge. */
  async events<T>(action: string, input: object): Promise<T> {
    return this.#json('events', '1.1', `AWSEvents.${action}`, input);
  }

  /** A call of Step Functions. */
  async states<T>(action: string, input: object): Promise<T> {
    return this.#json('states', '1.0', `AWSStepFunctions.${action}`, input);
  }

  async #json<T>(service: Service, version: string, target: string, input: object): Promise<T> {
    const headers = { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target };
    return JSON.parse(
      await this.#call(service, { method: 'POST', path: '/', headers, body: JSON.stringify(input) }),
    ) as T;
  }

  /** One call. @throws an error with the code of the service as its name. */
  async #call(service: Service, request: Request): Promise<string> {
    for (let tried = 1; ; tried++) {
      const answer = await this.#answer(service, request);
      if ('text' in answer) return answer.text;
      if (tried === TRIES || !answer.mayPass) throw answer.error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** tried));
    }
  }

  async #answer(
    service: Service,
    request: Request,
  ): Promise<{ readonly text: string } | { readonly error: Error; readonly mayPass: boolean }> {
    try {
      const answer = await this.#send(service, request);
      if (answer.isOk) return { text: answer.text };
      const error = errorOf(service, answer);
      return {
        error,
        mayPass: answer.status >= 500 || /Thrott|RequestLimitExceeded|TooManyRequests/.test(error.name),
      };
    } catch (error) {
      const { name, cause } = error as Error;
      // So fetch says that a connection was refused or lost. Missing credentials and the time limit have other names.
      if (name !== 'TypeError' || cause === undefined) throw error;
      const message = `${service} did not answer: ${(cause as Error).message}`;
      return { error: Object.assign(new Error(message, { cause: error }), { name: 'NoAnswer' }), mayPass: true };
    }
  }

  async #send(service: Service, { path, ...request }: Request): Promise<Answer> {
    const { config } = this.#client;
    const region = await config.region();
    const url = new URL(path, this.#server ?? endpointInEnvironment(service) ?? this.#endpointOf(service, region));
    return sendSigned({ ...request, service, region, credentials: config.credentials, url, timeoutMs: PATIENCE_MS });
  }

  /** The endpoint of a service is beside that of SQS, whose client knows the domain of the partition. */
  #endpointOf(service: Service, region: string): string {
    const { url } = this.#client.config.endpointProvider({ Region: region });
    return `https://${url.hostname.replace(/^sqs\./, `${service}.`)}`;
  }
}

/** The ends of the variables that the clients of AWS read. */
const VARIABLES = {
  ec2: 'EC2',
  events: 'EVENTBRIDGE',
  lambda: 'LAMBDA',
  logs: 'CLOUDWATCH_LOGS',
  monitoring: 'CLOUDWATCH',
  securityhub: 'SECURITYHUB',
  states: 'SFN',
} as const;

const endpointInEnvironment = (service: Service): string | undefined =>
  process.env[`AWS_ENDPOINT_URL_${VARIABLES[service]}`] ?? process.env.AWS_ENDPOINT_URL;

function errorOf(service: Service, answer: Answer): Error {
  const $metadata = { httpStatusCode: answer.status };
  const { code, message } = service === 'ec2' ? refusalOfEc2(answer.text) : refusalOf(answer);
  const error = new Error(message || `${service} answered ${answer.status}`);
  return Object.assign(error, { name: code || 'Unknown', $metadata });
}

/** EC2 refuses in XML. */
function refusalOfEc2(text: string): ReturnType<typeof refusalOf> {
  const inElement = (name: string) => new RegExp(`<${name}>([^<]*)<`).exec(text)?.[1] ?? '';
  return { code: inElement('Code'), message: plainText(inElement('Message')) };
}

/** The elements of a name. */
export const childrenOf = (element: Element, name: string): readonly Element[] =>
  typeof element === 'string' ? [] : (element[name] ?? []);

/** The text of the first element of a name, empty if there is no such element. */
export function textOf(element: Element, name: string): string {
  const [first = ''] = childrenOf(element, name);
  return typeof first === 'string' ? first : '';
}

/** Reads an answer of EC2: elements and text without attributes that matter, comments or CDATA. */
export function parseXml(xml: string): Element {
  const root: Record<string, Element[]> = {};
  const open: { readonly name: string; readonly children: Record<string, Element[]>; text: string }[] = [
    { name: '', children: root, text: '' },
  ];
  const add = (name: string, element: Element) => {
    const { children } = open.at(-1)!;
    children[name] ??= [];
    children[name].push(element);
  };
  for (const [, closing, name = '', empty, text = ''] of xml.matchAll(/<(\/?)([\w:.-]+)[^>]*?(\/?)>([^<]*)/g)) {
    if (empty) add(name, '');
    else if (!closing) open.push({ name, children: {}, text });
    else {
      const { children, text: own } = open.pop()!;
      add(name, Object.keys(children).length ? children : plainText(own));
    }
  }
  return Object.values(root)[0]?.[0] ?? '';
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const plainText = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return decimal === undefined ? (ENTITIES[name ?? ''] ?? whole) : String.fromCodePoint(Number(decimal));
  });

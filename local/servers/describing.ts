/** The describing calls of EC2, EventBridge, Lambda, CloudWatch and its Logs, the Region of buckets, and calls that are refused on purpose. */
import type { buildApp } from 'fauxqs';
import type { Described } from './described.ts';
import { ec2, ec2Error } from './ec2.ts';
import { escapeXml } from './notification-config.ts';

type Form = Readonly<Record<string, string>>;

/** Adds the calls to the embedded server before it listens. */
export function installDescribing(app: ReturnType<typeof buildApp>, described: Described, region: string): void {
  app.addHook('preHandler', async (request, reply) => {
    const [, accessKeyId = '', asked = region, service = ''] =
      /Credential=([^/]+)\/\d+\/([a-z0-9-]+)\/([a-z0-9]+)\/aws4_request/.exec(String(request.headers.authorization)) ??
      [];
    const target = String(request.headers['x-amz-target'] ?? '');
    const form = (typeof request.body === 'object' ? request.body : {}) as Form;
    const url = new URL(request.url, 'http://local');
    const action = form.Action ?? (target ? target.split('.')[1]! : actionOf(request.method, url));
    const refusal = described.denied.get(`${service === 'monitoring' ? 'cloudwatch' : service}:${action}`);
    if (refusal !== undefined) return refuse(reply.code(403), service, refusal);
    const throttled = described.throttled.get(`${service}:${action}`) ?? 0;
    if (throttled > 0 && service === 'ec2') {
      described.throttled.set(`${service}:${action}`, throttled - 1);
      return reply
        .code(503)
        .header('content-type', 'text/xml')
        .send(ec2Error('RequestLimitExceeded', 'Request limit exceeded.'));
    }
    if (service === 'ec2') {
      const answer = ec2(described, form, { region: asked, accessKeyId });
      return reply
        .code(answer.startsWith('<Response>') ? 400 : 200)
        .header('content-type', 'text/xml')
        .send(answer);
    }
    const gone = missing(described, service, action, request.body);
    if (gone !== undefined)
      return reply
        .code(400)
        .header('content-type', 'application/json')
        .send(JSON.stringify({ __type: 'ResourceNotFoundException', message: gone }));
    const answers = { lambda, monitoring: cloudwatch, events, logs };
    const json = answers[service as keyof typeof answers]?.(described, { action, url, body: request.body });
    if (json !== undefined) return reply.header('content-type', 'application/json').send(JSON.stringify(json));
    return undefined;
  });
  // Hooks on the answer must not be async, see bucket-notifications.ts.
  app.addHook('onSend', (request, reply, payload, done) => {
    const { bucket } = (request.params ?? {}) as { bucket?: string };
    if (bucket && request.method === 'HEAD' && reply.statusCode !== 404)
      reply.header('x-amz-bucket-region', described.bucketRegions.get(bucket) ?? region);
    done(null, typeof payload === 'string' ? unconfirmed(payload, described.unconfirmed) : payload);
  });
}

/** A list of subscriptions in which those of some endpoints wait for their confirmation. */
function unconfirmed(payload: string, endpoints: ReadonlySet<string>): string {
  if (!endpoints.size || !payload.includes('<ListSubscriptionsByTopicResponse')) return payload;
  return payload.replace(/<member>.*?<\/member>/gs, (member) =>
    [...endpoints].some((endpoint) => member.includes(`>${endpoint}<`))
      ? member.replace(/<SubscriptionArn>.*?</, '<SubscriptionArn>PendingConfirmation<')
      : member,
  );
}

/** The S3 action of a request, or the name of a Lambda call. */
function actionOf(method: string, { pathname, searchParams }: URL): string {
  if (pathname.includes('/event-source-mappings')) return 'ListEventSourceMappings';
  if (pathname.endsWith('/concurrency')) return 'GetFunctionConcurrency';
  if (pathname.endsWith('/policy')) return 'GetPolicy';
  if (pathname.endsWith('/configuration')) return 'GetFunctionConfiguration';
  if (searchParams.has('notification')) return 'GetBucketNotification';
  if (pathname === '/accounts') return 'DescribeHub';
  const hasKey = /^\/[^/]+\/./.test(pathname);
  if (method === 'HEAD' && !hasKey) return 'HeadBucket';
  if (method === 'DELETE' && hasKey) return 'DeleteObject';
  if (method !== 'GET') return method === 'PUT' ? 'PutObject' : method;
  return hasKey ? 'GetObject' : 'ListBucket';
}

interface Replying {
  header(name: string, value: string): Replying;
  send(body: string): unknown;
}

function refuse(reply: Replying, service: string, message: string): unknown {
  const code =
    service === 'ec2' ? 'UnauthorizedOperation' : service === 's3' ? 'AccessDenied' : 'AccessDeniedException';
  if (service === 's3')
    return reply
      .header('content-type', 'application/xml')
      .send(`<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`);
  if (service === 'ec2') return reply.header('content-type', 'text/xml').send(ec2Error(code, message));
  if (service === 'sns' || service === 'cloudformation')
    return reply
      .header('content-type', 'text/xml')
      .send(
        `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${escapeXml(message)}</Message></Error></ErrorResponse>`,
      );
  return reply
    .header('x-amzn-errortype', code)
    .header('content-type', 'application/json')
    .send(JSON.stringify({ __type: code, message, Message: message }));
}

interface Asked {
  readonly action: string;
  readonly url: URL;
  readonly body: unknown;
}

function lambda(described: Described, { url: { pathname, searchParams } }: Asked): object | undefined {
  if (pathname.includes('/account-settings')) return { AccountLimit: { ConcurrentExecutions: described.concurrency } };
  if (pathname.includes('/event-source-mappings')) {
    const asked = searchParams.get('FunctionName');
    return {
      EventSourceMappings: described.mappings
        .filter(({ functionName }) => functionName === asked)
        .map(({ uuid, queueArn, state }) => ({ UUID: uuid, EventSourceArn: queueArn, State: state })),
    };
  }
  const [, name, asked] = /\/functions\/([^/]+)\/(concurrency|configuration|policy)$/.exec(pathname) ?? [];
  if (name === undefined) return undefined;
  const { reserved, variables = {}, policy = [] } = described.functions.get(decodeURIComponent(name)) ?? {};
  if (asked === 'policy')
    return { Policy: JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: policy }), RevisionId: '1' };
  if (asked === 'configuration') return { FunctionName: name, Environment: { Variables: variables } };
  return reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved };
}

interface Query {
  readonly Id: string;
  readonly MetricStat: {
    readonly Metric: { readonly MetricName: string; readonly Dimensions?: { readonly Value: string }[] };
  };
}

function cloudwatch(described: Described, { action, body }: Asked): object {
  const input = (typeof body === 'string' ? JSON.parse(body) : body) as {
    MetricDataQueries?: Query[];
    StateValue?: string;
    AlarmNamePrefix?: string;
  };
  if (action === 'DescribeAlarms')
    return {
      MetricAlarms: [...described.alarms]
        .filter(
          ([name, { state }]) => (input.StateValue ?? state) === state && name.startsWith(input.AlarmNamePrefix ?? ''),
        )
        .map(([AlarmName, { state, since }]) => ({ AlarmName, StateValue: state, StateUpdatedTimestamp: since })),
    };
  return {
    MetricDataResults: (input.MetricDataQueries ?? []).map(({ Id, MetricStat: { Metric } }) => {
      const value = described.metrics.get(`${Metric.MetricName} ${Metric.Dimensions?.[0]?.Value}`);
      return {
        Id,
        Timestamps: value === undefined ? [] : [Date.now() / 1000],
        Values: value === undefined ? [] : [value],
        StatusCode: 'Complete',
      };
    }),
  };
}

/** The server parses version 1.0 of the JSON protocol, and hands on the bytes of 1.1. */
function namedIn(body: unknown): string {
  const input = Buffer.isBuffer(body) || typeof body === 'string' ? JSON.parse(String(body)) : body;
  return (input as { Name?: string }).Name?.split('/').at(-1) ?? '';
}

const groupIn = (body: unknown): string =>
  (JSON.parse(Buffer.isBuffer(body) ? String(body) : JSON.stringify(body)) as { logGroupName?: string }).logGroupName ??
  '';

/** What a describing call of EventBridge or CloudWatch Logs does not find. */
function missing(described: Described, service: string, action: string, body: unknown): string | undefined {
  if (service === 'events') return missingEvents(described, action, body);
  return service === 'logs' && !described.logFilters.has(groupIn(body))
    ? 'The specified log group does not exist.'
    : undefined;
}

/** Log groups have few filters, so that one page holds them. */
const logs = (described: Described, { action, body }: Asked): object | undefined =>
  action === 'DescribeSubscriptionFilters'
    ? {
        subscriptionFilters: described.logFilters
          .get(groupIn(body))!
          .map(({ name, destination }) => ({ filterName: name, destinationArn: destination, filterPattern: '' })),
      }
    : undefined;

function missingEvents(described: Described, action: string, body: unknown): string | undefined {
  if (action === 'DescribeRule' && !described.rules.has(namedIn(body))) return `Rule ${namedIn(body)} does not exist.`;
  return action === 'DescribeEventBus' && !described.buses.has(namedIn(body))
    ? `Event bus ${namedIn(body)} does not exist.`
    : undefined;
}

/** Other calls of EventBridge are answered elsewhere. */
function events(described: Described, { action, body }: Asked): object | undefined {
  if (action === 'DescribeRule') return { Name: namedIn(body), State: described.rules.get(namedIn(body)) };
  return action === 'DescribeEventBus' ? { Name: namedIn(body) } : undefined;
}

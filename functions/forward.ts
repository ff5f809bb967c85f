/** The forward function: passes alerts on to an event bus, to chats and to Security Hub. Each destination has a queue of its own on the alert topic. */
import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { toAsff } from '../lib/finding/asff.ts';
import { type Severity, severityRank } from '../lib/finding/model.ts';
import { busEvent, digestEvent, type EventFormat } from '../lib/notify/bus-event.ts';
import { chatDigest, chatMessage, chatStorm, type StormBody } from '../lib/notify/chat.ts';
import type { DigestBody } from '../lib/notify/digest.ts';
import { hubTexts } from '../lib/notify/hub-texts.ts';
import type { AlertPlace } from '../lib/notify/text.ts';
import { type Destination, forward } from '../lib/pipeline/forward.ts';
import { createDocumentClient, createSnsClient, type SNSClient } from '../lib/store/clients.ts';
import { putEvents } from '../lib/store/event-bus.ts';
import { FindingsStore } from '../lib/store/findings-store.ts';
import { publishBody } from '../lib/store/messages.ts';
import { importFindings } from '../lib/store/security-hub.ts';
import { type Caller, endpointOf } from '../lib/store/signed-call.ts';
import { loggable } from '../lib/text/untrusted.ts';
import { hasTimeFor, type Invocation, onLambda } from './invocation.ts';

/** Of 60 seconds: enough for the rest of a storm. */
const RESERVED_SHARE = 0.4;

/** Milliseconds in which the function returns what failed to its queue, after its last call was cut off. */
const RESERVED_MS = 3000;

/** What the handler works with. */
interface Forwarding {
  readonly findings: Pick<FindingsStore, 'at' | 'byId'>;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** The name of the deployment. */
  readonly deployment: string;
  /** Epoch seconds. */
  readonly clock: () => number;
  /** The destinations by the ARN of their queue. */
  readonly destinations: ReadonlyMap<string, Destination>;
}

/** Handles a batch of one queue. The result names the messages that failed, which return to that queue alone. */
export function forwardHandler({
  deployment,
  findings,
  logger,
  clock,
  destinations,
}: Forwarding): (event: SQSEvent, invocation: Invocation) => Promise<SQSBatchResponse> {
  return async (event, invocation) => {
    const hasTime = hasTimeFor(invocation, RESERVED_SHARE);
    const timeLeftMs = () => invocation.getRemainingTimeInMillis() - RESERVED_MS;
    const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
    for (const { messageId, body, eventSourceARN } of event.Records) {
      const queue = eventSourceARN.split(':').at(-1);
      try {
        if (!hasTime()) throw new Error('no time left, the message returns to the queue');
        const destination = destinations.get(eventSourceARN);
        if (!destination) throw new Error('the queue must be that of a destination');
        const { alerts, missing, unknown } = await forward(body, deployment, destination, findings, clock, timeLeftMs);
        logger.info('alerts passed on', { queue, alerts });
        if (missing + unknown > 0) logger.warn('alerts of a storm left out', { queue, messageId, missing, unknown });
      } catch (error) {
        logger.error('alerts could not be passed on', { queue, messageId, error: error as Error });
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  };
}

/** The environment variables that the stack sets. */
type Variables = Readonly<Record<string, string | undefined>>;

/** The destinations that the variables name. `sns` is called only for a chat. */
export function destinationsOf(variables: Variables, sns: () => SNSClient): Map<string, Destination> {
  const {
    EVENT_BUS,
    EVENT_BUS_QUEUE,
    EVENT_FORMAT = 'finding',
    CHAT_TOPIC_ARN,
    CHAT_QUEUE,
    HUB_PRODUCT_ARN,
    HUB_QUEUE,
    DEPLOYMENT = '',
  } = variables;
  const destinations = new Map<string, Destination>();
  if (EVENT_BUS && EVENT_BUS_QUEUE) {
    const caller = callerOf(variables, 'events');
    destinations.set(EVENT_BUS_QUEUE, {
      alerts: (alerts, timeLeftMs) =>
        putEvents(
          { ...caller, timeLeftMs },
          EVENT_BUS,
          alerts.map(({ event, finding, at }) => busEvent(event, finding, DEPLOYMENT, EVENT_FORMAT as EventFormat, at)),
        ),
      digest: (digest, timeLeftMs) =>
        putEvents({ ...caller, timeLeftMs }, EVENT_BUS, [digestEvent(digest, DEPLOYMENT)]),
    });
  }
  if (CHAT_TOPIC_ARN && CHAT_QUEUE) destinations.set(CHAT_QUEUE, chatOf(variables, CHAT_TOPIC_ARN, sns()));
  if (HUB_PRODUCT_ARN && HUB_QUEUE) destinations.set(HUB_QUEUE, hubOf(variables, HUB_PRODUCT_ARN));
  return destinations;
}

function chatOf(variables: Variables, topicArn: string, sns: SNSClient): Destination {
  const place = placeOf(variables);
  const minimum = severityRank((variables.CHAT_MIN_SEVERITY ?? 'high') as Severity);
  const isShown = (severity: Severity | undefined) => severity !== undefined && severityRank(severity) >= minimum;
  return {
    alerts: async (alerts) => {
      // The end of a finding is shown where its last alert was, also if it became less severe meanwhile.
      for (const { event, finding, previousSeverity } of alerts)
        if (isShown(finding.severity) || (event === 'closed' && isShown(previousSeverity)))
          await publishBody(sns, topicArn, chatMessage(event, finding, place));
    },
    storm: async (message) => {
      const storm = message as unknown as StormBody;
      if (isShown(storm.worst[0]?.severity)) await publishBody(sns, topicArn, chatStorm(storm, place));
    },
    digest: (message) => publishBody(sns, topicArn, chatDigest(message as unknown as DigestBody, place)),
  };
}

function hubOf(variables: Variables, productArn: string): Destination {
  const caller = callerOf(variables, 'securityhub');
  const accountId = productArn.split(':')[4] ?? '';
  const deployment = variables.DEPLOYMENT ?? '';
  return {
    alerts: (alerts, timeLeftMs) =>
      importFindings(
        { ...caller, timeLeftMs },
        alerts.map(({ event, finding, at }) =>
          toAsff(finding, { event, accountId, productArn, deployment, updatedAt: at, ...hubTexts(event, finding) }),
        ),
      ),
  };
}

/** The names that printed commands use. */
const placeOf = ({ DEPLOYMENT = '', FINDINGS_TABLE = '', AWS_REGION = '', STACK_NAME }: Variables): AlertPlace => ({
  deployment: DEPLOYMENT,
  tables: { findings: FINDINGS_TABLE, region: AWS_REGION, ...(STACK_NAME && { stack: STACK_NAME }) },
});

/** Lambda puts the credentials of the role into the environment for as long as the process lives. */
function callerOf(variables: Variables, service: string): Caller {
  const { AWS_REGION: region = '', AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = variables;
  return {
    service,
    region,
    endpoint: AWS_ENDPOINT_URL || endpointOf(service, region),
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      sessionToken: variables.AWS_SESSION_TOKEN,
    },
  };
}

export const handler = onLambda(() => {
  const table = process.env.FINDINGS_TABLE;
  if (!table) throw new Error('environment variable FINDINGS_TABLE must be set');
  return forwardHandler({
    deployment: process.env.DEPLOYMENT ?? '',
    findings: new FindingsStore({ client: createDocumentClient(), table, retentionDays: 0 }),
    logger: new Logger({ jsonReplacerFn: (_, value) => loggable(value) }),
    clock: () => Date.now() / 1000,
    destinations: destinationsOf(process.env, createSnsClient),
  });
});

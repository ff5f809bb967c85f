/** Makes the embedded S3 notify queues and EventBridge of new objects, as a bucket's configuration asks. */
import { randomUUID } from 'node:crypto';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { buildApp } from 'fauxqs';
import type { Clients } from '../clients.ts';
import type { EmitEvent } from '../events.ts';
import type { Background } from './background.ts';
import type { EventBus } from './event-bus.ts';
import type { ServedForeignBucket } from './foreign-buckets.ts';
import {
  type BucketNotifications,
  escapeXml,
  formatNotifications,
  parseNotifications,
  selectsObject,
} from './notification-config.ts';
import {
  type CreatedObject,
  createSequencer,
  notificationMessage,
  objectCreatedEvent,
  testEventMessage,
} from './s3-events.ts';

/** The context of the hooks. `clients` is called only while requests are served. */
export interface NotificationContext {
  clients(): Pick<Clients, 's3' | 'sqs'>;
  bus: EventBus;
  foreignBuckets: ReadonlyMap<string, ServedForeignBucket>;
  background: Background;
  emit: EmitEvent;
  region: string;
  accountId: string;
}

/** Adds the hooks to the embedded server, before it listens. */
export function installBucketNotifications(app: ReturnType<typeof buildApp>, context: NotificationContext): void {
  const configurations = new Map<string, BucketNotifications>();
  const nextSequencer = createSequencer();

  app.addHook('preHandler', async (request, reply) => {
    const { bucket } = request.params as { bucket?: string };
    if (bucket === undefined || !('notification' in (request.query as object))) return;
    const xml = (body: string, status = 200) => reply.code(status).header('content-type', 'application/xml').send(body);
    if (request.method === 'GET') {
      await xml(formatNotifications(configurations.get(bucket) ?? { queues: [], eventBridge: false }));
    } else if (request.method === 'PUT') {
      try {
        const notifications = parseNotifications(String(request.body ?? ''));
        for (const { queueArn } of notifications.queues) {
          await sendMessage(queueArn, testEventMessage(bucket, request.id, new Date()));
        }
        configurations.set(bucket, notifications);
        await xml('');
      } catch (error) {
        const message = `Unable to validate the following destination configurations: ${error}`;
        await xml(`<Error><Code>InvalidArgument</Code><Message>${escapeXml(message)}</Message></Error>`, 400);
      }
    }
  });

  // Hooks on the answer must not be async: fauxqs sends inside async handlers, and Fastify would then send twice.
  app.addHook('onSend', (request, reply, payload, done) => {
    const { bucket, '*': key } = request.params as { bucket?: string; '*'?: string };
    const eventName = createdBy(request.method, request.query as object, request.headers);
    if (bucket && key && eventName !== undefined && reply.statusCode === 200) {
      const stored = { bucket, key, eventName, sequencer: nextSequencer(), time: new Date() };
      // Started before the answer is sent, so that a caller that waits for idle after a put cannot be answered too
      // early.
      context.background.run(`notification of s3://${bucket}/${key}`, () => announce(stored, request.id));
    }
    done(null, payload);
  });

  async function announce(
    stored: Pick<CreatedObject, 'bucket' | 'key' | 'eventName' | 'sequencer' | 'time'>,
    requestId: string,
  ): Promise<void> {
    const foreign = context.foreignBuckets.get(stored.bucket);
    const region = foreign?.region ?? context.region;
    const accountId = foreign?.owner ?? context.accountId;
    const head = await context.clients().s3.send(new HeadObjectCommand({ Bucket: stored.bucket, Key: stored.key }));
    const eTag = (head.ETag ?? '').replaceAll('"', '');
    const object: CreatedObject = { ...stored, size: head.ContentLength ?? 0, eTag, requestId, region, accountId };
    context.emit({ type: 'object created', bucket: object.bucket, key: object.key, size: object.size });
    const configuration = configurations.get(object.bucket);
    const selected = (configuration?.queues ?? []).filter((queue) =>
      selectsObject(queue, object.eventName, object.key),
    );
    await Promise.all(selected.map(({ queueArn, id }) => sendMessage(queueArn, notificationMessage(object, id))));
    if (configuration?.eventBridge)
      await (foreign?.bus ?? context.bus).publish(objectCreatedEvent(object, randomUUID()));
  }

  async function sendMessage(queueArn: string, body: object): Promise<void> {
    const { sqs } = context.clients();
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queueArn.split(':').at(-1) }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body) }));
  }
}

function createdBy(
  method: string,
  query: object,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): string | undefined {
  if (method === 'POST') return 'uploadId' in query ? 'ObjectCreated:CompleteMultipartUpload' : undefined;
  if (method !== 'PUT' || 'partNumber' in query || 'renameObject' in query) return undefined;
  return headers['x-amz-copy-source'] === undefined ? 'ObjectCreated:Put' : 'ObjectCreated:Copy';
}

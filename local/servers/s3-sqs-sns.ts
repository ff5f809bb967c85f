/**
 * The embedded server of all services but DynamoDB: fauxqs on the loopback address, with hooks for what it lacks.
 */
import { buildApp } from 'fauxqs';
import { type Clients, createMessagingClients } from '../clients.ts';
import type { EmitEvent } from '../events.ts';
import { type Background, createBackground } from './background.ts';
import { installBucketNotifications } from './bucket-notifications.ts';
import { type Chats, createChats } from './chats.ts';
import { type Described, nothingDescribed } from './described.ts';
import { installDescribing } from './describing.ts';
import { createEventBus, type EventBus } from './event-bus.ts';
import { installForeignBuckets, type ServedForeignBucket } from './foreign-buckets.ts';
import { createMailbox } from './mailbox.ts';
import { installMoveTasks } from './move-tasks.ts';
import { installPublishing } from './publishing.ts';
import { installPutEvents } from './put-events.ts';
import { installSecurityHub, type SecurityHub } from './security-hub.ts';
import { type DescribedStack, installStacks } from './stacks.ts';
import { installStepFunctions, type Machines } from './step-functions.ts';

/** A running server and its clients. */
export interface MessagingServer {
  url: string;
  clients: Omit<Clients, 'dynamodb'>;
  bus: EventBus;
  chats: Chats;
  hub: SecurityHub;
  machines: Machines;
  background: Background;
  /** The stacks that CloudFormation describes, by name. */
  stacks: Map<string, DescribedStack>;
  /** What the describing calls of other services answer. */
  described: Described;
  /** The buckets of other accounts, by name. */
  foreignBuckets: Map<string, ServedForeignBucket>;
  stop(): Promise<void>;
}

const MAX_OBJECT_BYTES = 1024 ** 3;

/** Starts the server on a free port of 127.0.0.1. E-mail goes to the folder `mailbox`. */
export async function startMessagingServer(options: {
  region: string;
  accountId: string;
  mailbox: string;
  emit: EmitEvent;
}): Promise<MessagingServer> {
  const { region, accountId, emit } = options;
  const app = buildApp({ logger: false, defaultRegion: region });
  // The parser of fauxqs stops at 11 MiB, its limit for one part of an upload.
  app.removeContentTypeParser('*');
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_OBJECT_BYTES }, (_request, body, done) => {
    done(null, body);
  });
  const bus = createEventBus();
  const background = createBackground(emit);
  const chats = createChats(emit);
  const hub: SecurityHub = { isEnabled: false };
  let clients: Omit<Clients, 'dynamodb'> | undefined;
  const started = () => {
    if (clients === undefined) throw new Error('the server received a request before it was listening');
    return clients;
  };
  const described = nothingDescribed();
  installDescribing(app, described, region);
  const foreignBuckets = new Map<string, ServedForeignBucket>();
  installForeignBuckets(app, foreignBuckets);
  installBucketNotifications(app, { clients: started, bus, foreignBuckets, background, emit, region, accountId });
  installPublishing(app, { deliverMail: () => createdMailbox, background, chats, emit });
  const stacks = new Map<string, DescribedStack>();
  installStacks(app, stacks);
  installPutEvents(app, { bus, background, region, accountId });
  installSecurityHub(app, { hub, emit, region, accountId });
  installMoveTasks(app, () => started().sqs);
  const machines: Machines = new Map();
  installStepFunctions(app, { machines, background });
  installQueues(app, emit);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  clients = createMessagingClients(url, region);
  const createdMailbox = createMailbox(options.mailbox, clients.sns, emit);
  return {
    url,
    clients,
    bus,
    chats,
    hub,
    machines,
    background,
    stacks,
    described,
    foreignBuckets,
    async stop() {
      await background.settle();
      for (const client of Object.values(started())) client.destroy();
      await app.close();
    },
  };
}

function installQueues(app: ReturnType<typeof buildApp>, emit: EmitEvent): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const action = String(request.headers['x-amz-target'] ?? '').replace('AmazonSQS.', '');
    if (reply.statusCode !== 200 || typeof payload !== 'string') {
      done(null, payload);
      return;
    }
    if (action === 'SendMessage' || action === 'SendMessageBatch') {
      const body = request.body as { QueueUrl: string; MessageBody?: string; Entries?: { MessageBody: string }[] };
      const queue = body.QueueUrl.split('/').at(-1) ?? '';
      for (const message of body.Entries ?? [{ MessageBody: body.MessageBody ?? '' }]) {
        emit({ type: 'message sent', queue, bytes: Buffer.byteLength(message.MessageBody) });
      }
    }
    const namesQueues = action === 'CreateQueue' || action === 'GetQueueUrl' || action === 'ListQueues';
    // The host in fauxqs's queue URLs does not resolve without DNS for *.localhost.
    done(null, namesQueues ? payload.replace(/http:\/\/sqs\.[a-z0-9-]+\.localhost:/g, 'http://127.0.0.1:') : payload);
  });
}

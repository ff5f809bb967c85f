/** An account of the local cloud: the servers with its resources, and what outlives a stack in it. */
import { type Clients, createDynamodbClient, createMessagingClients } from './clients.ts';
import type { EmitEvent } from './events.ts';
import type { AccountState } from './resources/stack.ts';
import { type DynamodbServer, startDynamodb } from './servers/dynamodb.ts';
import { createLogGroups, type LogGroups } from './servers/log-groups.ts';
import { type MessagingServer, startMessagingServer } from './servers/s3-sqs-sns.ts';

export const ACCOUNT_ID = '000000000000';

/** How to open an account. */
export interface AccountOptions extends AccountState {
  /** The folder for e-mails (.eml files), created with the first one. */
  mailbox: string;
  /** A folder for the data of DynamoDB, so that it survives a restart. Default: in memory. */
  data?: string;
  /** The AWS_ENDPOINT_URL of another emulator, which then serves S3, SQS and SNS. */
  endpoint?: string;
  /** Default us-east-1. */
  region?: string;
}

/** An open account. Stacks are deployed into it one after another, so that a test can try again after a failure. */
export interface LocalAccount {
  readonly region: string;
  readonly endpointUrl: string;
  readonly dynamodb: DynamodbServer;
  /** Undefined if another emulator serves S3, SQS and SNS. */
  readonly messaging: MessagingServer | undefined;
  readonly clients: Clients;
  readonly state: AccountState;
  /** The log groups and their subscription filters. */
  readonly logGroups: LogGroups;
  /** The buckets that exist, by name. */
  readonly buckets: Set<string>;
  /** Passes an event to all listeners. */
  readonly emit: EmitEvent;
  /** Calls `listener` for each event until the returned function is called. */
  listen(listener: EmitEvent): () => void;
  /** Stops the servers. All data is lost. */
  close(): Promise<void>;
}

/** Starts the servers of a new account. */
export async function openAccount(options: AccountOptions): Promise<LocalAccount> {
  const { endpoint, mailbox, region = 'us-east-1' } = options;
  const listeners = new Set<EmitEvent>();
  const emit: EmitEvent = (event) => {
    for (const listener of listeners) listener(event);
  };
  const [dynamodb, messaging] = await Promise.all([
    startDynamodb(options.data),
    endpoint === undefined ? startMessagingServer({ region, accountId: ACCOUNT_ID, mailbox, emit }) : undefined,
  ]);
  const endpointUrl = messaging?.url ?? endpoint ?? '';
  const messagingClients = messaging?.clients ?? createMessagingClients(endpointUrl, region);
  const clients: Clients = { ...messagingClients, dynamodb: createDynamodbClient(dynamodb.url, region) };
  return {
    region,
    endpointUrl,
    dynamodb,
    messaging,
    clients,
    state: {
      hasEcsCluster: options.hasEcsCluster ?? false,
      flowLogVersion: options.flowLogVersion,
      logGroups: options.logGroups ?? [],
    },
    logGroups: createLogGroups(ACCOUNT_ID),
    buckets: new Set(),
    emit,
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      for (const client of Object.values(clients)) client.destroy();
      await Promise.all([dynamodb.stop(), messaging?.stop()]);
    },
  };
}

/** The alert queue, the alert topic, and the subscribers of a topic. */
import { ListSubscriptionsByTopicCommand, PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { AlertMessage } from '../notify/message.ts';
import type { FindingRef } from './findings-store.ts';

/** Requests the alert function to handle a finding that is marked in the table. */
export async function requestAlert(client: SQSClient, queueUrl: string, ref: FindingRef): Promise<void> {
  await client.send(
    new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify({ pk: ref.pk, sk: ref.sk }) }),
  );
}

/** Publishes an alert. Returns SNS's message id. */
export async function publishAlert(client: SNSClient, topicArn: string, message: AlertMessage): Promise<string> {
  const { MessageId } = await client.send(
    new PublishCommand({
      TopicArn: topicArn,
      Subject: message.subject,
      MessageStructure: 'json',
      Message: JSON.stringify(message.bodies),
      MessageAttributes: Object.fromEntries(
        Object.entries(message.attributes).map(([name, value]) => [
          name,
          typeof value === 'string'
            ? { DataType: 'String', StringValue: value }
            : { DataType: 'String.Array', StringValue: JSON.stringify(value) },
        ]),
      ),
    }),
  );
  return MessageId ?? '';
}

/** Publishes a body as it is. */
export async function publishBody(client: SNSClient, topicArn: string, body: object): Promise<void> {
  await client.send(new PublishCommand({ TopicArn: topicArn, Message: JSON.stringify(body) }));
}

/**
 * How many e-mail subscriptions of a topic are confirmed. SNS lists an unconfirmed one with `PendingConfirmation`
 * instead of an ARN, and a removed one with `Deleted` for some days. Queues and functions are not counted, because one
 * that somebody subscribed by hand must not hide that an address is missing.
 */
export async function countConfirmedAddresses(client: SNSClient, topicArn: string): Promise<number> {
  let confirmed = 0;
  let NextToken: string | undefined;
  do {
    const page = await client.send(new ListSubscriptionsByTopicCommand({ TopicArn: topicArn, NextToken }));
    for (const { Protocol, SubscriptionArn } of page.Subscriptions ?? [])
      if (Protocol?.startsWith('email') && SubscriptionArn?.startsWith('arn:')) confirmed++;
    NextToken = page.NextToken || undefined;
  } while (NextToken !== undefined);
  return confirmed;
}

/** The alert queue, the alert topic, and who listens to a topic. */
import { ListSubscriptionsByTopicCommand, PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { AlertMessage } from '../notify/message.ts';
import type { FindingRef } from './findings-store.ts';

/** Asks the alert function to look at a finding that is marked in the table. */
export async function requestAlert(client: SQSClient, queueUrl: string, ref: FindingRef): Promise<void> {
  await client.send(
    new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify({ pk: ref.pk, sk: ref.sk }) }),
  );
}

/** Publishes an alert; returns SNS's message id. */
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

/**
 * How many e-mail subscriptions of a topic are confirmed. SNS lists one that is not under `PendingConfirmation` instead of
 * an ARN, and for some days one that was removed under `Deleted`. Queues and functions are not counted: one that somebody
 * subscribed by hand must not hide that an address is gone.
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

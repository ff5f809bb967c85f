/** Delivers a publication to a topic's e-mail subscribers by writing one .eml file for each into a folder. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  type SNSClient,
  type Subscription,
} from '@aws-sdk/client-sns';
import type { EmitEvent } from '../events.ts';
import { formatEmail } from './email.ts';
import { bodyFor, type Publication, passesFilter } from './publication.ts';

/** Writes the e-mails for `publication`. Subscribers count as confirmed. */
export type DeliverMail = (publication: Publication, messageId: string) => Promise<void>;

/** A deliverer into `folder`, which is created if it is missing. */
export function createMailbox(folder: string, sns: SNSClient, emit: EmitEvent): DeliverMail {
  let written = 0;
  return async (publication, messageId) => {
    const subscribers = (await listSubscribers(sns, publication.topicArn)).filter(
      ({ Protocol }) => Protocol === 'email',
    );
    for (const { SubscriptionArn, Endpoint: to = '' } of subscribers) {
      const { Attributes: attributes = {} } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
      if (!passesFilter(publication, 'email', attributes.FilterPolicy, attributes.FilterPolicyScope)) continue;
      const topic = await sns.send(new GetTopicAttributesCommand({ TopicArn: publication.topicArn }));
      const subject = publication.subject ?? 'AWS Notification Message';
      const date = new Date();
      const message = formatEmail({
        fromName: topic.Attributes?.DisplayName || 'AWS Notifications',
        fromAddress: 'no-reply@sns.amazonaws.com',
        to,
        subject,
        messageId: `${messageId}.${written}@sns.local`,
        date,
        text: bodyFor(publication, 'email'),
      });
      const stamp = date.toISOString().replace(/[-:]/g, '').replace('.', '-');
      const file = path.join(folder, `${stamp}-${String(written++).padStart(4, '0')}.eml`);
      await mkdir(folder, { recursive: true });
      // Renamed into place, so that a reader of the folder never sees half a message.
      await writeFile(`${file}.part`, message);
      await rename(`${file}.part`, file);
      emit({ type: 'mail written', file, to, subject });
    }
  };
}

async function listSubscribers(sns: SNSClient, topicArn: string): Promise<Subscription[]> {
  const found: Subscription[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: topicArn, NextToken: nextToken }));
    found.push(...(page.Subscriptions ?? []));
    nextToken = page.NextToken || undefined;
  } while (nextToken !== undefined);
  return found;
}

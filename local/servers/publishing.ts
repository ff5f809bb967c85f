/** Makes the embedded SNS support MessageStructure json and pass messages to the mailbox and to chats. */
import type { buildApp } from 'fauxqs';
import type { EmitEvent } from '../events.ts';
import type { Background } from './background.ts';
import type { Chats } from './chats.ts';
import type { DeliverMail } from './mailbox.ts';
import { escapeXml } from './notification-config.ts';
import { bodyFor, InvalidPublication, type Publication, readPublication } from './publication.ts';

/** The context of the hooks. `deliverMail` is called only while requests are served. */
export interface PublishingContext {
  deliverMail(): DeliverMail;
  background: Background;
  chats: Chats;
  emit: EmitEvent;
}

interface Pending {
  publication: Publication;
  /** The batch entry's id. Undefined for a plain Publish. */
  entryId: string | undefined;
}

/** Adds the hooks to the embedded server, before it listens. */
export function installPublishing(app: ReturnType<typeof buildApp>, context: PublishingContext): void {
  const pendingByRequest = new WeakMap<object, Pending[]>();

  app.addHook('preHandler', async (request, reply) => {
    const form = request.body as Record<string, string> | undefined;
    if (request.url !== '/' || (form?.Action !== 'Publish' && form?.Action !== 'PublishBatch')) return;
    try {
      pendingByRequest.set(request, readPublications(form));
    } catch (error) {
      if (!(error instanceof InvalidPublication)) throw error;
      const details = `<Type>Sender</Type><Code>InvalidParameter</Code><Message>${escapeXml(error.message)}</Message>`;
      const body = `<ErrorResponse><Error>${details}</Error><RequestId>${request.id}</RequestId></ErrorResponse>`;
      await reply.code(400).header('content-type', 'text/xml').send(body);
    }
  });

  app.addHook('onSend', (request, reply, payload, done) => {
    const pending = reply.statusCode === 200 ? pendingByRequest.get(request) : undefined;
    for (const { publication, entryId } of pending ?? []) {
      const messageId = messageIdOf(String(payload), entryId);
      if (messageId === undefined) continue;
      const topic = publication.topicArn.split(':').at(-1) ?? '';
      context.emit({ type: 'message published', topic, messageId, subject: publication.subject });
      context.chats.publish(publication.topicArn, bodyFor(publication, 'https'));
      context.background.run(`e-mail of topic ${topic}`, () => context.deliverMail()(publication, messageId));
    }
    done(null, payload);
  });
}

/**
 * Reads what is published, and leaves in the form the body for queues, the only subscribers that fauxqs serves itself.
 */
function readPublications(form: Record<string, string>): Pending[] {
  if (form.Action === 'Publish') return [takePublication(form, '', undefined)];
  const entryIds = Object.entries(form).flatMap(([field, id]) => {
    const prefix = /^(PublishBatchRequestEntries\.member\.\d+\.)Id$/.exec(field)?.[1];
    return prefix === undefined ? [] : [{ prefix, id }];
  });
  return entryIds.map(({ prefix, id }) => takePublication(form, prefix, id));
}

function takePublication(form: Record<string, string>, prefix: string, entryId: string | undefined): Pending {
  const publication = readPublication(form, prefix);
  form[`${prefix}Message`] = bodyFor(publication, 'sqs');
  return { publication, entryId };
}

function messageIdOf(xml: string, entryId: string | undefined): string | undefined {
  const answer = entryId === undefined ? xml : xml.slice(xml.indexOf(`<Id>${entryId}</Id>`) >>> 0);
  return /<MessageId>([^<]+)<\/MessageId>/.exec(answer)?.[1];
}

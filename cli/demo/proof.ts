/** Proves that the demo's alert went through every part: the first part that did nothing is named. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../../lib/finding/model.ts';
import type { LocalCloudEvent } from '../../local/cloud.ts';

/** What is known when everything has come to rest. */
export interface Outcome {
  readonly events: readonly LocalCloudEvent[];
  readonly delivered: number;
  readonly windowItems: number;
  readonly findings: readonly Finding[];
  readonly mailbox: string;
  readonly expectedSource: string;
}

/** The demo did not end in an alert; the message names the part that failed. */
export class ProofError extends Error {
  override name = 'ProofError';
}

/** The text of the alert mail. @throws ProofError naming the first part that failed. */
export async function prove(outcome: Outcome): Promise<string> {
  const { events } = outcome;
  const count = (type: LocalCloudEvent['type'], where: (event: LocalCloudEvent) => boolean = () => true) =>
    events.filter((event) => event.type === type && where(event)).length;
  const finished = (name: string) =>
    count('function finished', (event) => 'logicalId' in event && event.logicalId.includes(name));
  const invoked = (name: string) =>
    count('function invoked', (event) => 'logicalId' in event && event.logicalId.includes(name));
  check(count('object created') >= outcome.delivered, 'S3: not all objects were stored');
  check(
    count('message sent', (event) => 'queue' in event && event.queue.includes('Ingest')) > 0,
    'bucket notification: no message reached the ingest queue',
  );
  check(invoked('Ingest') > 0, 'event source mapping: the ingest function was never invoked');
  check(
    finished('Ingest') > 0 &&
      count('batch failed', (event) => 'logicalId' in event && event.logicalId.includes('Ingest')) === 0,
    'ingest function: it failed',
  );
  check(outcome.windowItems > 0, 'windows table: nothing was stored');
  const finding = outcome.findings.find(({ source }) => source?.address === outcome.expectedSource);
  check(finding !== undefined, `findings table: no finding about ${outcome.expectedSource}`);
  check(
    count('message sent', (event) => 'queue' in event && event.queue.includes('Alert')) > 0,
    'alert queue: nothing was sent to it',
  );
  check(invoked('Alert') > 0, 'event source mapping: the alert function was never invoked');
  check(
    finished('Alert') > 0 &&
      count('batch failed', (event) => 'logicalId' in event && event.logicalId.includes('Alert')) === 0,
    'alert function: it failed',
  );
  check(count('message published') > 0, 'SNS: nothing was published to the alert topic');
  const mail = await findMail(outcome.mailbox, finding!.id);
  check(mail !== undefined, 'e-mail subscription: no mail about the finding was delivered');
  return mail!;
}

function check(holds: boolean, part: string): void {
  if (!holds) throw new ProofError(part);
}

/** The mails are plain text, possibly quoted-printable; the id has no character that would be quoted. */
async function findMail(mailbox: string, id: string): Promise<string | undefined> {
  for (const name of await readdir(mailbox).catch(() => [])) {
    const text = await readFile(join(mailbox, name), 'utf8');
    if (text.replace(/=\r?\n/g, '').includes(id)) return text;
  }
  return undefined;
}

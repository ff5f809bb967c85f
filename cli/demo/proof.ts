/** Proves that the demo's alert went through every part. The error names the first part that did nothing. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../../lib/finding/model.ts';
import type { LocalCloudEvent } from '../../local/cloud.ts';

/** The state of the pipeline when it has nothing left to do. */
export interface Outcome {
  readonly events: readonly LocalCloudEvent[];
  readonly delivered: number;
  readonly windowItems: number;
  readonly findings: readonly Finding[];
  readonly mailbox: string;
  readonly expectedSource: string;
  /** Whether another emulator serves S3, SQS and SNS, so that its work and its mail are not visible here. */
  readonly isForeign: boolean;
}

/** The demo did not end in an alert. The message names the part that failed. */
export class ProofError extends Error {
  override name = 'ProofError';
}

/** The alert mail, or undefined where another emulator keeps it. @throws ProofError naming the first part that failed. */
export async function prove(outcome: Outcome): Promise<string | undefined> {
  const { events, isForeign } = outcome;
  const count = (type: LocalCloudEvent['type'], key: 'queue' | 'logicalId' | 'bucket' | 'topic', part: string) =>
    events.filter(
      (event) => event.type === type && key in event && String(event[key as keyof LocalCloudEvent]).includes(part),
    ).length;
  const runs = (name: string) =>
    count('function finished', 'logicalId', name) > 0 && count('batch failed', 'logicalId', name) === 0;
  check(isForeign || count('object created', 'bucket', '') >= outcome.delivered, 'S3: not all objects were stored');
  check(
    isForeign || count('message sent', 'queue', 'Ingest') > 0,
    'bucket notification: no message reached the ingest queue',
  );
  check(
    count('function invoked', 'logicalId', 'Ingest') > 0,
    'event source mapping: the ingest function was never invoked',
  );
  check(runs('Ingest'), 'ingest function: it failed');
  check(outcome.windowItems > 0, 'windows table: nothing was stored');
  const finding = outcome.findings.find(({ source }) => source?.address === outcome.expectedSource);
  check(finding !== undefined, `findings table: no finding about ${outcome.expectedSource}`);
  check(isForeign || count('message sent', 'queue', 'Alert') > 0, 'alert queue: nothing was sent to it');
  check(
    count('function invoked', 'logicalId', 'Alert') > 0,
    'event source mapping: the alert function was never invoked',
  );
  check(runs('Alert'), 'alert function: it failed');
  if (isForeign) return undefined;
  check(count('message published', 'topic', '') > 0, 'SNS: nothing was published to the alert topic');
  const mail = await findMail(outcome.mailbox, finding!.id);
  check(mail !== undefined, 'e-mail subscription: no mail about the finding was delivered');
  return mail;
}

function check(holds: boolean, part: string): void {
  if (!holds) throw new ProofError(part);
}

/** The mails are plain text, possibly quoted-printable. The id has no character that would be quoted. */
async function findMail(mailbox: string, id: string): Promise<string | undefined> {
  for (const name of await readdir(mailbox).catch(() => [])) {
    const text = await readFile(join(mailbox, name), 'utf8');
    if (text.replace(/=\r?\n/g, '').includes(id)) return text;
  }
  return undefined;
}

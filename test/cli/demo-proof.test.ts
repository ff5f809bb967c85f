/** The demo's proof names the first part of the pipeline that did nothing, from what happened in the local cloud. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type Outcome, ProofError, prove } from '../../cli/demo/proof.ts';
import type { LocalCloudEvent } from '../../local/cloud.ts';
import { finding, SOURCE } from '../lib/store/fixture/findings.ts';

const mailbox = mkdtempSync(join(tmpdir(), 'sweepwatch-proof-'));
afterAll(() => rmSync(mailbox, { recursive: true, force: true }));
const found = finding();
// Quoted-printable breaks a line within the id.
const mail = `Subject: scan\r\n\r\nid ${found.id.slice(0, 4)}=\r\n${found.id.slice(4)}\r\n`;
writeFileSync(join(mailbox, '1.eml'), 'Subject: another mail\r\n');
writeFileSync(join(mailbox, '2.eml'), mail);

const runOf = (name: string): LocalCloudEvent[] => [
  { type: 'function invoked', logicalId: `${name}Function`, requestId: name },
  { type: 'function finished', logicalId: `${name}Function`, requestId: name, ms: 5 },
];
const EVENTS: readonly LocalCloudEvent[] = [
  { type: 'object created', bucket: 'logs', key: '1.log.gz', size: 1 },
  { type: 'object created', bucket: 'logs', key: '2.log.gz', size: 1 },
  { type: 'message sent', queue: 'demo-IngestQueue', bytes: 1 },
  ...runOf('Ingest'),
  { type: 'message sent', queue: 'demo-AlertQueue', bytes: 1 },
  ...runOf('Alert'),
  { type: 'message published', topic: 'alerts', messageId: '1', subject: 'scan' },
];
const WHOLE: Outcome = {
  ...{ events: EVENTS, delivered: 2, windowItems: 3, findings: [found], mailbox },
  ...{ expectedSource: SOURCE.address, isForeign: false },
};
/** Leaves out the events that have all of these values. */
const without = (values: Partial<Record<string, string>>): Partial<Outcome> => ({
  events: EVENTS.filter((event) => {
    const fields: Record<string, unknown> = { ...event };
    return !Object.entries(values).every(([name, value]) => fields[name] === value);
  }),
});
const failedBatch = (name: string): Partial<Outcome> => ({
  events: [...EVENTS, { type: 'batch failed', logicalId: `${name}Function`, failed: 1, received: 1 }],
});

test('returns the mail about the finding when every part did its work', async () => {
  expect(await prove(WHOLE)).toBe(mail);
});

describe('names', () => {
  test.each<[string, Partial<Outcome>]>([
    ['S3: not all objects were stored', { delivered: 3 }],
    ['bucket notification: no message reached the ingest queue', without({ queue: 'demo-IngestQueue' })],
    [
      'event source mapping: the ingest function was never invoked',
      without({ type: 'function invoked', logicalId: 'IngestFunction' }),
    ],
    ['ingest function: it failed', without({ type: 'function finished', logicalId: 'IngestFunction' })],
    ['ingest function: it failed', failedBatch('Ingest')],
    ['windows table: nothing was stored', { windowItems: 0 }],
    [`findings table: no finding about ${SOURCE.address}`, { findings: [] }],
    ['findings table: no finding about 10.9.9.9', { expectedSource: '10.9.9.9' }],
    ['alert queue: nothing was sent to it', without({ queue: 'demo-AlertQueue' })],
    [
      'event source mapping: the alert function was never invoked',
      without({ type: 'function invoked', logicalId: 'AlertFunction' }),
    ],
    ['alert function: it failed', without({ type: 'function finished', logicalId: 'AlertFunction' })],
    ['alert function: it failed', failedBatch('Alert')],
    ['SNS: nothing was published to the alert topic', without({ type: 'message published' })],
    ['e-mail subscription: no mail about the finding was delivered', { mailbox: join(mailbox, 'none') }],
    [
      'e-mail subscription: no mail about the finding was delivered',
      { findings: [{ ...found, id: 'of another finding' }] },
    ],
  ])('%s (%#)', async (part, change) => {
    await expect(prove({ ...WHOLE, ...change })).rejects.toEqual(new ProofError(part));
  });

  test('the first of several parts that did nothing', async () => {
    await expect(prove({ ...WHOLE, events: [] })).rejects.toThrow('S3: not all objects were stored');
  });
});

describe('where another emulator serves S3, SQS and SNS', () => {
  const seen = EVENTS.filter(({ type }) => type.startsWith('function'));

  test('asks only for what happens here', async () => {
    expect(await prove({ ...WHOLE, events: seen, isForeign: true })).toBeUndefined();
  });

  test('still names a function that was never invoked', async () => {
    const events = seen.filter((event) => !('logicalId' in event && event.logicalId === 'AlertFunction'));
    await expect(prove({ ...WHOLE, events, isForeign: true })).rejects.toThrow(
      'event source mapping: the alert function was never invoked',
    );
  });
});

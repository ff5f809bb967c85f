/** BatchImportFindings against the local hub: not enabled, foreign, older, invalid. And what the import says of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { importFindings } from '../../../lib/store/security-hub.ts';
import type { Caller } from '../../../lib/store/signed-call.ts';
import type { LocalCloudEvent } from '../../../local/events.ts';
import { type MessagingServer, startMessagingServer } from '../../../local/servers/s3-sqs-sns.ts';
import { asffOf } from '../../body-schemas.ts';
import { findingOf } from '../../lib/finding/samples.ts';

let server: MessagingServer;
let caller: Caller;
const events: LocalCloudEvent[] = [];
const mailbox = mkdtempSync(join(tmpdir(), 'sweepwatch-hub-'));
beforeAll(async () => {
  const options = { region: 'eu-west-1', accountId: '111122223333', mailbox };
  server = await startMessagingServer({ ...options, emit: (event) => events.push(event) });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  caller = { service: 'securityhub', region: 'eu-west-1', endpoint: server.url, credentials, pauseMs: 1 };
});
afterAll(async () => {
  await server.stop();
  rmSync(mailbox, { recursive: true, force: true });
});

const at = (second: number) => `2026-11-30T12:00:0${second}.000Z`;
const imported = () =>
  events.splice(0).flatMap((event) => (event.type === 'finding imported' ? [JSON.parse(event.body)] : []));
const closed = findingOf({ status: 'closed', closedBecause: 'ended' });

test('a hub that is not enabled refuses each finding, in an answer of 200, and the error says what to look at', async () => {
  await expect(importFindings(caller, [asffOf('opened', findingOf())])).rejects.toThrow(
    'InvalidAccess: Security Hub did not accept 1 of 1 findings: Account is not subscribed to AWS Security Hub (is Security Hub CSPM enabled in this account and Region?)',
  );
  server.hub.isEnabled = true;
});

test('a later state replaces the finding, and an earlier or repeated one changes nothing', async () => {
  await importFindings(caller, [asffOf('opened', findingOf(), at(1))]);
  await importFindings(caller, [asffOf('closed', closed, at(3))]);
  await importFindings(caller, [asffOf('escalated', findingOf({ severity: 'critical' }), at(2))]);
  await importFindings(caller, [asffOf('closed', closed, at(3))]);
  expect(imported().map(({ RecordState, UpdatedAt }) => [RecordState, UpdatedAt])).toEqual([
    ['ACTIVE', at(1)],
    ['ARCHIVED', at(3)],
  ]);
});

test('a finding that is refused holds back no other', async () => {
  const others = Array.from({ length: 120 }, (_, n) => asffOf('opened', findingOf({ id: `${n}`.padStart(24, '0') })));
  const bad = { ...asffOf('opened', findingOf({ id: 'b'.repeat(24) })), Title: ' ' };
  await expect(importFindings(caller, [...others.slice(0, 50), bad, ...others.slice(50)])).rejects.toThrow(
    'InvalidInput: Security Hub did not accept 1 of 121 findings: Title is " ", expected a text',
  );
  expect(imported()).toHaveLength(120);
});

test('a call that fails as a whole does not stop the next one', async () => {
  const some = (letter: string) =>
    Array.from({ length: 100 }, (_, n) => asffOf('opened', findingOf({ id: `${letter}${n}`.padStart(24, '0') })));
  const foreign = some('a').map((finding) => ({ ...finding, AwsAccountId: '999988887777' }));
  await expect(importFindings(caller, [...foreign, ...some('b')])).rejects.toThrow(
    'did not accept 100 of 200 findings',
  );
  expect(imported()).toHaveLength(100);
});

test('a finding of another account is refused as a whole call', async () => {
  const foreign = { ...asffOf('opened', findingOf()), AwsAccountId: '999988887777' };
  await expect(importFindings(caller, [foreign])).rejects.toThrow(
    'AccessDeniedException: Security Hub did not accept 1 of 1 findings: User is not authorized',
  );
});

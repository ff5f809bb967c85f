/** The deployments that tests run on the local cloud, by the name of their stack. One synthesis makes them all. */
import { join } from 'node:path';
import type { SettingsInput } from '../../lib/config/schema.ts';

export const DEPLOYMENTS = {
  /** What `sweepwatch demo` synthesizes. */
  'sweepwatch-demo': { emails: ['analyst@example.com'], digestHourUtc: null },
  /** Settings that say nothing: what the bundles and the bill are measured on. */
  defaults: {},
  /** Functions on the local cloud, and faults in it. */
  functions: { emails: ['analyst@example.com'], digestHourUtc: null },
  'no-digest': { digestHourUtc: null },
  'shared-bucket': {
    emails: ['analyst@example.com'],
    digestHourUtc: null,
    bucket: { existing: { bucket: 'org-logs', flowLogsUnder: 'AWSLogs/' } },
  },
  'their-bucket': {
    digestHourUtc: 0,
    bucket: { existing: { bucket: 'our-flow-logs', prefix: 'vpc/', events: 'eventbridge' } },
  },
  /** A bucket of another account, whose rule sends to the queue. */
  'foreign-bucket': {
    emails: ['analyst@example.com'],
    digestHourUtc: null,
    bucket: {
      existing: {
        bucket: 'org-archive',
        account: '555566667777',
        flowLogsUnder: 'AWSLogs/',
        kmsKeyArn: 'arn:aws:kms:us-east-1:555566667777:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789',
      },
    },
  },
  /** Beside its own bucket those of other Regions, of which rules tell its bus. */
  'other-buckets': {
    emails: ['analyst@example.com'],
    digestHourUtc: null,
    otherBuckets: [
      {
        bucket: 'ireland-logs',
        region: 'eu-west-1',
        account: '555566667777',
        kmsKeyArn: 'arn:aws:kms:eu-west-1:555566667777:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789',
      },
      { bucket: 'tokyo-logs', region: 'ap-northeast-1' },
    ],
  },
  /** Old files are read in parallel. */
  'look-back': {
    emails: ['analyst@example.com'],
    digestHourUtc: null,
    lookBack: { maxConcurrency: 3 },
    maxWriteUnits: { windows: 1000 },
  },
  'new-key': { kmsKey: 'new' },
  /** Every destination of alerts. */
  destinations: {
    emails: ['analyst@example.com'],
    digestHourUtc: null,
    alertsIn5Minutes: 1,
    destinations: { eventBus: 'new', chat: { minSeverity: 'high' }, securityHub: true },
  },
  /** Settle notes which addresses the interfaces of the account hold. */
  inventory: { emails: ['analyst@example.com'], digestHourUtc: null, inventory: true },
  signals: {
    emails: ['analyst@example.com'],
    digestHourUtc: null,
    signals: {
      kubernetes: [{ cluster: 'shop' }],
      hosts: [{ logGroup: '/hosts/auditd' }],
      rules: join(import.meta.dirname, '../data/signals/rules'),
      ecs: true,
    },
    watch: { bySignals: true },
  },
} as const satisfies Readonly<Record<string, SettingsInput>>;

export type DeploymentName = keyof typeof DEPLOYMENTS;

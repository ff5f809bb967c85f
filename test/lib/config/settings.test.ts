/** What the schema accepts, what it refuses, and the sentences that it refuses with. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { detectionOverrides } from '../../../lib/config/detection-schema.ts';
import { parseSettings, SettingsError, settingsJsonSchema } from '../../../lib/config/load.ts';
import type { Settings, SettingsInput } from '../../../lib/config/schema.ts';
import { settingsTypes } from '../../../lib/config/settings-interface.ts';
import { settingsPage } from '../../../lib/config/settings-page.ts';
import type * as types from '../../../lib/config/settings-types.ts';
import { detectionDefaults } from '../../../lib/detections/settings.ts';

function problemsOf(value: unknown): readonly string[] {
  try {
    parseSettings(value, 'my.json');
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

const vpc = 'vpc-0123456789abcdef0';

describe('defaults', () => {
  test('an empty file is a complete deployment', () => {
    expect(parseSettings({})).toEqual({
      deploymentName: 'sweepwatch',
      vpcs: [],
      bucket: {},
      otherBuckets: [],
      destinations: { eventBus: 'none', eventFormat: 'finding', securityHub: false },
      logAccounts: [],
      flowLogs: { hiveCompatiblePartitions: false, perHourPartition: false, ecs: false, leaveOut: [] },
      kmsKey: 'none',
      emails: [],
      opsEmails: [],
      signals: { kubernetes: [], hosts: [], ecs: false },
      watch: { bySignals: false },
      internal: [],
      routingDomains: {},
      sensitivity: 'medium',
      detection: {},
      minSeverity: 'medium',
      alertsIn5Minutes: 50,
      digestHourUtc: 6,
      digestEvery: 'day',
      retentionDays: { windows: 8, findings: 365, logObjects: 30, functionLogs: 30 },
      maxWriteUnits: { windows: 500, findings: 100 },
      ingest: { memoryMiB: 1024, maxConcurrency: 10 },
      lookBack: { maxConcurrency: 0 },
      fields: [],
      logLevel: 'INFO',
      inventory: false,
      detailedMonitoring: false,
      tracing: false,
      dashboard: true,
      keepDataOnRemoval: true,
      deletionProtection: false,
    });
  });

  test('parsing settled settings again changes nothing', () => {
    const settings = parseSettings({ emails: ['a@example.com'], bucket: { existing: { bucket: 'logs' } } });
    expect(parseSettings(settings)).toEqual(settings);
  });

  test('thresholds of five minutes and of an hour may be equal', () => {
    expect(problemsOf({ detection: { failuresIn5Minutes: 10, failuresIn1Hour: 10 } })).toEqual([]);
  });

  test('every default number of the detector lies within the range of its override', () => {
    for (const numbers of Object.values(detectionDefaults)) expect(detectionOverrides.parse(numbers)).toEqual(numbers);
  });
});

/** The columns that can be left out, as messages list them. */
const OPTIONAL =
  'vpc-id, subnet-id, instance-id, tcp-flags, pkt-srcaddr, pkt-dstaddr, region, flow-direction, interface-type';

describe('refusals', () => {
  test.each<[string, unknown, string]>([
    [
      'an unknown name, with the nearest known one',
      { sensitvity: 'low' },
      'sensitvity: is not a setting. Did you mean sensitivity?',
    ],
    ['the beginning of a longer name', { retention: 3 }, 'retention: is not a setting. Did you mean retentionDays?'],
    [
      'an unknown name near nothing, with all that are known there',
      { bucket: { zzz: 1 } },
      'bucket.zzz: is not a setting. Known here: new, existing',
    ],
    [
      'an unknown detection number',
      { detection: { failureIn1Hour: 30 } },
      'detection.failureIn1Hour: is not a setting. Did you mean failuresIn1Hour?',
    ],
    [
      'a number out of range, with the range',
      { ingest: { memoryMiB: 128 } },
      'ingest.memoryMiB: must be a whole number between 512 and 10240, got 128',
    ],
    [
      'a fraction where a whole number is needed',
      { retentionDays: { windows: 7.5 } },
      'retentionDays.windows: must be a whole number between 4 and 90, got 7.5',
    ],
    [
      'a detection number out of range',
      { detection: { falsePositiveRate: 0.5 } },
      'detection.falsePositiveRate: must be a number between 1e-7 and 0.1, got 0.5',
    ],
    [
      'a word that is none of the allowed ones',
      { sensitivity: 'extreme' },
      'sensitivity: must be one of low, medium, high, got "extreme"',
    ],
    ['a text for a switch', { keepDataOnRemoval: 'yes' }, 'keepDataOnRemoval: must be true or false, got "yes"'],
    [
      'a digest that is neither daily nor hourly',
      { digestEvery: 'week' },
      'digestEvery: must be one of day, hour, got "week"',
    ],
    [
      'an hour that no day has',
      { digestHourUtc: 24 },
      'digestHourUtc: must be a whole number between 0 and 23 or null, got 24',
    ],
    [
      'a cluster and a log group for one audit log',
      { signals: { kubernetes: [{ cluster: 'prod', logGroup: '/k8s' }] } },
      'signals.kubernetes.0: must contain cluster or logGroup, and not both, got {"cluster":"prod","logGroup":"/k8s"}',
    ],
    [
      'the ARN of a log group',
      { signals: { hosts: [{ logGroup: 'arn:aws:logs:us-east-1:111122223333:log-group:x' }] } },
      'signals.hosts.0.logGroup: must be the name of a log group, not its ARN: 1 to 512 of letters, digits and . - _ / #, got "arn:aws:logs:us-east-1:111122223333:log-group:x"',
    ],
    [
      'a log group that is read twice, also by the name of its cluster',
      { signals: { kubernetes: [{ cluster: 'prod' }], hosts: [{ logGroup: '/aws/eks/prod/cluster' }] } },
      'signals.hosts.0: must name a log group once: /aws/eks/prod/cluster is already that of signals.kubernetes.0, got {"logGroup":"/aws/eks/prod/cluster"}',
    ],
    [
      'a VPC id of the wrong form',
      { vpcs: [{ vpcId: 'vpc-xyz' }] },
      'vpcs.0.vpcId: must be a VPC id: vpc- and 8 or 17 hexadecimal digits, got "vpc-xyz"',
    ],
    [
      'a VPC listed twice',
      { vpcs: [{ vpcId: vpc }, { vpcId: vpc }] },
      `vpcs.1: must be listed once, is already item 0, got {"vpcId":"${vpc}"}`,
    ],
    [
      'a column to leave out that no flow log has',
      { flowLogs: { leaveOut: ['tcp-flag'] } },
      `flowLogs.leaveOut.0: must be one of ${OPTIONAL}: no flow log field has this name, got "tcp-flag"`,
    ],
    [
      'a column to leave out that is not ordered',
      { flowLogs: { leaveOut: ['flow-direction', 'az-id'] } },
      `flowLogs.leaveOut.1: must be one of ${OPTIONAL}: the flow logs do not contain az-id, so remove it, got "az-id"`,
    ],
    [
      'an ECS column to leave out where none is ordered',
      { flowLogs: { leaveOut: ['ecs-task-id'] } },
      `flowLogs.leaveOut.0: must be one of ${OPTIONAL}: without flowLogs.ecs the flow logs contain no ECS column, so remove it, got "ecs-task-id"`,
    ],
    [
      'a column to leave out that detection needs',
      { flowLogs: { leaveOut: ['dstport'] } },
      `flowLogs.leaveOut.0: must be one of ${OPTIONAL}: detection needs dstport, which every Region offers, got "dstport"`,
    ],
    [
      'a column to leave out that is listed twice',
      { flowLogs: { leaveOut: ['region', 'region'] } },
      'flowLogs.leaveOut.1: must be listed once, is already item 0, got "region"',
    ],
    [
      'protected tables that the stack shall delete',
      { deletionProtection: true, keepDataOnRemoval: false },
      'deletionProtection: must be false with keepDataOnRemoval false, because the stack could not delete its tables, got true',
    ],
    ['a bad address', { emails: ['nobody'] }, 'emails.0: must be an e-mail address, got "nobody"'],
    [
      'an e-mail address listed twice in other letters',
      { emails: ['a@example.com', 'A@example.com'] },
      'emails.1: must be listed once, is already item 0, got "A@example.com"',
    ],
    [
      'overlapping networks, naming both',
      { internal: ['10.0.0.0/8', '10.1.0.0/16'] },
      'internal.1: must not overlap 10.0.0.0/8: keep the wider of the two, got "10.1.0.0/16"',
    ],
    [
      'what is no network',
      { internal: ['10.0.0.0/40'] },
      'internal.0: must have a prefix length between 0 and 32, got "10.0.0.0/40"',
    ],
    [
      'a VPC in two routing domains',
      { routingDomains: { a: [vpc], b: [vpc] } },
      `routingDomains.b.0: must be in one routing domain, is already in a, got "${vpc}"`,
    ],
    [
      'two buckets',
      { bucket: { new: {}, existing: { bucket: 'logs' } } },
      'bucket: must contain new or existing, not both, got {"new":{},"existing":{"bucket":"logs"}}',
    ],
    [
      'an alias for a key',
      { kmsKey: 'alias/mine' },
      'kmsKey: must be none, new, or the full ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID), got "alias/mine"',
    ],
    [
      'an account id that lost its leading zero to being a number',
      { logAccounts: [12345678901] },
      'logAccounts.0: must be a text in quotes, got 12345678901',
    ],
    [
      'accounts that are to deliver to a bucket which is not ours',
      { bucket: { existing: { bucket: 'logs' } }, logAccounts: ['111122223333'] },
      'logAccounts: must be left out with an existing bucket, whose policy the stack does not change, got ["111122223333"]',
    ],
    [
      'an organization that is to deliver to a bucket which is not ours',
      { bucket: { existing: { bucket: 'logs' } }, logOrganization: 'o-a1b2c3d4e5' },
      'logOrganization: must be left out with an existing bucket, whose policy the stack does not change, got "o-a1b2c3d4e5"',
    ],
    [
      'the id of an organizational unit for that of the organization',
      { logOrganization: 'ou-a1b2-c3d4e5f6' },
      'logOrganization: must be an organization id: o- and 10 to 32 of a-z and 0-9, got "ou-a1b2-c3d4e5f6"',
    ],
    [
      'a further bucket that is the first one',
      { bucket: { existing: { bucket: 'logs' } }, otherBuckets: [{ bucket: 'logs', region: 'eu-west-1' }] },
      'otherBuckets.0.bucket: must not be the bucket of the setting bucket, got "logs"',
    ],
    [
      'a further bucket that is listed twice',
      { otherBuckets: ['eu-west-1', 'eu-west-2'].map((region) => ({ bucket: 'logs', region })) },
      'otherBuckets.1: must be listed once, is already item 0, got {"bucket":"logs","region":"eu-west-2"}',
    ],
    [
      'the key of a further bucket in another Region',
      {
        otherBuckets: [
          { bucket: 'logs', region: 'eu-west-1', kmsKeyArn: 'arn:aws:kms:eu-west-2:555566667777:key/0a1b2c3d' },
        ],
      },
      'otherBuckets.0.kmsKeyArn: must be a key of eu-west-1, the Region of the bucket, got "arn:aws:kms:eu-west-2:555566667777:key/0a1b2c3d"',
    ],
    [
      'a further bucket in a place that is no Region',
      { otherBuckets: [{ bucket: 'logs', region: 'Ireland' }] },
      'otherBuckets.0.region: must be a Region such as eu-central-1, got "Ireland"',
    ],
    [
      'an owner of a bucket that is no account id',
      { bucket: { existing: { bucket: 'logs', account: '5555-6666-7777' } } },
      'bucket.existing.account: must be an account id of 12 digits, got "5555-6666-7777"',
    ],
    [
      'the alias of a key of another account',
      { bucket: { existing: { bucket: 'logs', account: '555566667777', kmsKeyArn: 'alias/logs' } } },
      'bucket.existing.kmsKeyArn: must be the full ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID), not an alias, got "alias/logs"',
    ],
    [
      'an account id with hyphens',
      { logAccounts: ['1111-2222-3333'] },
      'logAccounts.0: must be an account id of 12 digits, in quotes, got "1111-2222-3333"',
    ],
    [
      'an account that is listed twice',
      { logAccounts: ['111122223333', '111122223333'] },
      'logAccounts.1: must be listed once, is already item 0, got "111122223333"',
    ],
    [
      'two ways of saying what is read',
      { bucket: { existing: { bucket: 'logs', flowLogsUnder: 'AWSLogs/', prefix: 'net/' } } },
      'bucket.existing.prefix: must be left out, since flowLogsUnder selects the files, got "net/"',
    ],
    [
      'flow logs of the stack below the folder of an organization',
      { bucket: { existing: { bucket: 'logs', flowLogsUnder: 'AWSLogs/o-a1b2c3d4e5/' } }, vpcs: [{ vpcId: vpc }] },
      'bucket.existing.flowLogsUnder: must end with AWSLogs/ if vpcs is set, because AWS writes its flow logs to AWSLogs/<account>/, got "AWSLogs/o-a1b2c3d4e5/"',
    ],
    [
      'a flow log below the folder that AWS adds itself',
      { bucket: { existing: { bucket: 'logs', prefix: 'net/AWSLogs/' } }, vpcs: [{ vpcId: vpc }] },
      'bucket.existing.prefix: must end before AWSLogs/ if vpcs is set, because AWS adds AWSLogs/ itself (or set flowLogsUnder), got "net/AWSLogs/"',
    ],
    [
      'an hour threshold below that of five minutes',
      { detection: { failuresIn1Hour: 5 } },
      'detection.failuresIn1Hour: must be at least failuresIn5Minutes (8), got 5',
    ],
    [
      'a scanner that is expected to succeed as often as a benign source',
      { detection: { scannerSuccess: 0.5, benignSuccess: 0.5 } },
      'detection.scannerSuccess: must keep scannerSuccess below benignSuccess (0.5 and 0.5), got 0.5',
    ],
    [
      'watches by signals without signals',
      { watch: { bySignals: true } },
      'watch.bySignals: must be false unless signals names a log, because nothing else shows an exec or a tool, got true',
    ],
    [
      'more than the variable of a function can carry',
      { fields: Array.from({ length: 300 }, (_, index) => `some-field-${index}`) },
      'settings: must fit into 2976 bytes for the functions, need 5248: shorten internal, routingDomains, fields or otherBuckets',
    ],
    [
      'the same by the names of further buckets',
      {
        fields: Array.from({ length: 140 }, (_, index) => `some-field-${1000 + index}`),
        otherBuckets: Array.from({ length: 10 }, (_, index) => ({
          bucket: `logs-${index}-${'x'.repeat(50)}`,
          region: 'eu-west-1',
        })),
      },
      'settings: must fit into 2976 bytes for the functions, need 3682: shorten internal, routingDomains, fields or otherBuckets',
    ],
    ['a list for the whole', [1], 'settings: must be an object, got [1]'],
  ])('%s', (_name, value, problem) => {
    expect(problemsOf(value)).toEqual([problem]);
  });

  test.each<[flowLogsUnder: string, problem: string]>([
    ['/AWSLogs/', 'must not start with /, since no key of log delivery does'],
    ['s3://logs/AWSLogs/', 'must be the beginning of keys, without the bucket'],
    ['arn:aws:s3:::logs/AWSLogs/', 'must be the beginning of keys, without the bucket'],
    ['AWSLogs/*/vpcflowlogs/', 'must not contain * or ?, since it already covers all accounts and Regions: AWSLogs/'],
    ['**/AWSLogs/', 'must not contain * or ?, since it already covers all accounts and Regions: AWSLogs/'],
    ...['', 'AWSLogs', 'network/', 'MyAWSLogs/', 'AWSLogs/111122223333/', 'AWSLogs/o-short/'].map(
      (folder): [string, string] => [
        folder,
        'must end with AWSLogs/ (or AWSLogs/<organization id>/), the folder that AWS adds: network/AWSLogs/',
      ],
    ),
    ['a b/AWSLogs/', "must consist of letters, digits and ! - _ . ' ( ) = /, as S3 recommends for keys"],
  ])('flowLogsUnder %j, with the fix', (flowLogsUnder, problem) => {
    expect(problemsOf({ bucket: { existing: { bucket: 'logs', flowLogsUnder } } })).toEqual([
      `bucket.existing.flowLogsUnder: ${problem}, got ${JSON.stringify(flowLogsUnder)}`,
    ]);
  });

  test.each(['AWSLogs/', 'network/AWSLogs/', 'o-a1b2c3d4e5/AWSLogs/', 'AWSLogs/o-a1b2c3d4e5/'])(
    'but not flowLogsUnder %j',
    (flowLogsUnder) => {
      expect(problemsOf({ bucket: { existing: { bucket: 'logs', flowLogsUnder } } })).toEqual([]);
    },
  );

  test.each<[prefix: string, problem: string]>([
    ['/net/', 'must not start with /, since no key of log delivery does'],
    ['s3://logs/net/', 'must be the beginning of keys, without the bucket'],
    ['AWSLogs/*/', 'must not contain * or ?: for the flow logs of all accounts and Regions set flowLogsUnder'],
    ['net', 'must be empty or end with /'],
  ])('prefix %j, with the fix', (prefix, problem) => {
    expect(problemsOf({ bucket: { existing: { bucket: 'logs', prefix } } })).toEqual([
      `bucket.existing.prefix: ${problem}, got ${JSON.stringify(prefix)}`,
    ]);
  });

  test.each<[name: string, rule: string]>([
    ['Logs', 'be 3 to 63 of a-z, 0-9, dot and hyphen'],
    ['my_logs', 'be 3 to 63 of a-z, 0-9, dot and hyphen'],
    ['ab', 'be 3 to 63 of a-z, 0-9, dot and hyphen'],
    ['a'.repeat(64), 'be 3 to 63 of a-z, 0-9, dot and hyphen'],
    ['logs/AWSLogs', 'be 3 to 63 of a-z, 0-9, dot and hyphen'],
    ['-logs', 'begin and end with a letter or a number'],
    ['logs.', 'begin and end with a letter or a number'],
    ['my..logs', 'not contain two dots in a row'],
    ['192.168.5.4', 'not look like an IP address'],
    ['xn--logs', 'not begin with xn--, sthree- or amzn-s3-demo-'],
    [
      'logs--x-s3',
      'not end with -s3alias, --ol-s3, .mrap, --x-s3 or --table-s3 (no access point, no directory bucket)',
    ],
  ])('the bucket name %j, with the rule it breaks', (name, rule) => {
    const got = `got ${JSON.stringify(name)}`;
    expect(problemsOf({ bucket: { new: { name } } })).toEqual([
      `bucket.new.name: must be a bucket name. A name must ${rule}, ${got}`,
    ]);
    expect(problemsOf({ bucket: { existing: { bucket: name } } })).toEqual([
      `bucket.existing.bucket: must be a bucket name or ARN (arn:aws:s3:::NAME) without a path. A name must ${rule}, ${got}`,
    ]);
  });

  test('all problems are told at once, each line with the file', () => {
    const wrong = () => parseSettings({ emails: ['x'], sensitivity: 'y', digestHourUtc: -1 }, 'my.json');
    expect(wrong).toThrow(
      [
        'my.json: emails.0: must be an e-mail address, got "x"',
        'my.json: sensitivity: must be one of low, medium, high, got "y"',
        'my.json: digestHourUtc: must be a whole number between 0 and 23 or null, got -1',
      ].join('\n'),
    );
  });
});

describe('the JSON schema for editors', () => {
  const path = new URL('../../../docs/schemas/settings.schema.json', import.meta.url);

  test('is the one that the program has now (npm run schema writes it)', () => {
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(settingsJsonSchema());
  });

  test('and the settings page are up to date (npm run schema)', () => {
    const page = readFileSync(new URL('../../../docs/settings.md', import.meta.url), 'utf8');
    expect(page).toBe(settingsPage(settingsJsonSchema()));
  });

  test('and so are the types, which are those of the schema', () => {
    const written = readFileSync(new URL('../../../lib/config/settings-types.ts', import.meta.url), 'utf8');
    expect(written).toBe(settingsTypes(settingsJsonSchema(), settingsJsonSchema('output')));
    // The compiler holds both directions: each type takes what the other allows.
    const input = (value: SettingsInput): types.SettingsInput => value;
    const back = (value: types.SettingsInput): SettingsInput => value;
    const output = (value: Settings): types.Settings => value;
    const outputBack = (value: types.Settings): Settings => value;
    expect([input, back].map((same) => same({}))).toEqual([{}, {}]);
    expect(outputBack(output(parseSettings({})))).toEqual(parseSettings({}));
  });

  test('describes every setting', () => {
    interface Node {
      description?: string;
      properties?: Record<string, Node>;
      items?: Node;
    }
    const undescribed: string[] = [];
    const visit = (node: Node, path: string) => {
      for (const [name, child] of Object.entries({ ...node.properties, ...node.items?.properties })) {
        if (child.description === undefined) undescribed.push(`${path}${name}`);
        visit(child, `${path}${name}.`);
      }
    };
    visit(settingsJsonSchema(), '');
    expect(undescribed).toEqual([]);
  });

  test('accepts the settings file of the repository and refuses an unknown setting', () => {
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(settingsJsonSchema());
    const file = new URL('../../../sweepwatch.config.json', import.meta.url);
    expect(validate(JSON.parse(readFileSync(file, 'utf8')))).toBe(true);
    expect(validate({ sensitvity: 'low' })).toBe(false);
  });

  test.each<[existing: Record<string, string>, isRight: boolean]>([
    [{ bucket: 'my-logs', flowLogsUnder: 'net/AWSLogs/' }, true],
    [{ bucket: 'arn:aws:s3:::my-logs', prefix: 'net/' }, true],
    [{ bucket: 'my-logs', prefix: '' }, true],
    [{ bucket: 'My-Logs' }, false],
    [{ bucket: 'my-logs', flowLogsUnder: 'AWSLogs/*/vpcflowlogs/' }, false],
    [{ bucket: 'my-logs', prefix: '/net/' }, false],
    [{ bucket: 'my-logs', prefix: 'AWSLogs/*/' }, false],
  ])('judges the existing bucket %j as the program does', (existing, isRight) => {
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(settingsJsonSchema());
    expect(validate({ bucket: { existing } })).toBe(isRight);
    expect(problemsOf({ bucket: { existing } }).length === 0).toBe(isRight);
  });
});

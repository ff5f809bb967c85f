/** The one schema of the one settings file: every setting with its meaning, unit, range, default and trade-off. */
import { z } from 'zod';
import { SEVERITIES } from '../finding/model.ts';
import { bucketChoice, keyArn, otherBuckets } from './bucket-schema.ts';
import { checkInternal, checkRoutingDomains, checkTogether, checkUnique } from './checks.ts';
import { destinations, emailFilter } from './destinations-schema.ts';
import { detectionOverrides } from './detection-schema.ts';
import { checkColumns } from './flow-log-columns.ts';
import { signals } from './signals-schema.ts';
import { textOrToken } from './token.ts';
import { watch } from './watch-schema.ts';

/** The retention periods in days that CloudWatch Logs accepts. */
const functionLogDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const vpcId = textOrToken(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be a VPC id: vpc- and 8 or 17 hexadecimal digits');
const emails = (description: string) =>
  z
    .array(z.email('must be an e-mail address'))
    .superRefine(checkUnique((address) => address.toLowerCase()))
    .default([])
    .describe(description);

const settingsShape = z
  .strictObject({
    $schema: z.string().optional().describe('Location of this schema, for editors. The program does not read it.'),
    deploymentName: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,22}[a-z0-9]$/, 'must be 2 to 24 of a-z, 0-9 and hyphen, starting with a letter')
      .default('sweepwatch')
      .describe('Name of the stack, value of the metric dimension `service`, and prefix of every fixed ' + 'name.'),
    vpcs: z
      .array(z.strictObject({ vpcId: vpcId.describe('A VPC in the account and region of the stack.') }))
      .superRefine(checkUnique((vpc) => vpc.vpcId))
      .default([])
      .describe(
        'VPCs for which the stack creates a flow log: all traffic, 60 s aggregation, the columns ' +
          'that detection reads. Leave it empty if flow logs exist already. A second flow log for a ' +
          'VPC is billed as vended logs again.',
      ),
    bucket: bucketChoice,
    otherBuckets: otherBuckets.superRefine(checkUnique(({ bucket }) => bucket)),
    logAccounts: z
      .array(textOrToken(/^\d{12}$/, 'must be an account id of 12 digits, in quotes'))
      .superRefine(checkUnique((account) => account))
      .default([])
      .describe(
        "Further accounts that may deliver flow logs of any Region to the new bucket. The stack's " +
          'own account always may. The bucket policy has room for about 95 accounts (61 with ' +
          'hiveCompatiblePartitions). For more, set logOrganization. Not used with an existing bucket, ' +
          'whose policy is yours.',
      ),
    logOrganization: z
      .string()
      .regex(/^o-[a-z0-9]{10,32}$/, 'must be an organization id: o- and 10 to 32 of a-z and 0-9')
      .optional()
      .describe(
        'An organization of AWS Organizations. All its present and future accounts may deliver flow ' +
          'logs of any Region to the new bucket. Not used with an existing bucket, whose policy is ' +
          'yours.',
      ),
    flowLogs: z
      .strictObject({
        hiveCompatiblePartitions: z
          .boolean()
          .default(false)
          .describe(
            'Whether object keys are Hive-style (year=2026/month=11/...), which Athena can use as ' +
              'partitions. Also set it if the accounts in logAccounts deliver that way.',
          ),
        perHourPartition: z
          .boolean()
          .default(false)
          .describe(
            'Whether each hour has its own folder, instead of each day. Cheaper to query, no effect on ' + 'detection.',
          ),
        ecs: z
          .boolean()
          .default(false)
          .describe(
            'Whether the flow logs of vpcs have the ECS columns, which name the cluster, service, ' +
              'task and container behind a source. EC2 refuses a flow log with these columns unless an ' +
              'ECS cluster exists in the account and Region when the flow log is created. Some reports ' +
              'say that the cluster must be in the VPC. The deploying role also needs ' +
              'ecs:ListClusters, ecs:ListServices, ecs:ListTasks, ecs:ListTaskDefinitions and ' +
              'ecs:ListContainerInstances. Only tasks in awsvpc mode are named. The columns are billed ' +
              'with every record.',
          ),
        leaveOut: z
          .array(z.string())
          .superRefine(checkUnique((column) => column))
          .default([])
          .describe(
            'Columns to leave out of the flow logs of vpcs, for a Region or partition that does not ' +
              'offer them yet. EC2 refuses a flow log with an unknown field. The table "What detection ' +
              'loses without a column" lists the consequences.',
          ),
      })
      .superRefine(checkColumns)
      .prefault({})
      .describe('Columns of the flow logs of vpcs, and the layout of their files in the bucket.'),
    kmsKey: textOrToken(
      new RegExp(`^(none|new|${keyArn.source.slice(1, -1)})$`),
      'must be none, new, or the full ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID)',
    )
      .default('none')
      .describe(
        'Encryption of the new bucket, both tables and the alert topic. none: keys that AWS owns or ' +
          'manages, no fee. new: a key that the stack creates and AWS rotates yearly (about 1 USD a ' +
          "month plus requests). An ARN: your own key in the stack's account and Region. Its policy " +
          'must allow delivery.logs.amazonaws.com to encrypt, and let IAM policies of the account ' +
          'grant its use. Before you change this setting, pause ingest and drain its queue. Until the ' +
          'roles are updated, calls under the new key are refused, and files under the old key become ' +
          'unreadable.',
      ),
    emails: emails(
      'E-mail addresses that receive alerts. Each must confirm the message from AWS within 48 ' + 'hours.',
    ),
    opsEmails: emails(
      'E-mail addresses that receive the alarms about the pipeline itself. They belong to its ' +
        'operators, not to the analysts.',
    ),
    emailFilter,
    destinations,
    signals,
    watch,
    internal: z
      .array(z.string())
      .superRefine(checkInternal)
      .default([])
      .describe(
        'Further CIDR blocks that count as inside, for instance your public ranges. 10/8, 172.16/12, ' +
          '192.168/16, 100.64/10, fc00::/7 and the addresses of logged interfaces are always inside. ' +
          'The blocks must not overlap each other.',
      ),
    routingDomains: z
      .record(
        z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, 'must be named with 1 to 30 of a-z, 0-9, hyphen, a letter first'),
        z.array(vpcId).min(1),
      )
      .superRefine(checkRoutingDomains)
      .default({})
      .describe(
        'Groups of VPCs that route to each other (peering, transit gateway) and so share one space ' +
          'of private addresses: name to VPC ids. Default: all VPCs of an account are one domain. Set ' +
          'it if VPCs of an account reuse address ranges, or if several accounts share a VPC. "setup domains" ' +
          'prints it.',
      ),
    sensitivity: z
      .enum(['low', 'medium', 'high'])
      .default('medium')
      .describe(
        'How little evidence is enough for a finding. low misses slow scans, high reports more ' + 'harmless traffic.',
      ),
    detection: detectionOverrides
      .default({})
      .describe('Numbers of the detector that override those of the sensitivity, one by one.'),
    minSeverity: z
      .enum(SEVERITIES)
      .default('medium')
      .describe(
        'Findings below this severity raise no alert. They appear in the table and in the digest. ' +
          'Scans from outside are low, so with the default they raise no alert.',
      ),
    alertsIn5Minutes: z
      .int()
      .min(1)
      .max(500)
      .default(50)
      .describe(
        'Limit of alerts that are sent one by one in five minutes. It applies separately to five ' +
          'groups: critical, high from inside, high from outside, all others, and closed findings. ' +
          'Alerts beyond it are an alert storm. They are held for at most five minutes and then sent ' +
          'in one message, the worst first. Lower is easier on readers. Higher suits programs that ' +
          'need each finding.',
      ),
    digestHourUtc: z
      .int()
      .min(0)
      .max(23)
      .nullable()
      .default(6)
      .describe(
        'Hour of day (UTC) at which the daily digest of findings without an alert is sent. null ' +
          'turns the digest off, also an hourly one.',
      ),
    digestEvery: z
      .enum(['day', 'hour'])
      .default('day')
      .describe(
        'How often the digest is sent. hour: a message about each hour in which a scan was found, in the ' +
          'second hour after it, whatever digestHourUtc is. No message is sent about an hour without scans.',
      ),
    retentionDays: z
      .strictObject({
        windows: z
          .int()
          .min(4)
          .max(90)
          .default(8)
          .describe(
            'Days that contact windows are kept. The minimum is the longest horizon (72 h) and one ' +
              'day. More costs storage.',
          ),
        findings: z
          .int()
          .min(7)
          .max(3650)
          .default(365)
          .describe('Days that findings are kept after their last change.'),
        logObjects: z
          .int()
          .min(1)
          .max(3650)
          .default(30)
          .describe('Days that flow log files stay in the new bucket. They are the evidence behind a finding.'),
        functionLogs: z
          .literal(functionLogDays)
          .default(30)
          .describe(
            'Days that the logs of the functions are kept. Must be one of the numbers that CloudWatch ' +
              'Logs accepts.',
          ),
      })
      .prefault({})
      .describe('Retention periods in days.'),
    maxWriteUnits: z
      .strictObject({
        windows: z.int().min(10).max(40_000).default(500).describe('Write units per second of the windows table.'),
        findings: z
          .int()
          .min(10)
          .max(40_000)
          .default(100)
          .describe('Write units per second of the findings table, and separately of each of its four indexes.'),
      })
      .prefault({})
      .describe(
        'Write ceilings of the tables, which limit the bill during a flood of traffic. One unit used ' +
          'all month costs about 1.62 USD (0.625 USD per million writes). AWS enforces the ceilings on ' +
          'a best-effort basis, so writes may exceed them briefly. At the ceiling, writes are retried ' +
          'and files wait in the queue. Outside sources with few contacts are dropped first, which ' +
          'raises an alarm.',
      ),
    ingest: z
      .strictObject({
        memoryMiB: z
          .int()
          .min(512)
          .max(10_240)
          .default(1024)
          .describe(
            'Memory of the ingest function in MiB. More memory also gives more CPU (1769 MiB is one ' + 'vCPU).',
          ),
        maxConcurrency: z
          .int()
          .min(2)
          .max(1000)
          .default(10)
          .describe(
            'Number of files to read in parallel. Higher catches up faster after an outage and ' +
              'leaves less concurrency for other functions.',
          ),
      })
      .prefault({})
      .describe('Size of the ingest function.'),
    lookBack: z
      .strictObject({
        maxConcurrency: z
          .int()
          .min(0)
          .max(1000)
          .default(0)
          .describe(
            'Number of batches of old files that a look back with "backfill --map" reads in parallel, beside those of ' +
              'ingest. 0: the stack has no state machine, and old files pass only through the queue. For 20, set ' +
              'maxWriteUnits.windows to 4000: with the workload of docs/cost.md, each batch writes about 200 units per second.',
          ),
      })
      .prefault({})
      .describe('Look backs at large archives, with a Distributed Map of Step Functions.'),
    fields: z
      .array(z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be a flow log field such as srcaddr or pkt-srcaddr'))
      .superRefine(checkUnique((field) => field))
      .default([])
      .describe('Column names, in order, of files without a header line. If empty, the 14 default fields ' + 'apply.'),
    logLevel: z
      .enum(['DEBUG', 'INFO', 'WARN', 'ERROR'])
      .default('INFO')
      .describe('Log level of the functions. DEBUG writes gigabytes, which CloudWatch bills.'),
    inventory: z
      .boolean()
      .default(false)
      .describe(
        'Whether the settle function notes every five minutes which addresses the network interfaces of this account and ' +
          'Region hold. Failed contacts with addresses that no interface has held for three days are then weighed as ' +
          'such, from three days after the first deployment with it. The function then may list interfaces and subnets, which ' +
          'IAM cannot limit to a resource. With 1,000 interfaces it costs about 0.20 USD a month, with 20,000 about 1.50.',
      ),
    detailedMonitoring: z
      .boolean()
      .default(false)
      .describe(
        'Whether there are also alarms on errors and throttles of each function, an alarm on missing files beside the ' +
          'one on missing records, and metrics that no alarm needs. Without them the same trouble is reported by the age ' +
          'of messages, dead letters and missing records, some minutes later, and the numbers are in the logs and on the ' +
          'dashboard. They cost about 4 USD a month.',
      ),
    dashboard: z
      .boolean()
      .default(true)
      .describe(
        'Whether the stack has a CloudWatch dashboard. The first three of an account are free, each further one costs ' +
          '3 USD a month.',
      ),
    tracing: z
      .boolean()
      .default(false)
      .describe(
        'Whether AWS X-Ray records invocations of the functions: when each started, how long its parts took, whether it ' +
          'failed. X-Ray records the first invocation of each second and 5% of the others. The first 100,000 traces of an ' +
          'account and month are free, a million more cost 5 USD. The functions then may send traces, which IAM cannot ' +
          'limit to a resource.',
      ),
    keepDataOnRemoval: z
      .boolean()
      .default(true)
      .describe(
        'Whether tables, new bucket, the bucket of look backs and new key outlive the stack. With false, tables and ' +
          'key are deleted with the stack. The buckets must be emptied first, since CloudFormation does not ' +
          'delete a bucket with objects. A first deployment that fails deletes all of them in either ' +
          'case.',
      ),
    deletionProtection: z
      .boolean()
      .default(false)
      .describe(
        'Whether DynamoDB refuses to delete the tables. Set it only after the first deployment has succeeded: ' +
          'CloudFormation cannot roll back a protected table, so a first deployment that fails ends in ' +
          'ROLLBACK_FAILED and leaves both tables. Without it the tables still outlive the stack, and DynamoDB keeps ' +
          'a backup of a deleted table for 35 days. Security Hub control DynamoDB.6 asks for it.',
      ),
  })
  .describe('Settings of a Sweepwatch deployment.');

/** The schema of the settings file. Parse through `loadSettings` or `parseSettings`, which write the error messages. */
export const settingsSchema = settingsShape.superRefine(checkTogether);

/** All settings, with defaults filled in. */
export type Settings = z.infer<typeof settingsShape>;

/** The settings as a user writes them: everything optional. */
export type SettingsInput = z.input<typeof settingsShape>;

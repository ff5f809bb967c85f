/** The one schema of the one settings file: every setting with its meaning, unit, range, default and trade-off. */
import { z } from 'zod';
import { SEVERITIES } from '../finding/model.ts';
import { bucketChoice, keyArn } from './bucket-schema.ts';
import { checkInternal, checkRoutingDomains, checkTogether, checkUnique } from './checks.ts';
import { detectionOverrides } from './detection-schema.ts';
import { checkColumns } from './flow-log-columns.ts';
import { textOrToken } from './token.ts';

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
    $schema: z.string().optional().describe('Where editors find this schema. Not read by the program.'),
    deploymentName: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,22}[a-z0-9]$/, 'must be 2 to 24 of a-z, 0-9 and hyphen, starting with a letter')
      .default('sweepwatch')
      .describe('Name of the stack, the metric dimension `service`, and the start of every fixed name.'),
    vpcs: z
      .array(z.strictObject({ vpcId: vpcId.describe('A VPC in the account and region of the stack.') }))
      .superRefine(checkUnique((vpc) => vpc.vpcId))
      .default([])
      .describe(
        'VPCs that get a flow log of ours: all traffic, 60 s aggregation, the columns that detection reads. Empty where ' +
          'flow logs exist already. A second flow log beside an existing one is billed as vended logs again.',
      ),
    bucket: bucketChoice,
    logAccounts: z
      .array(textOrToken(/^\d{12}$/, 'must be an account id of 12 digits, in quotes'))
      .superRefine(checkUnique((account) => account))
      .default([])
      .describe(
        "Further accounts whose flow logs, of any Region, may be delivered to the new bucket; the stack's own account " +
          'always may. The bucket policy has room for about 95 (61 with hiveCompatiblePartitions): for more, set ' +
          'logOrganization. Not used with an existing bucket, whose policy is yours.',
      ),
    logOrganization: z
      .string()
      .regex(/^o-[a-z0-9]{10,32}$/, 'must be an organization id: o- and 10 to 32 of a-z and 0-9')
      .optional()
      .describe(
        'An organization of AWS Organizations, all of whose accounts may deliver flow logs of any Region to the new ' +
          'bucket, present and future ones. Not used with an existing bucket, whose policy is yours.',
      ),
    flowLogs: z
      .strictObject({
        hiveCompatiblePartitions: z
          .boolean()
          .default(false)
          .describe(
            'Hive-style keys (year=2026/month=11/...), which Athena partitions by. Also set it when the other ' +
              'accounts in logAccounts deliver that way.',
          ),
        perHourPartition: z
          .boolean()
          .default(false)
          .describe('One folder an hour instead of one a day. Cheaper to query, no difference to detection.'),
        ecs: z
          .boolean()
          .default(false)
          .describe(
            'Whether the flow logs of vpcs have the ECS columns, which name the cluster, service, task and container ' +
              'behind a source. EC2 refuses a flow log with them unless an ECS cluster exists in the account and ' +
              'Region when the flow log is created; some reports say in the VPC. The deploying role also needs ' +
              'ecs:ListClusters, ecs:ListServices, ecs:ListTasks, ecs:ListTaskDefinitions and ' +
              'ecs:ListContainerInstances. Only tasks in awsvpc mode are named. The columns are billed with every record.',
          ),
        leaveOut: z
          .array(z.string())
          .superRefine(checkUnique((column) => column))
          .default([])
          .describe(
            'Columns that the flow logs of vpcs do without, for a Region or partition that does not offer them yet: ' +
              'EC2 refuses a flow log with an unknown field. The table below says what detection loses.',
          ),
      })
      .superRefine(checkColumns)
      .prefault({})
      .describe('Columns of the flow logs of vpcs, and how their files are laid out in the bucket.'),
    kmsKey: textOrToken(
      new RegExp(`^(none|new|${keyArn.source.slice(1, -1)})$`),
      'must be none, new, or the full ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID)',
    )
      .default('none')
      .describe(
        'Encryption of the new bucket, both tables and the alert topic. none: keys that AWS owns or manages, no fee. ' +
          'new: a key of the stack, rotated yearly (about 1 USD a month and its requests). An ARN: your key, whose ' +
          'policy must let delivery.logs.amazonaws.com encrypt and IAM policies of this account grant its use; a key of ' +
          "the stack's account and Region. Before you change it, pause ingest and drain its queue: until the roles " +
          'follow, calls under the new key are refused, and files under the old one become unreadable.',
      ),
    emails: emails('Addresses that receive alerts. Each must confirm the message that AWS sends, within 48 hours.'),
    opsEmails: emails(
      'Addresses that hear of trouble in the pipeline itself (alarms, recovery): whoever runs it, not the analyst.',
    ),
    internal: z
      .array(z.string())
      .superRefine(checkInternal)
      .default([])
      .describe(
        'CIDR blocks that count as inside besides 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7 and the addresses ' +
          'of logged interfaces, for instance your public ranges. They must not overlap each other.',
      ),
    routingDomains: z
      .record(
        z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, 'must be named with 1 to 30 of a-z, 0-9, hyphen, a letter first'),
        z.array(vpcId).min(1),
      )
      .superRefine(checkRoutingDomains)
      .default({})
      .describe(
        'Groups of VPCs that route to each other (peering, transit gateway) and so share one space of private ' +
          'addresses: name to VPC ids. Default: all VPCs of an account are one domain. Name them where ranges repeat, and for a VPC that several accounts share.',
      ),
    sensitivity: z
      .enum(['low', 'medium', 'high'])
      .default('medium')
      .describe('How little suffices. low misses slow scans, high reports more that turns out to be harmless.'),
    detection: detectionOverrides
      .default({})
      .describe('Single numbers of the detector that replace those of the sensitivity.'),
    minSeverity: z
      .enum(SEVERITIES)
      .default('medium')
      .describe(
        'Findings below it raise no alert: they are in the table and in the digest. Scans from outside are low, ' +
          'so with the default they raise no alert.',
      ),
    alertsIn5Minutes: z
      .int()
      .min(1)
      .max(500)
      .default(50)
      .describe(
        'Alerts that are sent one by one in five minutes, of each of five sorts: critical, high from inside, high from ' +
          'outside, all others, and ends. What is over it is an alert storm: held for at most five minutes, and told in ' +
          'one message, the worst first. Lower spares whoever reads; higher serves programs that want each finding.',
      ),
    digestHourUtc: z
      .int()
      .min(0)
      .max(23)
      .nullable()
      .default(6)
      .describe('Hour of day (UTC) of the daily digest of what raised no alert of its own; null sends none.'),
    retentionDays: z
      .strictObject({
        windows: z
          .int()
          .min(4)
          .max(90)
          .default(8)
          .describe(
            'Days that contact windows are kept; at least the longest horizon (72 h) and a day. More costs storage.',
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
          .describe('Days that the logs of the functions are kept; one of the numbers that CloudWatch Logs accepts.'),
      })
      .prefault({})
      .describe('How long things are kept, in days.'),
    maxWriteUnits: z
      .strictObject({
        windows: z.int().min(10).max(40_000).default(500).describe('Write units a second of the windows table.'),
        findings: z
          .int()
          .min(10)
          .max(40_000)
          .default(100)
          .describe('Write units a second of the findings table, and again of each of its four indexes.'),
      })
      .prefault({})
      .describe(
        'Ceilings that bound the bill under a flood: one unit used all month costs about 1.62 USD (0.625 USD a ' +
          'million writes). AWS applies them on a best-effort basis, so writes may exceed them for moments. At the ceiling, ' +
          'writes are tried again and files wait in the queue; outside sources with a ' +
          'few contacts are dropped first, which raises an alarm.',
      ),
    ingest: z
      .strictObject({
        memoryMiB: z
          .int()
          .min(512)
          .max(10_240)
          .default(1024)
          .describe('Memory of the ingest function in MiB. More also buys processor share (1769 is one core).'),
        maxConcurrency: z
          .int()
          .min(2)
          .max(1000)
          .default(10)
          .describe(
            'Files read at once. Higher catches up faster after an outage and leaves less for other functions.',
          ),
      })
      .prefault({})
      .describe('Size of the ingest function.'),
    fields: z
      .array(z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be a flow log field such as srcaddr or pkt-srcaddr'))
      .superRefine(checkUnique((field) => field))
      .default([])
      .describe('Column names, in order, of files that have no header line. Empty: the 14 default fields.'),
    logLevel: z
      .enum(['DEBUG', 'INFO', 'WARN', 'ERROR'])
      .default('INFO')
      .describe('What the functions log. DEBUG is billed by the gigabyte.'),
    keepDataOnRemoval: z
      .boolean()
      .default(true)
      .describe(
        'Whether tables, new bucket and new key outlive the stack. false deletes tables and key with it; the bucket ' +
          'must be emptied first, since CloudFormation deletes no bucket that holds objects. A first deployment that ' +
          'fails deletes all three in either case.',
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

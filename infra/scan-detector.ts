/** The construct: everything between flow log files and alerts, for any CDK app. */
import { Annotations, type aws_dynamodb as dynamodb } from 'aws-cdk-lib';
import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnFlowLog } from 'aws-cdk-lib/aws-ec2';
import type { IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ingestQueueName } from '../lib/config/foreign-bucket.ts';
import type { Settings } from '../lib/config/settings-types.ts';
import { isToken } from '../lib/config/token.ts';
import { acknowledgeNagFindings } from './acceptances.ts';
import { createAlarms } from './alarms.ts';
import { checkBucketOwner } from './bucket-owner.ts';
import { createDashboard } from './dashboard.ts';
import { createDestinations } from './destinations.ts';
import { checkKeyPlaces, createKey } from './encryption.ts';
import { createFlowLogs } from './flow-logs.ts';
import { createEnvironment, createFunctions, createSchedule, timeouts } from './functions.ts';
import { connectLogBucket } from './log-bucket.ts';
import { warnOfBucketPolicy } from './log-delivery.ts';
import { createLookBack } from './look-back.ts';
import { connectOtherBuckets } from './other-buckets.ts';
import { addOutputs } from './outputs.ts';
import type { Resources } from './permissions.ts';
import { checkName, type DestinationQueue, type LookBackMap, type ScanDetectorProps, settingsOf } from './props.ts';
import { createDeadLetters, createQueuePair } from './queues.ts';
import { checkOwnLogGroups, createSignalSources, limitSubscriptions } from './signal-sources.ts';
import { createTables } from './tables.ts';
import { createTopics } from './topics.ts';

/**
 * Finds network scans in VPC Flow Logs and publishes alerts on `alertTopic`.
 *
 * Within a CDK app: `new ScanDetector(stack, 'Scans', { vpcs: [vpc], settings: { emails: ['soc@example.com'] } })`. Two
 * detectors fit into one account and Region if their `deploymentName` differs, which it does by default.
 */
export class ScanDetector extends Construct {
  /** The settings in force, with every default filled in. */
  readonly settings: Settings;
  /** The evidence: fragments of contacts by source and hour. */
  readonly windowsTable: dynamodb.TableV2;
  /** The findings, with the indexes byId, byDay, open and announce. */
  readonly findingsTable: dynamodb.TableV2;
  /**
   * Alerts for the analyst. Filter subscriptions by the attributes severity, kind, direction, event, accountId, vpcId.
   */
  readonly alertTopic: ITopic;
  /** Alarms about the pipeline itself. */
  readonly operationsTopic: Topic;
  /** The bucket with the flow log files: created, or an imported reference to yours. */
  readonly logBucket: IBucket;
  /** The bus to which rules beside the buckets of `settings.otherBuckets` send. */
  readonly logBus: IEventBus | undefined;
  /** Announcements of new files. */
  readonly ingestQueue: Queue;
  /** Messages about files that could not be read in five tries. */
  readonly ingestDeadLetters: Queue;
  /** Announcements of findings. */
  readonly alertQueue: Queue;
  /** Announcements that failed five times. */
  readonly alertDeadLetters: Queue;
  /** Failed runs of the settle function. */
  readonly settleDeadLetters: Queue;
  readonly ingestFunction: LambdaFunction;
  readonly alertFunction: LambdaFunction;
  readonly settleFunction: LambdaFunction;
  /** Starts the settle function. */
  readonly settleSchedule: Rule;
  /** Takes logs of orchestrators and hosts, if `settings.signals` names some. */
  readonly signalsFunction?: LambdaFunction;
  /** Log events that the signals function failed on in three tries. */
  readonly signalsDeadLetters?: Queue;
  /** Passes alerts on, if `settings.destinations` names some. */
  readonly forwardFunction?: LambdaFunction;
  /** The bus that gets events about alerts, if `settings.destinations.eventBus` asks for one. */
  readonly eventBus?: IEventBus;
  /** The topic for Slack and Teams, if `settings.destinations.chat` asks for one. Only Amazon Q should subscribe. */
  readonly chatTopic?: Topic;
  /** The queues of alerts to pass on, one for each destination, with their dead letters. */
  readonly destinationQueues: readonly DestinationQueue[];
  /** Reads old files in parallel, if `settings.lookBack.maxConcurrency` is above 0. */
  readonly lookBack?: LookBackMap;
  /** The flow logs that the detector created, one for each given VPC. */
  readonly flowLogs: readonly CfnFlowLog[];
  /** All alarms. Each notifies `operationsTopic`. */
  readonly alarms: readonly Alarm[];

  /** The dashboard. Undefined if `settings.dashboard` is false. */
  readonly dashboard: Dashboard | undefined;
  /** The key of bucket, tables and alert topic, if `settings.kmsKey` asks for one. */
  readonly encryptionKey?: IKey;

  constructor(scope: Construct, id: string, props: ScanDetectorProps = {}) {
    super(scope, id);
    const settings = settingsOf(this, props);
    const others = this.node.root.node.findAll().filter((other) => other instanceof ScanDetector && other !== this);
    checkName(
      this,
      settings,
      others.map((other) => [other, (other as ScanDetector).settings]),
    );
    checkKeyPlaces(this, settings);
    checkBucketOwner(this, settings);
    const key = createKey(this, settings, props.key);
    const tables = createTables(this, settings, key);
    const topics = createTopics(this, settings, key, props.alertTopic);
    const isForeign = settings.bucket.existing?.account !== undefined;
    const queueName = isForeign ? ingestQueueName(settings.deploymentName) : undefined;
    const ingest = createQueuePair(this, 'Ingest', timeouts.ingest, queueName);
    const alert = createQueuePair(this, 'Alert', timeouts.alert);
    const settleDeadLetters = createDeadLetters(this, 'SettleDeadLetters');
    const log = connectLogBucket(this, settings, ingest, key, props.bucket);
    const otherBuckets = connectOtherBuckets(this, settings, ingest);
    const resources: Resources = { log, others: otherBuckets, tables, topics, ingest, alert, settleDeadLetters, key };
    const environment = createEnvironment(settings, resources);
    const functions = createFunctions(this, settings, resources, environment);
    const signals = createSignalSources(this, settings, resources, environment);
    const destinations = createDestinations(this, settings, resources);
    const lookBack = createLookBack(this, settings, functions.ingest, key);
    const schedule = createSchedule(this, functions.settle, settleDeadLetters);
    const vpcs = [
      ...settings.vpcs.map(({ vpcId }, index) => ({ name: isToken(vpcId) ? `Given${index}` : vpcId, vpcId })),
      ...(props.vpcs ?? []).map((vpc) => ({ name: vpc.node.addr, vpcId: vpc.vpcId })),
    ];

    this.settings = settings;
    this.encryptionKey = key;
    this.windowsTable = tables.windows;
    this.findingsTable = tables.findings;
    this.alertTopic = topics.alerts;
    this.operationsTopic = topics.operations;
    this.logBucket = log.bucket;
    this.logBus = otherBuckets.bus;
    this.ingestQueue = ingest.queue;
    this.ingestDeadLetters = ingest.deadLetters;
    this.alertQueue = alert.queue;
    this.alertDeadLetters = alert.deadLetters;
    this.settleDeadLetters = settleDeadLetters;
    this.ingestFunction = functions.ingest;
    this.alertFunction = functions.alert;
    this.settleFunction = functions.settle;
    this.settleSchedule = schedule;
    this.signalsFunction = signals?.function;
    this.signalsDeadLetters = signals?.deadLetters;
    this.forwardFunction = destinations?.function;
    this.eventBus = destinations?.eventBus;
    this.chatTopic = destinations?.chatTopic;
    this.destinationQueues = destinations?.queues ?? [];
    if (lookBack) this.lookBack = lookBack;
    checkOwnLogGroups(
      this,
      settings,
      [functions.ingest, functions.alert, functions.settle, signals?.function, destinations?.function].flatMap(
        (fn) => fn?.logGroup ?? [],
      ),
    );
    limitSubscriptions(this, settings);
    this.flowLogs = createFlowLogs(this, settings, vpcs, log);
    // Flow logs and notifications fail first if the account or the Region lacks something, before there is a table to
    // delete.
    const isOurs = log.bucket.node.scopes.includes(this);
    for (const table of Object.values(tables))
      table.node.addDependency(...(isOurs ? [log.bucket] : []), ...this.flowLogs);
    this.alarms = createAlarms(this, settings, resources, functions, { signals, destinations });
    this.dashboard = settings.dashboard ? createDashboard(this, this, this.alarms) : undefined;
    acknowledgeNagFindings(this, log.objects, otherBuckets.buckets);
    this.warnOfSilence(props.alertTopic !== undefined);
    if (settings.bucket.existing !== undefined && vpcs.length > 0)
      warnOfBucketPolicy(this, settings, { bucketName: log.bucket.bucketName, prefix: log.flowLogPrefix });
  }

  /**
   * Adds outputs to the stack for commands and runbooks: FindingsTable, AlertTopic, IngestDeadLetters and the others
   * that docs/operations.md names. They are not exported.
   * @param prefix prefix of their names, letters and digits. Without it the first detector in a stack that adds outputs
   * has the plain names, which `--stack` of the command finds, and a later one uses its own id as prefix.
   * @throws if the stack already has an output of such a name.
   */
  addOutputs(prefix?: string): void {
    addOutputs(this, prefix);
  }

  /**
   * A deployment without input or without subscribers is allowed, since both can be added by hand, but it is worth a
   * warning.
   */
  private warnOfSilence(isTopicGiven: boolean): void {
    const { bucket, emails, logAccounts, logOrganization, opsEmails } = this.settings;
    if (emails.length === 0 && !isTopicGiven) {
      Annotations.of(this).addWarningV2(
        'Sweepwatch:NoEmail',
        'emails is empty: alerts reach the topic, but nobody receives them until you subscribe to it',
      );
    }
    if (opsEmails.length === 0) {
      Annotations.of(this).addWarningV2(
        'Sweepwatch:NoOpsEmail',
        'opsEmails is empty: alarms about the pipeline reach the operations topic, but nobody receives them until you subscribe to it',
      );
    }
    const hasSenders = this.flowLogs.length + logAccounts.length > 0 || logOrganization !== undefined;
    if (bucket.existing === undefined && !hasSenders) {
      Annotations.of(this).addWarningV2(
        'Sweepwatch:NoFlowLogs',
        'vpcs is empty: the new bucket stays empty until a flow log delivers to it, and an alarm reports that',
      );
    }
  }
}

/** The props of the construct: settings as in the settings file, and constructs of the app to use with them. */
import { Annotations, Stack, Token } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { parseSettings, SettingsError } from '../lib/config/load.ts';
import type { Settings, SettingsInput } from '../lib/config/settings-types.ts';

/**
 * How the files of the bucket in {@link ScanDetectorProps.bucket} are found: `settings.bucket.existing` without its
 * names.
 */
export type BucketOptions = Omit<NonNullable<NonNullable<SettingsInput['bucket']>['existing']>, 'bucket' | 'kmsKeyArn'>;

/** The props of a {@link ScanDetector}. Names, ARNs and ids in `settings` may be tokens. */
export interface ScanDetectorProps {
  /**
   * The settings, as in the settings file. docs/settings.md lists each with range and default. Invalid settings throw
   * at synthesis, with all problems in one error.
   * @default - a new bucket, no flow logs, no e-mail, medium sensitivity, and a `deploymentName` made from the
   * construct's address, so that two detectors never share a name or a metric
   */
  readonly settings?: SettingsInput;

  /**
   * VPCs that get a flow log, in addition to those of `settings.vpcs`, which are named by id.
   * @default - none
   */
  readonly vpcs?: readonly IVpc[];

  /**
   * A bucket that already receives flow logs, in the Region of the stack. One that was imported with the account of
   * another owner counts as `settings.bucket.existing.account`. It must send its events to
   * EventBridge (`eventBridgeEnabled: true`), unless `bucketOptions.events` is `notification`. The detector changes
   * neither its policy nor its encryption. With `vpcs`, AWS itself may change the policy, and synthesis warns of that.
   * If it has a key (`encryptionKey`), ingest may decrypt with it. Excludes `settings.bucket`.
   * @default - the bucket of `settings.bucket`, by default a new one
   */
  readonly bucket?: IBucket;

  /**
   * How files in `bucket` are found and announced. The names are those of `settings.bucket.existing`. With
   * `events: 'notification'` the bucket must be in the stack of the detector or imported. Requires `bucket`.
   * @default - every object of the bucket, announced through EventBridge
   */
  readonly bucketOptions?: BucketOptions;

  /**
   * A symmetric key that encrypts the new bucket, both tables and the alert topic. A key of the app gets the statement
   * that log delivery needs. For an imported key you add it. Excludes `settings.kmsKey`.
   * @default - the key of `settings.kmsKey`, by default none
   */
  readonly key?: IKey;

  /**
   * Your own standard topic for alerts, instead of a new one. The functions get permission to publish and to use the
   * topic's key. Its policy and its other subscriptions stay unchanged. `settings.emails` subscribe to it.
   * @default - a new topic
   */
  readonly alertTopic?: ITopic;
}

/** A destination of alerts: the queue that gets them, and what was not accepted in five tries. */
export interface DestinationQueue {
  /** Prefix of its outputs. */
  readonly id: string;
  /** `the event bus`. */
  readonly name: string;
  readonly queue: Queue;
  readonly deadLetters: Queue;
}

/** What reads old files in parallel. */
export interface LookBackMap {
  /** Hands batches of files to the ingest function. */
  readonly machine: StateMachine;
  /** Lists of files to read, and what became of them. */
  readonly bucket: IBucket;
}

/** The address of the detector in this repository's app, whose names must not change. */
const OWN_APP = 'sweepwatch/Detector';

/**
 * The settings in force, combined with the props.
 * @throws SettingsError if a prop and a setting contradict each other, or a setting is invalid.
 */
export function settingsOf(construct: Construct, props: ScanDetectorProps): Settings {
  const given = props.settings ?? {};
  const problems = problemsOf(props, given);
  if (problems.length > 0) throw new SettingsError(construct.node.path, problems);
  const { bucket, bucketOptions, key } = props;
  return parseSettings({
    ...given,
    deploymentName: given.deploymentName ?? defaultName(construct),
    ...(bucket && {
      bucket: {
        existing: {
          ...foreignOwner(construct, bucket),
          ...bucketOptions,
          bucket: bucket.bucketName,
          ...(bucket.encryptionKey && { kmsKeyArn: bucket.encryptionKey.keyArn }),
        },
      },
    }),
    ...(key && { kmsKey: key.keyArn }),
  });
}

/** The account of a bucket that was imported with one, if it is not the account of the stack. */
function foreignOwner(construct: Construct, { env }: IBucket): { account?: string } {
  const isKnown = !Token.isUnresolved(env.account) && !Token.isUnresolved(Stack.of(construct).account);
  return isKnown && env.account !== Stack.of(construct).account ? { account: env.account } : {};
}

function problemsOf({ alertTopic, bucket, bucketOptions, key }: ScanDetectorProps, settings: SettingsInput): string[] {
  const problems: string[] = [];
  for (const choice of ['existing', 'new'] as const)
    if (bucket && settings.bucket?.[choice])
      problems.push(`bucket: must not be given together with settings.bucket.${choice}: leave one of the two out`);
  if (bucketOptions && !bucket)
    problems.push('bucketOptions: must be given together with bucket. For a named bucket use settings.bucket.existing');
  if (key && settings.kmsKey !== undefined && settings.kmsKey !== 'none')
    problems.push(
      `key: must not be given together with settings.kmsKey (${settings.kmsKey}): leave one of the two out`,
    );
  if (alertTopic?.fifo)
    problems.push('alertTopic: must be a standard topic, got a FIFO topic, which does not deliver e-mail');
  return problems;
}

/**
 * Unique in the app. The address is a hash of the path, so it does not change when other constructs are added or
 * removed.
 */
function defaultName({ node }: Construct): string {
  return node.path === OWN_APP ? 'sweepwatch' : `sweepwatch-${node.addr.slice(0, 10)}`;
}

/**
 * Refuses a `deploymentName` that another detector of the app has. Both would write one metric, so that its alarms
 * would describe neither, and both would create one bucket. For stacks of unknown account or Region it is only a
 * warning.
 * @throws SettingsError
 */
export function checkName(construct: Construct, settings: Settings, others: Iterable<readonly [Construct, Settings]>) {
  const own = Stack.of(construct);
  for (const [other, { deploymentName }] of others) {
    const { account, region } = Stack.of(other);
    if (deploymentName !== settings.deploymentName || account !== own.account || region !== own.region) continue;
    const problem = `deploymentName: must differ from that of ${other.node.path} in the same account and Region, got "${deploymentName}"`;
    const isKnown = !Token.isUnresolved(account) && !Token.isUnresolved(region);
    if (isKnown || Stack.of(other) === own) throw new SettingsError(construct.node.path, [problem]);
    Annotations.of(construct).addWarningV2('Sweepwatch:SameName', problem);
  }
}

/** The functions: bundle, size, triggers and permissions of each. */
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type FunctionProps, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ingestRoleName } from '../lib/config/foreign-bucket.ts';
import { toRuntimeSettings } from '../lib/config/runtime.ts';
import type { Settings } from '../lib/config/schema.ts';
import { hasSignals } from '../lib/config/signal-groups.ts';
import { type FunctionFile, functionCode } from './function-code.ts';
import {
  alertStatements,
  ingestStatements,
  type Resources,
  settleStatements,
  tracingStatements,
} from './permissions.ts';

/** How long each function may run. The visibility timeout of its queue is six times that. */
export const timeouts = {
  /** The largest known file (825 MB uncompressed) takes a tenth of this. */
  ingest: Duration.seconds(300),
  /**
   * Shorter than the lease that the alert function takes on a finding, so that a lease never ends while its holder
   * publishes.
   */
  alert: Duration.seconds(30),
  settle: Duration.seconds(300),
} as const;

/** The functions of a deployment. */
export interface Functions {
  readonly ingest: LambdaFunction;
  readonly alert: LambdaFunction;
  readonly settle: LambdaFunction;
}

/** Creates the functions, with the queues that trigger two of them. */
export function createFunctions(
  scope: Construct,
  settings: Settings,
  resources: Resources,
  environment: Record<string, string>,
): Functions {
  const common = { environment };
  const { owner } = resources.log;
  const others = resources.others.buckets;
  const ingest = createHandler(scope, 'Ingest', settings, ingestStatements(resources), {
    environment: {
      ...environment,
      LOG_BUCKET_OWNER: owner ?? Aws.ACCOUNT_ID,
      ...(others.length > 0 && {
        OTHER_BUCKETS: JSON.stringify(others.map(({ name, region, owner }) => [name, region, owner])),
      }),
    },
    ...((owner !== undefined || others.length > 0) && {
      roleName: ingestRoleName({ deployment: settings.deploymentName, region: Aws.REGION }),
    }),
    description: 'Reads flow log files, stores contact windows, detects scans',
    timeout: timeouts.ingest,
    memorySize: settings.ingest.memoryMiB,
  });
  ingest.addEventSource(
    new SqsEventSource(resources.ingest.queue, {
      // A file that ends the process or uses up its time must not cost other files one of their tries. Per million
      // files this adds at most 0.2 USD of Lambda requests and 0.8 USD of queue requests, compared with larger batches.
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: settings.ingest.maxConcurrency,
    }),
  );
  const alert = createHandler(scope, 'Alert', settings, alertStatements(resources), {
    ...common,
    description: 'Decides whether a finding raises an alert, and publishes it',
    timeout: timeouts.alert,
    memorySize: 256,
  });
  alert.addEventSource(
    new SqsEventSource(resources.alert.queue, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency: 5 }),
  );
  const extras = { withSignals: hasSignals(settings.signals), withInventory: settings.inventory };
  const settle = createHandler(scope, 'Settle', settings, settleStatements(resources, extras), {
    ...common,
    description: 'Every 5 minutes: overdue answers, slow scans, closing of findings, lost announcements, digest',
    timeout: timeouts.settle,
    memorySize: 1024,
    // The next run does the work of a failed one. The failure is kept for inspection and raises an alarm.
    onFailure: new SqsDestination(resources.settleDeadLetters),
    retryAttempts: 1,
    maxEventAge: Duration.minutes(5),
  });
  return { ingest, alert, settle };
}

/** Starts settle every five minutes. An event that could not start it goes to the dead letters. */
export function createSchedule(scope: Construct, settle: LambdaFunction, deadLetterQueue: Queue): Rule {
  const target = new FunctionTarget(settle, { deadLetterQueue, retryAttempts: 1, maxEventAge: Duration.minutes(5) });
  return new Rule(scope, 'SettleSchedule', {
    description: 'Starts the settle function',
    schedule: Schedule.rate(Duration.minutes(5)),
    targets: [target],
  });
}

/** The variables of each function. */
export function createEnvironment(settings: Settings, { tables, topics, alert }: Resources): Record<string, string> {
  return {
    WINDOWS_TABLE: tables.windows.tableName,
    FINDINGS_TABLE: tables.findings.tableName,
    ALERT_QUEUE_URL: alert.queue.queueUrl,
    ALERT_TOPIC_ARN: topics.alerts.topicArn,
    OPERATIONS_TOPIC_ARN: topics.operations.topicArn,
    // Key of the hashes that decide what is sampled. Anybody who can guess it can choose addresses that are never
    // sampled.
    HASH_KEY: Aws.STACK_ID,
    SETTINGS: JSON.stringify(toRuntimeSettings(settings)),
    POWERTOOLS_SERVICE_NAME: settings.deploymentName,
    POWERTOOLS_METRICS_NAMESPACE: 'Sweepwatch',
    POWERTOOLS_LOG_LEVEL: settings.logLevel,
  };
}

/**
 * Creates a function with its log group and a role that allows these statements and its own log. `file` lies beside its
 * bundle.
 */
export function createHandler(
  parent: Construct,
  id: string,
  settings: Settings,
  statements: PolicyStatement[],
  { roleName, ...props }: Omit<FunctionProps, 'code' | 'handler' | 'runtime'> & { readonly roleName?: string },
  file?: FunctionFile,
): LambdaFunction {
  const scope = new Construct(parent, id);
  const logGroup = new LogGroup(scope, 'Logs', {
    retention: settings.retentionDays.functionLogs,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const logs = new PolicyStatement({
    sid: 'WriteOwnLogs',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [logGroup.logGroupArn],
  });
  const { tracing } = settings;
  const role = new Role(scope, 'Role', {
    ...(roleName !== undefined && { roleName }),
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    description: `${settings.deploymentName}: ${id.toLowerCase()} function`,
    inlinePolicies: {
      Exact: new PolicyDocument({ statements: [logs, ...statements, ...(tracing ? tracingStatements() : [])] }),
    },
  });
  return new LambdaFunction(scope, 'Function', {
    ...props,
    code: functionCode(id.toLowerCase(), file),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    logGroup,
    ...(tracing && { tracing: Tracing.ACTIVE }),
    // Immutable, so that event sources and dead letters add nothing to the statements written above.
    role: role.withoutPolicyUpdates(),
  });
}

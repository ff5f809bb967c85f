/** What delivers logs of orchestrators and hosts: subscription filters and event rules. Nothing at all if unused. */
import { Aws, Duration, Stack, Token } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import { CfnPermission, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { CfnSubscriptionFilter, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SettingsError } from '../lib/config/load.ts';
import type { Settings } from '../lib/config/settings-types.ts';
import { hasSignals, type SignalGroup, signalGroups } from '../lib/config/signal-groups.ts';
import { AUDIT_PATTERN } from '../lib/signals/orchestrator/subscription-pattern.ts';
import { createHandler } from './functions.ts';
import { type Resources, signalsStatements } from './permissions.ts';
import { createDeadLetters } from './queues.ts';
import { rulesFile } from './signal-rules.ts';

/** The function that takes logs of orchestrators and hosts, and what failed in it. */
export interface SignalSources {
  readonly function: LambdaFunction;
  readonly deadLetters: Queue;
}

/** An event is repeated twice within this time, and then kept among the dead letters. */
const MAX_EVENT_AGE = Duration.hours(6);
const RETRIES = 2;
/** Quota of subscription filters for a log group. Accounts may have more today. */
const MAX_FILTERS = 2;

/** Creates the function with everything that calls it. Undefined if the settings name no log. */
export function createSignalSources(
  scope: Construct,
  settings: Settings,
  resources: Resources,
  environment: Record<string, string>,
): SignalSources | undefined {
  if (!hasSignals(settings.signals)) return undefined;
  const deadLetters = createDeadLetters(scope, 'SignalsDeadLetters');
  const rules = rulesFile(scope, settings);
  const props = {
    environment: { ...environment, ...(rules && { SIGMA_RULES: rules.name }) },
    description: 'Reads logs of orchestrators and hosts, stores what may become a signal, judges it',
    timeout: Duration.seconds(120),
    memorySize: 1024,
    onFailure: new SqsDestination(deadLetters),
    retryAttempts: RETRIES,
    maxEventAge: MAX_EVENT_AGE,
  };
  const handler = createHandler(scope, 'Signals', settings, signalsStatements(resources, deadLetters), props, rules);
  const filters = new Construct(scope, 'Subscriptions');
  for (const group of signalGroups(settings.signals)) subscribe(filters, group, handler);
  if (settings.signals.ecs) createEcsRules(scope, handler, deadLetters);
  return { function: handler, deadLetters };
}

function subscribe(
  scope: Construct,
  { logGroup, filterPattern = AUDIT_PATTERN, path }: SignalGroup,
  handler: LambdaFunction,
): void {
  // By name where it is known, so that another order of the settings changes nothing.
  const id = Token.isUnresolved(logGroup) ? path.join('') : logGroup.replace(/[^A-Za-z0-9]+/g, '-');
  const { partition } = Stack.of(scope);
  const permission = new CfnPermission(scope, `${id}Permission`, {
    action: 'lambda:InvokeFunction',
    functionName: handler.functionArn,
    principal: 'logs.amazonaws.com',
    sourceArn: `arn:${partition}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:log-group:${logGroup}:*`,
    sourceAccount: Aws.ACCOUNT_ID,
  });
  const filter = new CfnSubscriptionFilter(scope, `${id}Filter`, {
    logGroupName: logGroup,
    filterPattern,
    destinationArn: handler.functionArn,
  });
  // CloudWatch Logs tries the function when the filter is created.
  filter.node.addDependency(permission);
}

/** State changes with an address or an end, and calls that run a command. */
function createEcsRules(scope: Construct, handler: LambdaFunction, deadLetterQueue: Queue): void {
  const target = new FunctionTarget(handler, { deadLetterQueue, retryAttempts: RETRIES, maxEventAge: MAX_EVENT_AGE });
  new Rule(scope, 'EcsTasks', {
    description: 'Passes state changes of ECS tasks to the signals function',
    eventPattern: {
      source: ['aws.ecs'],
      detailType: ['ECS Task State Change'],
      detail: { lastStatus: ['RUNNING', 'STOPPED'] },
    },
    targets: [target],
  });
  new Rule(scope, 'EcsCalls', {
    description: 'Passes calls that run commands in tasks and on instances to the signals function',
    eventPattern: {
      source: ['aws.ecs', 'aws.ssm'],
      detailType: ['AWS API Call via CloudTrail'],
      detail: {
        eventSource: ['ecs.amazonaws.com', 'ssm.amazonaws.com'],
        eventName: ['ExecuteCommand', 'RegisterTaskDefinition', 'RunTask', 'StartSession', 'StartTask'],
      },
    },
    targets: [target],
  });
}

/**
 * Refuses a log group that a function of the detector writes: what the function prints would start it again, without
 * end.
 * @throws SettingsError
 */
export function checkOwnLogGroups(detector: Construct, settings: Settings, own: readonly ILogGroup[]): void {
  const stack = Stack.of(detector);
  const problems = signalGroups(settings.signals).flatMap(({ logGroup, path }) => {
    const written = own.find((group) => isSame(stack, logGroup, group));
    return written === undefined
      ? []
      : [
          `signals.${path.join('.')}: must not name the log group of ${written.node.path}, since what a function prints would start it again`,
        ];
  });
  if (problems.length > 0) throw new SettingsError(detector.node.path, problems);
}

/** CloudFormation names a log group by stack and logical id. A given name is recognised by these. */
function isSame(stack: Stack, name: string, group: ILogGroup): boolean {
  const { Ref: logicalId } = stack.resolve(group.logGroupName) as { Ref: string };
  if (Token.isUnresolved(name)) return JSON.stringify(stack.resolve(name)) === JSON.stringify({ Ref: logicalId });
  return name.startsWith(`${stack.stackName}-${logicalId}-`);
}

/** Synthesis fails if the app has more filters on one of the groups than AWS allows. Filters elsewhere are unknown. */
export function limitSubscriptions(detector: Construct, settings: Settings): void {
  detector.node.addValidation({
    validate: () => {
      const all = detector.node.root.node.findAll().filter((node) => node instanceof CfnSubscriptionFilter);
      return signalGroups(settings.signals).flatMap(({ logGroup, path }) => {
        const filters = all.filter((filter) => keyOf(filter, filter.logGroupName) === keyOf(detector, logGroup));
        return filters.length <= MAX_FILTERS
          ? []
          : [
              `signals.${path.join('.')}: ${logGroup} must have at most ${MAX_FILTERS} subscription filters, got ${filters.map(({ node }) => node.path).join(', ')}. Remove one, or let one of them feed the other collectors`,
            ];
      });
    },
  });
}

/** A log group by its place and name. */
function keyOf(construct: Construct, logGroup: string): string {
  const { account, region, ...stack } = Stack.of(construct);
  return JSON.stringify([
    account,
    region,
    Stack.of(construct).resolve(logGroup),
    Token.isUnresolved(logGroup) && stack,
  ]);
}

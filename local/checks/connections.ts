/** The messages that services send to each other for a stack's resources, as requests that policies must allow. */
import { contextOf } from '../iam/context.ts';
import { accountOf, type Request } from '../iam/decide.ts';
import type { CreatedResource } from '../resources/stack.ts';
import { isObject, type JsonObject, listAt, objectAt } from '../template/json.ts';
import { arnOf, type Resources } from './policies.ts';

/** A service that acts for a resource (the source) on another one. */
export interface Connection {
  /** The logical id of the resource that it acts for. */
  readonly owner: string;
  readonly service: string;
  readonly action: string;
  readonly target: string;
  readonly sourceArn: string;
  readonly sourceAccount: string;
  /** The organization of that account, if the service names it. */
  readonly sourceOrganization?: string;
  /** The failure without permission, as the end of a sentence. */
  readonly consequence: string;
  /** The target may belong to another stack and is then not checked. */
  readonly mayBeElsewhere?: true;
}

/** The stack to search for connections. */
export interface ConnectedStack {
  readonly resources: Resources;
  readonly accountId: string;
}

const ALARM_ACTIONS = ['AlarmActions', 'OKActions', 'InsufficientDataActions'];

type Find = (resource: CreatedResource, accountId: string) => Connection[];

const finders: Readonly<Record<string, Find>> = {
  'AWS::S3::Bucket': (bucket, accountId) => notifications(bucket, arnOf(bucket), accountId),
  'Custom::S3BucketNotifications': (custom, accountId) =>
    notifications(custom, `arn:aws:s3:::${custom.properties.BucketName}`, accountId),
  'AWS::SNS::Subscription': ({ logicalId, properties }, sourceAccount) => {
    if (properties.Protocol !== 'sqs') return [];
    const consequence = `so subscription ${logicalId} delivers nothing`;
    const target = String(properties.Endpoint);
    const sourceArn = String(properties.TopicArn);
    return [sends({ owner: logicalId, service: 'sns.amazonaws.com', target, sourceArn, sourceAccount, consequence })];
  },
  'AWS::Events::Rule': (rule, sourceAccount) =>
    objectsAt(rule.properties.Targets, 'Targets').flatMap((target) => {
      const common = { owner: rule.logicalId, service: 'events.amazonaws.com', sourceArn: arnOf(rule), sourceAccount };
      const arn = String(target.Arn);
      const lost = objectAt(target.DeadLetterConfig, 'DeadLetterConfig').Arn;
      const consequence =
        arn.split(':')[2] === 'lambda'
          ? `so rule ${rule.logicalId} cannot invoke it`
          : `so rule ${rule.logicalId} delivers nothing`;
      return [
        sends({ ...common, target: arn, consequence }),
        ...(lost === undefined
          ? []
          : [
              sends({
                ...common,
                target: String(lost),
                consequence: `so events that rule ${rule.logicalId} fails to deliver are lost`,
                mayBeElsewhere: true,
              }),
            ]),
      ];
    }),
  'AWS::CloudWatch::Alarm': (alarm, sourceAccount) =>
    [...new Set(ALARM_ACTIONS.flatMap((name) => listAt(alarm.properties[name], name)).map(String))].map((target) =>
      sends({
        owner: alarm.logicalId,
        service: 'cloudwatch.amazonaws.com',
        target,
        sourceArn: arnOf(alarm),
        sourceAccount,
        consequence: `so alarm ${alarm.logicalId} tells nobody`,
        mayBeElsewhere: true,
      }),
    ),
  'AWS::Logs::SubscriptionFilter': ({ logicalId, properties }, sourceAccount) => {
    const target = String(properties.DestinationArn);
    const [, partition, , region] = target.split(':');
    const sourceArn = `arn:${partition}:logs:${region}:${sourceAccount}:log-group:${properties.LogGroupName}:*`;
    const consequence = `so subscription filter ${logicalId} delivers nothing`;
    return [sends({ owner: logicalId, service: 'logs.amazonaws.com', target, sourceArn, sourceAccount, consequence })];
  },
  'AWS::Scheduler::Schedule': (schedule, accountId) =>
    assumes(schedule, objectAt(schedule.properties.Target, 'Target').RoleArn, 'scheduler.amazonaws.com', accountId),
  'AWS::Lambda::Function': (lambda, accountId) =>
    assumes(lambda, lambda.properties.Role, 'lambda.amazonaws.com', accountId),
  'AWS::StepFunctions::StateMachine': (machine, accountId) =>
    assumes(machine, machine.properties.RoleArn, 'states.amazonaws.com', accountId),
};

/** All connections of the stack. */
export function connectionsOf({ resources, accountId }: ConnectedStack): Connection[] {
  return [...resources.values()].flatMap((resource) => connectionsOfResource(resource, accountId));
}

/** The connections that services make for one resource. */
export function connectionsOfResource(resource: CreatedResource, accountId: string): Connection[] {
  return finders[resource.type]?.(resource, accountId) ?? [];
}

/** The connection as a request over TLS. */
export function requestOf(connection: Connection, owner: string): Request {
  const { service, action, target, sourceArn, sourceAccount, sourceOrganization } = connection;
  return {
    principal: { kind: 'service', name: service },
    action,
    resource: target,
    owner,
    context: contextOf({
      'aws:SourceArn': sourceArn,
      'aws:SourceAccount': sourceAccount,
      ...(sourceOrganization === undefined ? {} : { 'aws:SourceOrgID': sourceOrganization }),
      'aws:SecureTransport': 'true',
      'aws:PrincipalIsAWSService': 'true',
      'aws:ResourceAccount': accountOf(target) || owner,
    }),
  };
}

const SENDING: Readonly<Record<string, string>> = {
  sqs: 'sqs:SendMessage',
  sns: 'sns:Publish',
  lambda: 'lambda:InvokeFunction',
};

function sends(connection: Omit<Connection, 'action'>): Connection {
  const service = connection.target.split(':')[2] ?? '';
  return { ...connection, action: SENDING[service] ?? `${service}:` };
}

function notifications(owner: CreatedResource, sourceArn: string, sourceAccount: string): Connection[] {
  const configuration = objectAt(owner.properties.NotificationConfiguration, 'NotificationConfiguration');
  return objectsAt(configuration.QueueConfigurations, 'QueueConfigurations').map(({ Queue, QueueArn }) =>
    sends({
      owner: owner.logicalId,
      service: 's3.amazonaws.com',
      target: String(Queue ?? QueueArn),
      sourceArn,
      sourceAccount,
      consequence: `so bucket ${owner.logicalId} cannot notify it`,
    }),
  );
}

function assumes(owner: CreatedResource, role: unknown, service: string, sourceAccount: string): Connection[] {
  const consequence = `so ${owner.logicalId} cannot run under it`;
  const connection = { owner: owner.logicalId, service, target: String(role), sourceArn: arnOf(owner), sourceAccount };
  return [{ ...connection, action: 'sts:AssumeRole', consequence, mayBeElsewhere: true }];
}

function objectsAt(value: unknown, path: string): JsonObject[] {
  return listAt(value, path).filter(isObject);
}

/** Resource types without an effect on one machine, each with the reason that is shown for it. */
import { createHash } from 'node:crypto';
import { show, TemplateError } from './json.ts';
import type { TemplateResource } from './model.ts';
import type { StackIdentity } from './parameters.ts';

/** A type that is accepted and not simulated. */
export interface InertType {
  reason: string;
  /** The values of Ref and GetAtt. Without it, only the name. */
  identify?(name: string, stack: StackIdentity): { physicalId?: string; attributes: Record<string, string> };
}

const NO_AUTHORIZATION = 'no authorization locally, permissions are proven elsewhere';
const CHECKED_POLICY = 'read by the permission check at start, not enforced at run time';
const NO_METRICS = 'metrics are not collected locally';

/** The inert types by CloudFormation type name. */
export const inertTypes: Readonly<Record<string, InertType>> = {
  'AWS::CDK::Metadata': { reason: 'usage statistics of the CDK' },
  'AWS::IAM::Role': {
    reason: NO_AUTHORIZATION,
    identify: (name, { accountId }) => ({
      attributes: { Arn: `arn:aws:iam::${accountId}:role/${name}`, RoleId: `AROA${digits(name)}` },
    }),
  },
  'AWS::IAM::Policy': { reason: NO_AUTHORIZATION },
  'AWS::IAM::ManagedPolicy': {
    reason: NO_AUTHORIZATION,
    identify: (name, { accountId }) => ({ physicalId: `arn:aws:iam::${accountId}:policy/${name}`, attributes: {} }),
  },
  'AWS::S3::BucketPolicy': { reason: NO_AUTHORIZATION },
  'AWS::SNS::TopicPolicy': { reason: NO_AUTHORIZATION },
  'AWS::SQS::QueuePolicy': { reason: CHECKED_POLICY },
  'AWS::Lambda::Permission': { reason: CHECKED_POLICY },
  'AWS::KMS::Key': {
    reason: 'data is kept unencrypted in memory and lost at the end',
    identify: (name, { region, accountId }) => {
      const keyId = createHash('sha256').update(name).digest('hex').slice(0, 32);
      return {
        physicalId: keyId,
        attributes: { Arn: `arn:aws:kms:${region}:${accountId}:key/${keyId}`, KeyId: keyId },
      };
    },
  },
  'AWS::KMS::Alias': { reason: 'there are no keys locally' },
  'AWS::Logs::LogGroup': {
    reason: 'the output of functions arrives as events',
    identify: (name, { region, accountId }) => ({
      attributes: { Arn: `arn:aws:logs:${region}:${accountId}:log-group:${name}:*` },
    }),
  },
  'AWS::Logs::MetricFilter': { reason: NO_METRICS },
  'AWS::Logs::QueryDefinition': { reason: 'there is no log store locally' },
  'AWS::CloudWatch::Alarm': {
    reason: NO_METRICS,
    identify: (name, { region, accountId }) => ({
      attributes: { Arn: `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}` },
    }),
  },
  'AWS::CloudWatch::CompositeAlarm': {
    reason: NO_METRICS,
    identify: (name, { region, accountId }) => ({
      attributes: { Arn: `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}` },
    }),
  },
  'AWS::CloudWatch::Dashboard': { reason: NO_METRICS },
  'AWS::ECS::Cluster': {
    reason: 'no task runs locally, but rules about flow logs check that it exists',
    identify: (name, { region, accountId }) => ({
      attributes: { Arn: `arn:aws:ecs:${region}:${accountId}:cluster/${name}` },
    }),
  },
  'AWS::EC2::FlowLog': {
    reason: 'there is no network locally, log files are delivered by hand',
    identify: (name) => ({ physicalId: `fl-${digits(name)}`, attributes: { Id: `fl-${digits(name)}` } }),
  },
  'AWS::Scheduler::ScheduleGroup': { reason: 'schedules run by themselves' },
  'Custom::S3AutoDeleteObjects': { reason: 'objects are deleted at the end anyway' },
};

/** Why a function is inert although functions are simulated: it only serves a custom resource. */
export const CUSTOM_RESOURCE_HANDLER = 'handler of a custom resource, whose effect is simulated instead';

/** The ids of functions that only serve custom resources (named by a ServiceToken). */
export function findCustomResourceHandlers(resources: ReadonlyMap<string, TemplateResource>): Set<string> {
  const handlers = new Set<string>();
  for (const { properties } of resources.values()) {
    const token = JSON.stringify(properties.ServiceToken) ?? '';
    for (const [id, { type }] of resources) {
      if (type === 'AWS::Lambda::Function' && token.includes(`"${id}"`)) handlers.add(id);
    }
  }
  return handlers;
}

/** Throws a TemplateError that names each resource whose type is neither simulated nor inert. */
export function assertKnownTypes(
  resources: ReadonlyMap<string, TemplateResource>,
  simulated: Readonly<Record<string, unknown>>,
): void {
  const unknown = [...resources].filter(
    ([, { type }]) => !Object.hasOwn(simulated, type) && !Object.hasOwn(inertTypes, type),
  );
  if (unknown.length === 0) return;
  const named = unknown.map(([id, { type }]) => `${id} (${type})`).join(', ');
  throw new TemplateError(
    `the local cloud does not simulate ${named}, expected ${show(Object.keys(simulated))} or a type listed as inert`,
  );
}

function digits(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 17);
}

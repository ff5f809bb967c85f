/** The policies of a stack: who may do what with a resource, and what a role may do. */

import { type Policy, type PolicyKind, readPolicy } from '../iam/document.ts';
import { PolicyError } from '../iam/pattern.ts';
import type { CreatedResource } from '../resources/stack.ts';
import { isObject, listAt } from '../template/json.ts';

/** The resources of a stack, created or only resolved. */
export type Resources = ReadonlyMap<string, CreatedResource>;

/** A policy and the resource of the template that contains it. */
export interface HeldPolicy {
  readonly logicalId: string;
  readonly policy: Policy;
}

/** The ARN of a resource. Topics store it under another name. */
export function arnOf({ attributes }: CreatedResource): string {
  return attributes.Arn ?? attributes.TopicArn ?? '';
}

/** The resource with this ARN. Undefined for a resource of another stack. */
export function findByArn(resources: Resources, arn: string): CreatedResource | undefined {
  return [...resources.values()].find((resource) => arn !== '' && arnOf(resource) === arn);
}

/** Types whose policy is a separate resource: its type, and the property that names the owner. */
const ATTACHED: Readonly<Record<string, [type: string, property: string]>> = {
  'AWS::SQS::Queue': ['AWS::SQS::QueuePolicy', 'Queues'],
  'AWS::SNS::Topic': ['AWS::SNS::TopicPolicy', 'Topics'],
  'AWS::S3::Bucket': ['AWS::S3::BucketPolicy', 'Bucket'],
};

/** Types that contain their own policy: the property, and its kind. */
const OWN: Readonly<Record<string, [property: string, kind: PolicyKind]>> = {
  'AWS::KMS::Key': ['KeyPolicy', 'resource'],
  'AWS::IAM::Role': ['AssumeRolePolicyDocument', 'trust'],
  'AWS::Events::EventBus': ['Policy', 'resource'],
};

/** Parsed policies. Resources do not change once a stack is created. */
const known = new WeakMap<Resources, Map<string, HeldPolicy | undefined>>();

/** The policy that says who may use a resource. Throws if a second one would replace the first. */
export function policyOf(resources: Resources, owner: CreatedResource): HeldPolicy | undefined {
  const ofStack = known.get(resources) ?? new Map<string, HeldPolicy | undefined>();
  known.set(resources, ofStack);
  if (!ofStack.has(owner.logicalId)) ofStack.set(owner.logicalId, findPolicy(resources, owner));
  return ofStack.get(owner.logicalId);
}

function findPolicy(resources: Resources, owner: CreatedResource): HeldPolicy | undefined {
  const own = OWN[owner.type];
  if (own !== undefined) {
    const [property, kind] = own;
    // A bus without a policy admits only its own account.
    if (owner.type === 'AWS::Events::EventBus' && owner.properties[property] === undefined) return undefined;
    return held(owner.logicalId, owner.properties[property], kind, property);
  }
  if (owner.type === 'AWS::Lambda::Function') return functionPolicy(resources, owner);
  const attached = ATTACHED[owner.type];
  if (attached === undefined) return undefined;
  const found = [...resources.values()]
    .filter(
      ({ type, properties }) => type === attached[0] && [properties[attached[1]]].flat().includes(owner.physicalId),
    )
    .map(({ logicalId, properties }) => held(logicalId, properties.PolicyDocument, 'resource', 'PolicyDocument'));
  if (found.length > 1) {
    const names = found.map(({ logicalId }) => logicalId).join(' and ');
    throw new PolicyError(
      `${owner.logicalId} has the policies ${names}, expected one, because the later replaces the earlier`,
    );
  }
  return found[0];
}

function held(logicalId: string, document: unknown, kind: PolicyKind, property: string): HeldPolicy {
  return { logicalId, policy: readPolicy(document, kind, `${logicalId}.${property}`) };
}

/** Lambda turns each permission into a statement. */
function functionPolicy(resources: Resources, owner: CreatedResource): HeldPolicy | undefined {
  const permissions = [...resources.values()].filter(
    ({ type, properties }) =>
      type === 'AWS::Lambda::Permission' && [owner.physicalId, arnOf(owner)].includes(String(properties.FunctionName)),
  );
  if (permissions.length === 0) return undefined;
  const statements = permissions.map(({ logicalId, properties }) => {
    const { Action, Principal, SourceArn, SourceAccount } = properties;
    const name = String(Principal);
    return {
      Sid: logicalId,
      Effect: 'Allow',
      Action,
      Principal: name === '*' ? '*' : name.includes('.') ? { Service: name } : { AWS: name },
      Resource: arnOf(owner),
      Condition: {
        ...(SourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': SourceArn } }),
        ...(SourceAccount === undefined ? {} : { StringEquals: { 'aws:SourceAccount': SourceAccount } }),
      },
    };
  });
  const document = { Version: '2012-10-17', Statement: statements };
  return held(permissions[0]!.logicalId, document, 'resource', 'permissions');
}

/** The policies of a role: its own and those attached to it. AWS managed policies are not included. */
export function policiesOfRole(resources: Resources, role: CreatedResource): Policy[] {
  const inline = listAt(role.properties.Policies, `${role.logicalId}.Policies`).map((entry, at) =>
    readPolicy(isObject(entry) ? entry.PolicyDocument : entry, 'identity', `${role.logicalId}.Policies[${at}]`),
  );
  const attached = [...resources.values()]
    .filter(({ type }) => type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy')
    .filter(({ properties }) => listAt(properties.Roles, 'Roles').includes(role.physicalId));
  return [
    ...inline,
    ...attached.map(({ logicalId, properties }) => readPolicy(properties.PolicyDocument, 'identity', logicalId)),
  ];
}

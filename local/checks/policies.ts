/** The policies of a stack: which document says who may do what with a resource, and what a role may do. */

import { type Policy, type PolicyKind, readPolicy } from '../iam/document.ts';
import { PolicyError } from '../iam/pattern.ts';
import type { CreatedResource } from '../resources/stack.ts';
import { isObject, listAt } from '../template/json.ts';

/** The resources of a stack, created or on paper. */
export type Resources = ReadonlyMap<string, CreatedResource>;

/** A policy and the resource of the template that holds it. */
export interface HeldPolicy {
  readonly logicalId: string;
  readonly policy: Policy;
}

/** The ARN of a resource; topics call theirs otherwise. */
export function arnOf({ attributes }: CreatedResource): string {
  return attributes.Arn ?? attributes.TopicArn ?? '';
}

/** The resource with this ARN, which may be one of another stack. */
export function findByArn(resources: Resources, arn: string): CreatedResource | undefined {
  return [...resources.values()].find((resource) => arn !== '' && arnOf(resource) === arn);
}

/** Types whose policy is a resource beside them: its type, and where it names what it belongs to. */
const ATTACHED: Readonly<Record<string, [type: string, property: string]>> = {
  'AWS::SQS::Queue': ['AWS::SQS::QueuePolicy', 'Queues'],
  'AWS::SNS::Topic': ['AWS::SNS::TopicPolicy', 'Topics'],
  'AWS::S3::Bucket': ['AWS::S3::BucketPolicy', 'Bucket'],
};

/** Types that hold a policy of their own: the property, and its kind. */
const OWN: Readonly<Record<string, [property: string, kind: PolicyKind]>> = {
  'AWS::KMS::Key': ['KeyPolicy', 'resource'],
  'AWS::IAM::Role': ['AssumeRolePolicyDocument', 'trust'],
};

/** Policies that were read; resources do not change once a stack stands. */
const known = new WeakMap<Resources, Map<string, HeldPolicy | undefined>>();

/** The policy that says who may use a resource; throws where a second one would replace the first. */
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
    throw new PolicyError(`${owner.logicalId} has the policies ${names}, expected one: the later replaces the earlier`);
  }
  return found[0];
}

function held(logicalId: string, document: unknown, kind: PolicyKind, property: string): HeldPolicy {
  return { logicalId, policy: readPolicy(document, kind, `${logicalId}.${property}`) };
}

/** Lambda makes a statement of each permission. */
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

/** What a role may do: the policies that it holds and those that are attached to it; managed ones of AWS are not seen. */
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

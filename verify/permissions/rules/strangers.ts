/** Strangers: no plain HTTP, no foreign account, nobody without credentials, whatever they hold themselves. */
import { arnOf, policyOf } from '../../../local/checks/policies.ts';
import { contextOf } from '../../../local/iam/context.ts';
import { decide, type Principal, type Request } from '../../../local/iam/decide.ts';
import { readPolicy } from '../../../local/iam/document.ts';
import type { CreatedResource } from '../../../local/resources/stack.ts';
import { STRANGER } from '../deliveries.ts';
import type { Problem } from '../problem.ts';
import { ACCOUNT, nameOf, type PaperStack } from '../stacks.ts';
import { heldPolicies } from './services.ts';

/** What is tried on each type: its data, and the hand on its policy. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'AWS::S3::Bucket': ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:ListBucket', 's3:PutBucketPolicy'],
  'AWS::SQS::Queue': [
    'sqs:SendMessage',
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:PurgeQueue',
    'sqs:AddPermission',
  ],
  'AWS::SNS::Topic': ['sns:Publish', 'sns:Subscribe', 'sns:AddPermission'],
  'AWS::KMS::Key': ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:CreateGrant', 'kms:PutKeyPolicy'],
  'AWS::Lambda::Function': ['lambda:InvokeFunction', 'lambda:UpdateFunctionCode'],
  'AWS::IAM::Role': ['sts:AssumeRole'],
  'AWS::Events::EventBus': ['events:PutEvents', 'events:PutRule', 'events:PutPermission'],
};

/** What must be refused over plain HTTP. SNS documents the condition for publishing only. */
const OVER_TLS: Readonly<Record<string, readonly string[]>> = {
  'AWS::S3::Bucket': ACTIONS['AWS::S3::Bucket']!,
  'AWS::SQS::Queue': ACTIONS['AWS::SQS::Queue']!,
  'AWS::SNS::Topic': ['sns:Publish'],
};

const EVERYTHING = readPolicy({ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }, 'identity', 'everything');
const admin: Principal = { kind: 'role', arn: `arn:aws:iam::${ACCOUNT}:role/admin` };
const strangers: readonly [string, Principal][] = [
  ['a role of another account', { kind: 'role', arn: `arn:aws:iam::${STRANGER}:role/admin` }],
  ['somebody without credentials', { kind: 'anonymous' }],
];

/** What strangers could do. */
export function strangerProblems(stack: PaperStack): Problem[] {
  return [...stack.resources.values()]
    .flatMap((resource) => [
      ...plainHttp(stack, resource),
      ...lockedOut(stack, resource),
      ...foreigners(stack, resource),
    ])
    .concat(
      heldPolicies(stack).flatMap(({ name, policy }) =>
        policy.statements
          .filter(({ effect, principals }) => effect === 'Allow' && principals !== undefined)
          .filter(
            ({ principals }) =>
              principals!.everyone ||
              principals!.isNot ||
              principals!.aws.some(
                (arn) => !arn.includes(ACCOUNT) && !(['IngestQueue', 'LogsBus'].includes(name) && isOwner(stack, arn)),
              ),
          )
          .map(() => ({ rule: 'foreign principal', text: `a statement of ${name} names strangers` })),
      ),
    );
}

/** The owner of a foreign bucket, whose rule sends to the ingest queue or the bus. */
const isOwner = ({ owner }: PaperStack, arn: string): boolean =>
  owner?.changes.rule !== undefined && arn === `arn:aws:iam::${owner.foreign.owner}:root`;

function ask(principal: Principal, action: string, resource: CreatedResource, isSecure: boolean): Request {
  const arn = arnOf(resource);
  return {
    principal,
    action,
    resource: /Object$/.test(action) ? `${arn}/AWSLogs/file` : arn,
    owner: ACCOUNT,
    context: contextOf({
      'aws:SecureTransport': String(isSecure),
      'aws:PrincipalIsAWSService': 'false',
      ...(principal.kind === 'role'
        ? { 'aws:PrincipalArn': principal.arn, 'aws:PrincipalAccount': principal.arn.split(':')[4]! }
        : {}),
      'aws:ResourceAccount': ACCOUNT,
      's3:x-amz-acl': 'bucket-owner-full-control',
    }),
  };
}

/** Even who may do everything in the account is refused over plain HTTP, and so is whoever the policy admits. */
function plainHttp(stack: PaperStack, resource: CreatedResource): Problem[] {
  const policy = policyOf(stack.resources, resource)?.policy;
  return (OVER_TLS[resource.type] ?? []).flatMap((action) => {
    const { reason } = decide(ask(admin, action, resource, false), { identity: [EVERYTHING], resource: policy });
    return reason === 'explicit deny' ? [] : [{ rule: 'plain HTTP', text: `${action} on ${nameOf(resource)}` }];
  });
}

/** An administrator of the account must be able to repair things: to redrive dead letters, to change a policy. */
function lockedOut(stack: PaperStack, resource: CreatedResource): Problem[] {
  if (resource.type === 'AWS::IAM::Role') return [];
  const policy = policyOf(stack.resources, resource)?.policy;
  const isResourceDecisive = resource.type === 'AWS::KMS::Key';
  return (ACTIONS[resource.type] ?? []).flatMap((action) => {
    const request = ask(admin, action, resource, true);
    const { isAllowed } = decide(request, { identity: [EVERYTHING], resource: policy, isResourceDecisive });
    return isAllowed ? [] : [{ rule: 'locked out', text: `${action} on ${nameOf(resource)}` }];
  });
}

function foreigners(stack: PaperStack, resource: CreatedResource): Problem[] {
  const policy = policyOf(stack.resources, resource)?.policy;
  const isResourceDecisive = ['AWS::KMS::Key', 'AWS::IAM::Role'].includes(resource.type);
  return (ACTIONS[resource.type] ?? []).flatMap((action) =>
    strangers.flatMap(([who, principal]) => {
      const request = ask(principal, action, resource, true);
      const { isAllowed } = decide(request, { identity: [EVERYTHING], resource: policy, isResourceDecisive });
      return isAllowed ? [{ rule: 'foreign principal', text: `${who} ${action} on ${nameOf(resource)}` }] : [];
    }),
  );
}

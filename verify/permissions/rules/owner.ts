/**
 * A bucket of another account: what its owner has added lets in the ingest role, people who are named, and nobody else,
 * and announces the flow logs to the ingest queue.
 */
import { ingestRoleName } from '../../../lib/config/foreign-bucket.ts';
import { policyOf } from '../../../local/checks/policies.ts';
import { contextOf } from '../../../local/iam/context.ts';
import { applies, decide, type Request } from '../../../local/iam/decide.ts';
import { type Policy, readPolicy } from '../../../local/iam/document.ts';
import { matchesPattern } from '../../../local/servers/pattern.ts';
import { STRANGER } from '../deliveries.ts';
import { needsOf } from '../needs.ts';
import { type OwnerSide, PEOPLE } from '../owner.ts';
import type { Problem } from '../problem.ts';
import { ACCOUNT, type PaperStack, REGION, resourceNamed } from '../stacks.ts';

const EVERYTHING = readPolicy({ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }, 'identity', 'everything');
const OTHER_ROLE = `arn:aws:iam::${ACCOUNT}:role/other`;
const S3 = `s3.${REGION}.amazonaws.com`;

/** What is wrong with what the owner has added. */
export function ownerProblems(stack: PaperStack): Problem[] {
  const { owner } = stack;
  if (owner === undefined) return [];
  const wanted: [who: string, request: Request][] = [
    ...readings(stack, PEOPLE).map((request): [string, Request] => ['people', request]),
    // What its functions call is evaluated with their roles. AWS does not say whether S3 asks with a prefix when it tells
    // a missing file from a denied one, so ingest may do both.
    ['ingest', listing(owner, ingestOf(owner))],
  ];
  const requests = [...wanted.map(([, request]) => request), ...requestsOfIngest(stack)];
  return [
    ...wanted.flatMap(([who, request]): Problem[] =>
      isAllowed(owner, request)
        ? []
        : [{ rule: 'call denied', text: `${who} ${request.action} on ${request.resource}` }],
    ),
    ...unwanted(stack).flatMap(([says, request]): Problem[] =>
      isAllowed(owner, request) ? [{ rule: 'owner', text: says }] : [],
    ),
    ...announcing(stack),
    ...[owner.bucket, owner.key].flatMap((policy) => (policy ? unused(policy, requests) : [])),
    ...[owner.bucket, owner.key, owner.ruleRole?.trust, owner.ruleRole?.permissions].flatMap((policy) =>
      policy ? wide(policy, owner) : [],
    ),
  ];
}

/** Sends of the role of the owner's rule, which the queue must admit. */
export function requestsOfRule(stack: PaperStack): Request[] {
  const { rule } = stack.owner?.changes ?? {};
  if (rule === undefined) return [];
  const { RoleArn: arn, Arn: resource } = rule.target;
  const context = contextOf({
    'aws:PrincipalArn': arn,
    'aws:PrincipalAccount': arn.split(':')[4]!,
    'aws:SecureTransport': 'true',
    'aws:PrincipalIsAWSService': 'false',
    'aws:ResourceAccount': ACCOUNT,
  });
  return [{ principal: { kind: 'role', arn }, action: 'sqs:SendMessage', resource, owner: ACCOUNT, context }];
}

/** Sends by others of the owner's account, which the queue must refuse. */
function requestsOfOthers(stack: PaperStack): [who: string, request: Request][] {
  return requestsOfRule(stack).flatMap((request): [string, Request][] => {
    const as = (arn: string | undefined): Request => ({
      ...request,
      principal: { kind: 'role', arn: arn ?? `arn:aws:iam::${stack.owner!.foreign.owner}:root` },
      context: new Map([...request.context, ['aws:principalarn', arn === undefined ? undefined : [arn]]]),
    });
    return [
      ['another role of the owner', as(OTHER_ROLE.replace(ACCOUNT, stack.owner!.foreign.owner))],
      ["a role of the owner with the rule's name and more", as(`${stack.owner!.changes.rule!.target.RoleArn}-other`)],
      ['a caller of the owner without a name', as(undefined)],
    ];
  });
}

const requestsOfIngest = (stack: PaperStack): Request[] =>
  needsOf(stack).flatMap(({ needs }) => needs.map(({ request }) => request));

/** Whether a role that may do everything in its own account is let in by the owner. */
function isAllowed({ bucket, key }: OwnerSide, request: Request): boolean {
  const resource = request.action.startsWith('kms:') ? key : bucket;
  return decide(request, { identity: [EVERYTHING], resource, isResourceDecisive: true }).isAllowed;
}

interface Changes {
  readonly action?: string;
  readonly resource?: string;
  readonly 's3:prefix'?: string;
  readonly 'kms:ViaService'?: string | undefined;
}

function ask({ foreign }: OwnerSide, arn: string, action: string, resource: string, changes: Changes = {}): Request {
  const context = contextOf({
    'aws:PrincipalArn': arn,
    'aws:PrincipalAccount': arn.split(':')[4]!,
    'aws:SecureTransport': 'true',
    'aws:PrincipalIsAWSService': 'false',
    'aws:ResourceAccount': foreign.owner,
    ...(changes['s3:prefix'] !== undefined && { 's3:prefix': changes['s3:prefix'] }),
    ...(changes['kms:ViaService'] !== undefined && { 'kms:ViaService': changes['kms:ViaService'] }),
  });
  return { principal: { kind: 'role', arn }, action, resource, owner: foreign.owner, context };
}

const ingestOf = ({ foreign: { reader } }: OwnerSide): string =>
  `arn:aws:iam::${ACCOUNT}:role/${ingestRoleName(reader)}`;

/** A list of keys below the folder of the flow logs. */
function listing(owner: OwnerSide, arn: string): Request {
  const { bucket, prefix } = placesOf(owner);
  return ask(owner, arn, 's3:ListBucket', bucket, { 's3:prefix': `${prefix}${ACCOUNT}/` });
}

/** What people ask for with `backfill` and `doctor`. */
function readings({ owner }: PaperStack, arn: string): Request[] {
  const { object } = placesOf(owner!);
  const { keyArn } = owner!.foreign;
  return [
    ask(owner!, arn, 's3:GetObject', object),
    listing(owner!, arn),
    ...(keyArn === undefined ? [] : [ask(owner!, arn, 'kms:Decrypt', keyArn, { 'kms:ViaService': S3 })]),
  ];
}

function placesOf({ foreign: { bucket: name, prefix } }: OwnerSide) {
  const bucket = `arn:aws:s3:::${name}`;
  const folder = `${bucket}/${prefix}${prefix.endsWith('AWSLogs/') ? '' : 'AWSLogs/'}${ACCOUNT}`;
  return { bucket, prefix, object: `${folder}/vpcflowlogs/${REGION}/2026/11/22/flow.log.gz`, folder };
}

/** What must be refused. */
function unwanted(stack: PaperStack): [says: string, request: Request][] {
  const owner = stack.owner!;
  const { bucket, object, prefix } = placesOf(owner);
  const { keyArn } = owner.foreign;
  const others: [string, string][] = [
    ['another role of the account', OTHER_ROLE],
    ['a role of a third account', `arn:aws:iam::${STRANGER}:role/soc`],
  ];
  const nameless = (request: Request): Request => ({
    ...request,
    context: new Map([...request.context, ['aws:principalarn', undefined]]),
  });
  const key: [string, Request][] =
    keyArn === undefined
      ? []
      : [
          ['people decrypt by hand', ask(owner, PEOPLE, 'kms:Decrypt', keyArn)],
          [
            'people decrypt through EC2',
            ask(owner, PEOPLE, 'kms:Decrypt', keyArn, { 'kms:ViaService': S3.replace('s3', 'ec2') }),
          ],
          ['people encrypt', ask(owner, PEOPLE, 'kms:Encrypt', keyArn, { 'kms:ViaService': S3 })],
        ];
  return [
    ...others.flatMap(([who, arn]) =>
      readings(stack, arn).map((request): [string, Request] => [`${who} ${request.action}`, request]),
    ),
    ...readings(stack, PEOPLE).map((request): [string, Request] => [
      `a caller without a name ${request.action}`,
      nameless(request),
    ]),
    ['people write', ask(owner, PEOPLE, 's3:PutObject', object)],
    ['people delete', ask(owner, PEOPLE, 's3:DeleteObject', object)],
    ['people change the policy', ask(owner, PEOPLE, 's3:PutBucketPolicy', bucket)],
    ['people read what is no flow log', ask(owner, PEOPLE, 's3:GetObject', `${bucket}/other/file`)],
    ...(prefix === ''
      ? []
      : ([['people list without a prefix', ask(owner, PEOPLE, 's3:ListBucket', bucket)]] satisfies [
          string,
          Request,
        ][])),
    ['ingest lists other folders', ask(owner, ingestOf(owner), 's3:ListBucket', bucket, { 's3:prefix': 'other/' })],
    ['people list other folders', ask(owner, PEOPLE, 's3:ListBucket', bucket, { 's3:prefix': 'other/' })],
    ['people read another bucket', ask(owner, PEOPLE, 's3:GetObject', object.replace(bucket, `${bucket}-other`))],
    ...key,
  ];
}

/** The rule assumes its role, selects flow logs and nothing else, and sends them to the queue that ingest reads. */
function announcing(stack: PaperStack): Problem[] {
  const { changes, foreign, ruleRole } = stack.owner!;
  const queue = resourceNamed(stack, 'IngestQueue')!;
  const problem = (text: string): Problem[] => [{ rule: 'service denied', text }];
  const target = changes.rule?.target.Arn ?? changes.notification?.QueueArn;
  const wrong = target === queue.attributes.Arn ? [] : problem(`new objects are announced to ${target}`);
  if (changes.rule === undefined || ruleRole === undefined) return wrong;
  const { rule } = changes;
  const assumption = (sourceArn: string | undefined, sourceAccount: string | undefined): Request => ({
    principal: { kind: 'service', name: 'events.amazonaws.com' },
    action: 'sts:AssumeRole',
    resource: rule.target.RoleArn,
    owner: foreign.owner,
    context: contextOf({
      'aws:SecureTransport': 'true',
      'aws:PrincipalIsAWSService': 'true',
      ...(sourceArn !== undefined && { 'aws:SourceArn': sourceArn }),
      ...(sourceAccount !== undefined && { 'aws:SourceAccount': sourceAccount }),
    }),
  });
  const assume = (...source: Parameters<typeof assumption>) =>
    decide(assumption(...source), { resource: ruleRole.trust, isResourceDecisive: true }).isAllowed;
  const arn = `arn:aws:events:${REGION}:${foreign.owner}:rule/${rule.name}`;
  const refusals = [
    assume(`${arn}-other`, foreign.owner),
    assume(arn, STRANGER),
    assume(undefined, foreign.owner),
    assume(arn, undefined),
  ];
  const queuePolicy = policyOf(stack.resources, queue)?.policy;
  const send = (request: Request) =>
    decide(request, { identity: [EVERYTHING], resource: queuePolicy, isResourceDecisive: true }).isAllowed;
  const event = (key: string) => ({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: { bucket: { name: foreign.bucket }, object: { key } },
  });
  const { bucket, object } = placesOf(stack.owner!);
  const isSelected = (key: string) => matchesPattern(rule.pattern, event(key));
  return [
    ...wrong,
    ...(assume(arn, foreign.owner) ? [] : problem('the rule cannot assume its role')),
    ...unused(ruleRole.trust, [assumption(arn, foreign.owner)]),
    ...(refusals.includes(true) ? [{ rule: 'owner', text: 'the role of the rule trusts other sources' } as const] : []),
    ...requestsOfRule(stack).flatMap((request) =>
      decide(request, { identity: [ruleRole.permissions], resource: queuePolicy }).isAllowed
        ? unused(ruleRole.permissions, [request])
        : problem('the rule cannot send to the queue'),
    ),
    ...requestsOfOthers(stack).flatMap(([who, request]): Problem[] =>
      send(request) ? [{ rule: 'owner', text: `${who} sends to the queue` }] : [],
    ),
    ...(isSelected(object.slice(bucket.length + 1)) ? [] : problem('the rule does not select flow logs')),
    ...(isSelected('other/file') ? [{ rule: 'owner', text: 'the rule selects other objects' } as const] : []),
  ];
}

function unused(policy: Policy, wanted: readonly Request[]): Problem[] {
  return policy.statements.flatMap((statement) =>
    statement.actions.patterns
      .filter((action) => {
        const single = { ...statement, actions: { ...statement.actions, patterns: [action] } };
        return !wanted.some((request) => applies(single, policy, request));
      })
      .map((action): Problem => ({ rule: 'unused', text: `the owner's statement ${statement.sid} ${action}` })),
  );
}

/** No statement names more than it must: wildcards in objects end at the prefix, and in a key's policy * is the key. */
function wide(policy: Policy, { foreign, bucket, key }: OwnerSide): Problem[] {
  const expected = policy === bucket ? `arn:aws:s3:::${foreign.bucket}/${foreign.objects}` : policy === key ? '*' : '';
  return policy.statements.flatMap(({ sid, principals, actions, resources }): Problem[] => {
    const isWide = [
      actions.isNot || resources?.isNot,
      principals?.isNot || principals?.everyone,
      principals?.aws.some((name) => name !== `arn:aws:iam::${ACCOUNT}:root`),
      actions.patterns.some((action) => action.includes('*')),
      resources?.patterns.some((pattern) => pattern.includes('*') && pattern !== expected),
    ];
    return isWide.some(Boolean) ? [{ rule: 'owner', text: `the statement ${sid} admits more than it must` }] : [];
  });
}

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
import type { JsonObject } from '../../../local/template/json.ts';
import { STRANGER } from '../deliveries.ts';
import { needsOf } from '../needs.ts';
import { type OwnerSide, PEOPLE } from '../owner.ts';
import type { Problem } from '../problem.ts';
import { ACCOUNT, type PaperStack, REGION, resourceNamed } from '../stacks.ts';

const EVERYTHING = readPolicy({ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }, 'identity', 'everything');
const OTHER_ROLE = `arn:aws:iam::${ACCOUNT}:role/other`;
/** S3 in the Region of the bucket. */
const s3Of = ({ foreign: { region = REGION } }: OwnerSide): string => `s3.${region}.amazonaws.com`;

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

/** Sends of the role of the owner's rule, which the queue or the bus must admit. */
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
  const action = stack.owner?.foreign.events === 'bus' ? 'events:PutEvents' : 'sqs:SendMessage';
  return [{ principal: { kind: 'role', arn }, action, resource, owner: ACCOUNT, context }];
}

/** Sends by others of the owner's account, which the queue or the bus must refuse. */
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
    ...(keyArn === undefined ? [] : [ask(owner!, arn, 'kms:Decrypt', keyArn, { 'kms:ViaService': s3Of(owner!) })]),
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
          ...[REGION, owner.foreign.region ?? REGION].map((region): [string, Request] => [
            'people decrypt through EC2',
            ask(owner, PEOPLE, 'kms:Decrypt', keyArn, { 'kms:ViaService': `ec2.${region}.amazonaws.com` }),
          ]),
          ['people encrypt', ask(owner, PEOPLE, 'kms:Encrypt', keyArn, { 'kms:ViaService': s3Of(owner) })],
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

/**
 * The rule assumes its role, selects flow logs and nothing else, and sends them to the queue that ingest reads, or to the
 * bus whose rule does.
 */
function announcing(stack: PaperStack): Problem[] {
  const { changes, foreign, ruleRole } = stack.owner!;
  const receiver = resourceNamed(stack, foreign.events === 'bus' ? 'LogsBus' : 'IngestQueue')!;
  const problem = (text: string): Problem[] => [{ rule: 'service denied', text }];
  const target = changes.rule?.target.Arn ?? changes.notification?.QueueArn;
  const wrong = target === receiver.attributes.Arn ? [] : problem(`new objects are announced to ${target}`);
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
  const arn = `arn:aws:events:${foreign.region ?? REGION}:${foreign.owner}:rule/${rule.name}`;
  const refusals = [
    assume(`${arn}-other`, foreign.owner),
    assume(arn, STRANGER),
    assume(undefined, foreign.owner),
    assume(arn, undefined),
  ];
  const receiverPolicy = policyOf(stack.resources, receiver)?.policy;
  const send = (request: Request) =>
    decide(request, { identity: [EVERYTHING], resource: receiverPolicy, isResourceDecisive: true }).isAllowed;
  const event = (key: string, account = foreign.owner, name = foreign.bucket) => ({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    account,
    detail: { bucket: { name }, object: { key } },
  });
  const { bucket, object } = placesOf(stack.owner!);
  const isSelected = (key: string) => matchesPattern(rule.pattern, event(key));
  const file = object.slice(bucket.length + 1);
  const onBus = (...of: Parameters<typeof event>) =>
    rulesOfBus(stack).some((pattern) => matchesPattern(pattern, event(...of)));
  return [
    ...wrong,
    ...(assume(arn, foreign.owner) ? [] : problem('the rule cannot assume its role')),
    ...unused(ruleRole.trust, [assumption(arn, foreign.owner)]),
    ...(refusals.includes(true) ? [{ rule: 'owner', text: 'the role of the rule trusts other sources' } as const] : []),
    ...requestsOfRule(stack).flatMap((request) =>
      decide(request, { identity: [ruleRole.permissions], resource: receiverPolicy }).isAllowed
        ? unused(ruleRole.permissions, [request])
        : problem('the rule cannot send to the deployment'),
    ),
    ...requestsOfOthers(stack).flatMap(([who, request]): Problem[] =>
      send(request) ? [{ rule: 'owner', text: `${who} sends to the deployment` }] : [],
    ),
    ...(isSelected(file) ? [] : problem('the rule does not select flow logs')),
    ...(isSelected('other/file') ? [{ rule: 'owner', text: 'the rule selects other objects' } as const] : []),
    ...(foreign.events !== 'bus' || onBus(file) ? [] : problem('the rule of the bus does not select flow logs')),
    ...(onBus('other/file') || onBus(file, STRANGER) || onBus(file, foreign.owner, 'others')
      ? [{ rule: 'owner', text: 'the rule of the bus selects other objects' } as const]
      : []),
  ];
}

/** Patterns of the rules that send from the bus to the queue that ingest reads. */
function rulesOfBus(stack: PaperStack): JsonObject[] {
  const queue = resourceNamed(stack, 'IngestQueue')!.attributes.Arn;
  const bus = resourceNamed(stack, 'LogsBus');
  return [...stack.resources.values()].flatMap(({ type, properties }) => {
    const isOfBus = bus !== undefined && [bus.physicalId, bus.attributes.Arn].includes(String(properties.EventBusName));
    if (type !== 'AWS::Events::Rule' || !isOfBus || !JSON.stringify(properties.Targets).includes(`"${queue}"`))
      return [];
    return [properties.EventPattern as JsonObject];
  });
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

/** What the functions need: the calls that the tests recorded, and those that AWS makes under their roles. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LISTS } from '../../lib/store/look-back-batch.ts';
import { arnOf, findByArn } from '../../local/checks/policies.ts';
import { contextOf } from '../../local/iam/context.ts';
import type { Request } from '../../local/iam/decide.ts';
import type { CreatedResource } from '../../local/resources/stack.ts';
import { readDefinition } from '../../local/states/definition.ts';
import { objectAt } from '../../local/template/json.ts';
import { isManagedByAws, keyActionsOf, keyOf } from './keys.ts';
import { ACCOUNT, nameOf, type PaperStack, REGION, resourceNamed } from './stacks.ts';

/** One call that must be allowed. */
interface Need {
  readonly request: Request;
  readonly why: string;
}

/** The role of a function, and everything that runs under it needs. */
export interface RoleNeeds {
  readonly role: CreatedResource;
  /** Ingest, Alert, Settle, or the function that the CDK adds. */
  readonly name: string;
  readonly needs: readonly Need[];
}

const CALLED = 'called in the tests';
const OBJECT = `AWSLogs/${ACCOUNT}/vpcflowlogs/${REGION}/2026/11/22/flow.log.gz`;

type Recorded = Readonly<Record<string, readonly string[]>>;
const RUNS: readonly Recorded[] = Object.values(
  JSON.parse(readFileSync(join(import.meta.dirname, 'calls.json'), 'utf8')) as Record<string, Recorded>,
);

/** The calls that the tests recorded, by function, each once. */
export const recordedCalls: Recorded = merge(RUNS);
/** The calls of the runs whose settings the deployment shares: with and without logs of orchestrators, and an inventory. */
const callsIn = (stack: PaperStack): Recorded =>
  merge(
    RUNS.filter(
      (run) =>
        (!('Signals' in run) || resourceNamed(stack, 'SignalsFunction') !== undefined) &&
        (!run.Settle?.some((call) => call.startsWith('ec2:')) || stack.settings.inventory),
    ),
  );

function merge(runs: readonly Recorded[]): Record<string, string[]> {
  const merged: Record<string, Set<string>> = {};
  for (const run of runs) {
    for (const [name, calls] of Object.entries(run)) merged[name] = (merged[name] ?? new Set()).union(new Set(calls));
  }
  return Object.fromEntries(Object.entries(merged).map(([name, calls]) => [name, [...calls].sort()]));
}

/** The needs of each role of a deployment. */
export function needsOf(stack: PaperStack): RoleNeeds[] {
  const recorded = callsIn(stack);
  return [...stack.resources.values()]
    .filter(({ type }) => type === 'AWS::IAM::Role')
    .map((role) => {
      const functions = [...stack.resources.values()].filter(
        ({ type, properties }) => type === 'AWS::Lambda::Function' && properties.Role === arnOf(role),
      );
      const names = functions.map((lambda) => nameOf(lambda).replace(/Function$/, ''));
      const calls = functions.flatMap((lambda, at) => [
        ...(recorded[names[at]!] ?? []).flatMap((text) => [
          recordedNeed(stack, role, text),
          ...inOtherBuckets(stack, role, text),
        ]),
        ...impliedNeeds(stack, role, lambda),
      ]);
      const machines = [...stack.resources.values()].filter(
        ({ type, properties }) => type === 'AWS::StepFunctions::StateMachine' && properties.RoleArn === arnOf(role),
      );
      calls.push(...machines.flatMap((machine) => machineNeeds(role, machine)));
      return {
        role,
        name: [...names, ...machines.map(nameOf)].join(' and ') || nameOf(role),
        needs: calls
          .flatMap((each) => (machines.length ? [each] : withGone(role, each)))
          .flatMap((each) => withKey(stack, role, each)),
      };
    });
}

function recordedNeed(stack: PaperStack, role: CreatedResource, text: string): Need {
  const [action = '', name = ''] = text.split(' ');
  const arn = arnOfName(stack, name);
  return need(role, action, arn, CALLED, { owner: ownerOf(stack, arn) });
}

/** What is called on a file of the bucket is called on those of further buckets too. */
function inOtherBuckets(stack: PaperStack, role: CreatedResource, text: string): Need[] {
  const [action = '', name] = text.split(' ');
  if (name !== 'LogBucket/object') return [];
  return stack.settings.otherBuckets.map(({ bucket }) => {
    const arn = `arn:aws:s3:::${bucket}/${OBJECT}`;
    return need(role, action, arn, CALLED, { owner: ownerOf(stack, arn) });
  });
}

/** The ARN of a construct, of an index (`Findings/index/open`) or of an object (`LogBucket/object`). */
function arnOfName(stack: PaperStack, name: string): string {
  if (name === '*') return name;
  const [owner = '', ...rest] = name.split('/');
  const resource = resourceNamed(stack, owner);
  const { existing } = stack.settings.bucket;
  if (owner === 'LogBucket') {
    const bucket = resource === undefined ? `arn:aws:s3:::${existing?.bucket}` : arnOf(resource);
    return rest.length === 0
      ? bucket
      : `${bucket}/${existing?.flowLogsUnder?.replace(/AWSLogs\/$/, '') ?? existing?.prefix ?? ''}${OBJECT}`;
  }
  if (owner === 'HubProduct') return `arn:aws:securityhub:${REGION}:${ACCOUNT}:product/${ACCOUNT}/default`;
  if (resource === undefined) throw new Error(`calls.json names ${name}, expected a construct of the stack`);
  return [arnOf(resource), ...rest].join('/');
}

function need(
  role: CreatedResource,
  action: string,
  resource: string,
  why: string,
  {
    viaService,
    region = REGION,
    owner = ACCOUNT,
  }: { viaService?: string; region?: string | undefined; owner?: string } = {},
): Need {
  const context = contextOf({
    'aws:SecureTransport': 'true',
    'aws:PrincipalIsAWSService': 'false',
    'aws:PrincipalArn': arnOf(role),
    'aws:PrincipalAccount': ACCOUNT,
    'aws:ResourceAccount': owner,
    ...(viaService === undefined ? {} : { 'kms:ViaService': `${viaService}.${region}.amazonaws.com` }),
  });
  return { request: { principal: { kind: 'role', arn: arnOf(role) }, action, resource, owner, context }, why };
}

/** The calls that AWS makes under the role of a function, as the template asks for them. */
function impliedNeeds(stack: PaperStack, role: CreatedResource, lambda: CreatedResource): Need[] {
  const all = (type: string) => [...stack.resources.values()].filter((resource) => resource.type === type);
  const isOfThis = ({ properties }: CreatedResource) =>
    [lambda.physicalId, arnOf(lambda)].includes(String(properties.FunctionName));
  const group = objectAt(lambda.properties.LoggingConfig, 'LoggingConfig').LogGroup;
  const logs =
    group === undefined
      ? []
      : ['CreateLogStream', 'PutLogEvents'].map((call) =>
          need(
            role,
            `logs:${call}`,
            `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${group}:log-stream:2026/11/22/[$LATEST]0`,
            'Lambda writes what the function prints',
          ),
        );
  // The three that AWS asks for: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  const polls = all('AWS::Lambda::EventSourceMapping')
    .filter(isOfThis)
    .flatMap(({ properties }) =>
      ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((call) =>
        need(role, `sqs:${call}`, String(properties.EventSourceArn), 'Lambda polls the queue'),
      ),
    );
  const failures = all('AWS::Lambda::EventInvokeConfig')
    .filter(isOfThis)
    .flatMap(({ properties }) => {
      const destination = objectAt(objectAt(properties.DestinationConfig, 'DestinationConfig').OnFailure, 'OnFailure');
      return destination.Destination === undefined
        ? []
        : [need(role, 'sqs:SendMessage', String(destination.Destination), 'Lambda keeps a run that failed')];
    });
  const isTraced = objectAt(lambda.properties.TracingConfig, 'TracingConfig').Mode === 'Active';
  // https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
  const traces = (isTraced ? ['PutTraceSegments', 'PutTelemetryRecords'] : []).map((call) =>
    need(role, `xray:${call}`, '*', 'Lambda sends traces'),
  );
  const configured = all('Custom::S3BucketNotifications')
    .filter(({ properties }) => properties.ServiceToken === arnOf(lambda))
    .flatMap(({ properties }) =>
      ['GetBucketNotification', 'PutBucketNotification'].map((call) =>
        need(
          role,
          `s3:${call}`,
          `arn:aws:s3:::${properties.BucketName}`,
          'the deployment adds our queue to the bucket',
        ),
      ),
    );
  return [...logs, ...polls, ...failures, ...traces, ...configured];
}

/**
 * What Step Functions does under the role of a state machine for its Distributed Map:
 * https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
 */
function machineNeeds(role: CreatedResource, machine: CreatedResource): Need[] {
  const { functionArn, list, results } = readDefinition(String(machine.properties.DefinitionString));
  const execution = `${arnOf(machine).replace(':stateMachine:', ':execution:')}:0a1b2c3d`;
  const result = `arn:aws:s3:::${results.bucket}/${results.prefix}/0a1b2c3d/SUCCEEDED_0.json`;
  const on = (resource: string, why: string, ...actions: string[]) =>
    actions.map((action) => need(role, action, resource, why));
  return [
    ...on(arnOf(machine), 'Step Functions starts an execution for each batch', 'states:StartExecution'),
    ...on(execution, 'Step Functions follows these', 'states:DescribeExecution', 'states:StopExecution'),
    ...on(functionArn, 'each batch is handed to the function', 'lambda:InvokeFunction'),
    ...on(`arn:aws:s3:::${list.bucket}/${LISTS}0a1b2c3d.jsonl`, 'Step Functions reads the list', 's3:GetObject'),
    ...on(
      result,
      'Step Functions writes the results in parts',
      ...['AbortMultipartUpload', 'GetObject', 'ListMultipartUploadParts', 'PutObject'].map((call) => `s3:${call}`),
    ),
  ];
}

/** Before S3 says that an object is gone, rather than that access is denied, it asks whether the caller may list the bucket. */
function withGone(role: CreatedResource, called: Need): Need[] {
  const { action, resource } = called.request;
  if (action !== 's3:GetObject') return [called];
  const why = 'S3 tells a missing object from a denied one';
  return [called, need(role, 's3:ListBucket', bucketOf(resource), why, { owner: called.request.owner })];
}

/** A call on what a customer's key encrypts asks for that key too, through the service. */
function withKey(stack: PaperStack, role: CreatedResource, called: Need): Need[] {
  const { action, resource } = called.request;
  const service = action.split(':')[0]!;
  const owner = findByArn(
    stack.resources,
    service === 'dynamodb' ? resource.replace(/\/index\/.*/, '') : bucketOf(resource),
  );
  const { existing } = stack.settings.bucket;
  const other = stack.settings.otherBuckets.find(({ bucket }) => bucketOf(resource) === `arn:aws:s3:::${bucket}`);
  const named = (other ?? existing)?.kmsKeyArn;
  const key = owner === undefined ? (service === 's3' ? named : undefined) : keyOf(owner);
  if (key === undefined || isManagedByAws(key)) return [called];
  const uses = keyActionsOf(action).map((use) =>
    need(role, use, key, `${action} on what the key encrypts`, {
      viaService: service,
      region: other?.region,
      owner: ownerOf(stack, key),
    }),
  );
  return [called, ...uses];
}

/** The account of a resource. Only the bucket of another account, and its key, belong to somebody else. */
function ownerOf({ owner }: PaperStack, arn: string): string {
  const { foreign } = owner ?? {};
  const isForeign =
    foreign !== undefined && (bucketOf(arn) === `arn:aws:s3:::${foreign.bucket}` || arn === foreign.keyArn);
  return isForeign ? foreign.owner : ACCOUNT;
}

const bucketOf = (arn: string): string => (arn.startsWith('arn:aws:s3:::') ? arn.replace(/\/.*/, '') : arn);

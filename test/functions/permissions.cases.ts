/**
 * Compares the calls that the functions made in the earlier tests with the policies of the running stack, which must
 * allow all of them. They must equal verify/permissions/calls.json, on which the proof about all deployments is based.
 * `UPDATE_CALLS=1` in the environment updates that file (then run `npx biome check --write`).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { arnOf, findByArn, policiesOfRole, policyOf } from '../../local/checks/policies.ts';
import { contextOf } from '../../local/iam/context.ts';
import { decide } from '../../local/iam/decide.ts';
import type { CreatedResource } from '../../local/resources/stack.ts';
import type { Call } from './fixture/calls.ts';
import { FUNCTIONS, type FunctionName, type RunningStack } from './fixture/stack.ts';

const FILE = join(import.meta.dirname, '../../verify/permissions/calls.json');
const ACCOUNT = '000000000000';

type Recorded = Record<string, Record<string, string[]>>;

/** Compares after all other tests of the file have run. `run` names them in calls.json. Each function made calls. */
export function checkPermissions(
  run: string,
  running: () => RunningStack,
  functions: readonly FunctionName[] = FUNCTIONS,
): void {
  describe.each(functions)('the role of %s', (name) => {
    test('allows every call that it made', () => {
      const { cloud } = running();
      const made = callsOf(running(), name);
      expect(made.length).toBeGreaterThanOrEqual(3);
      expect(made.filter((call) => !isAllowed(cloud, name, call))).toEqual([]);
    });

    test('is proven with these calls', () => {
      const { cloud } = running();
      const calls = [...new Set(callsOf(running(), name).map((call) => inWords(cloud, call)))].sort();
      if (process.env.UPDATE_CALLS === '1') write(run, name, calls);
      expect(calls).toEqual((JSON.parse(readFileSync(FILE, 'utf8')) as Recorded)[run]?.[name]);
    });
  });
}

/** All calls but reads of files outside the folder that log delivery writes to, which a test asked for on purpose. */
function callsOf({ recorders }: RunningStack, name: FunctionName): Call[] {
  const { aws, dynamodb } = recorders[name];
  return [...aws.calls, ...dynamodb.calls].filter(({ resource }) => !resource.includes('/elsewhere/'));
}

function arnOfCall(region: string, { action, resource }: Call): string {
  if (resource === '*') return resource;
  const service = action.split(':')[0]!;
  return service === 's3' ? `arn:aws:s3:::${resource}` : `arn:aws:${service}:${region}:${ACCOUNT}:${resource}`;
}

function isAllowed({ resources, region }: RunningStack['cloud'], name: FunctionName, call: Call): boolean {
  const [, role] = [...resources].find(
    ([id, { type }]) => type === 'AWS::IAM::Role' && id.startsWith(`Detector${name}Role`),
  )!;
  const resource = arnOfCall(region, call);
  const target = findByArn(resources, call.action.startsWith('s3:') ? resource.replace(/\/.*/, '') : resource);
  const context = contextOf({
    'aws:SecureTransport': 'true',
    'aws:PrincipalIsAWSService': 'false',
    'aws:PrincipalArn': arnOf(role),
    'aws:PrincipalAccount': ACCOUNT,
    'aws:ResourceAccount': ACCOUNT,
  });
  const request = {
    principal: { kind: 'role', arn: arnOf(role) },
    action: call.action,
    resource,
    owner: ACCOUNT,
    context,
  } as const;
  return decide(request, {
    identity: policiesOfRole(resources, role),
    resource: target === undefined ? undefined : policyOf(resources, target)?.policy,
  }).isAllowed;
}

/** A call by the names of constructs, so that it can be asked of any deployment: `dynamodb:Query Findings/index/open`. */
function inWords({ resources, region, outputs }: RunningStack['cloud'], call: Call): string {
  if (call.action.startsWith('s3:')) {
    const [bucket, ...key] = call.resource.split('/');
    expect(bucket).toBe(outputs.LogBucket);
    return `${call.action} LogBucket${key.length === 0 ? '' : '/object'}`;
  }
  if (call.resource === '*') return `${call.action} *`;
  // The integration of the account exists without the stack.
  if (call.action.startsWith('securityhub:')) return `${call.action} HubProduct`;
  const arn = arnOfCall(region, call);
  const named = (resource: CreatedResource) => resource.logicalId.replace(/^Detector|[0-9A-F]{8}$/g, '');
  const owner = [...resources.values()].find(
    (resource) => arn === arnOf(resource) || arn.startsWith(`${arnOf(resource)}/`),
  )!;
  return `${call.action} ${named(owner)}${arn.slice(arnOf(owner).length)}`;
}

function write(run: string, name: FunctionName, calls: string[]): void {
  const all = JSON.parse(readFileSync(FILE, 'utf8')) as Recorded;
  all[run] = { ...all[run], [name]: calls };
  writeFileSync(FILE, `${JSON.stringify(all, undefined, 2)}\n`);
}

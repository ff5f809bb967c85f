/** Resource policies: who is let in, under which conditions. */
import { expect, test } from '@jest/globals';
import { admitsCall } from '../../../local/checks/policy.ts';

const call = {
  service: 's3.amazonaws.com',
  action: 'sqs:SendMessage',
  resourceArn: 'arn:aws:sqs:us-east-1:1:queue',
  sourceArn: 'arn:aws:s3:::logs',
  accountId: '1',
};
const allow = {
  Effect: 'Allow',
  Principal: { Service: 's3.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: call.resourceArn,
};
const under = (condition: object) => ({ Statement: [{ ...allow, Condition: condition }] });
const insecure = { Bool: { 'aws:SecureTransport': 'false' } };

test.each<[string, unknown]>([
  ['a plain allowance', { Statement: [allow] }],
  ['a single statement without a list', { Statement: allow }],
  ['wildcards in action and resource', { Statement: [{ ...allow, Action: ['SQS:Send*'], Resource: '*' }] }],
  ['any principal', { Statement: [{ ...allow, Principal: '*' }] }],
  ['several services', { Statement: [{ ...allow, Principal: { Service: ['a.amazonaws.com', 's3.amazonaws.com'] } }] }],
  ['the right source ARN', under({ ArnLike: { 'aws:SourceArn': 'arn:aws:s3:*:*:log?' } })],
  ['one of several source ARNs', under({ ArnEquals: { 'AWS:SourceArn': ['arn:x', 'arn:aws:s3:::logs'] } })],
  ['the right account', under({ StringEquals: { 'aws:SourceAccount': '1' } })],
  [
    'a denial of insecure transport',
    { Statement: [allow, { ...allow, Effect: 'Deny', Principal: '*', Condition: insecure }] },
  ],
  ['a missing key with IfExists', under({ StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o' } })],
])('%s admits', (_, policy) => {
  expect(admitsCall(policy, call)).toBe(true);
});

test.each<[string, unknown]>([
  ['no policy', undefined],
  ['another service', { Statement: [{ ...allow, Principal: { Service: 'sns.amazonaws.com' } }] }],
  ['another action', { Statement: [{ ...allow, Action: 'sqs:ReceiveMessage' }] }],
  ['another resource', { Statement: [{ ...allow, Resource: 'arn:aws:sqs:us-east-1:1:other' }] }],
  ['another source ARN', under({ ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:::other' } })],
  ['another account', under({ StringEquals: { 'aws:SourceAccount': '2' } })],
  ['a condition that is not understood', under({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })],
  ['a key that the call lacks', under({ StringEquals: { 'aws:PrincipalOrgID': 'o' } })],
  ['a denial', { Statement: [allow, { ...allow, Effect: 'Deny' }] }],
  [
    'a denial of all other accounts',
    { Statement: [allow, { ...allow, Effect: 'Deny', Condition: { StringNotEquals: { 'aws:SourceAccount': '2' } } }] },
  ],
])('%s does not admit', (_, policy) => {
  expect(admitsCall(policy, call)).toBe(false);
});

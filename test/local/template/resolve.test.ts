/**
 * Templates without resources: conditions, references in any order, given and generated names, and errors that name a
 * place.
 */
import { expect, test } from '@jest/globals';
import { resolveTemplate } from '../../../local/template/resolve.ts';

const stack = { stackName: 'paper', region: 'eu-west-1', accountId: '111122223333' };
const resolve = (Resources: object, rest: object = {}) => resolveTemplate({ Resources, ...rest }, stack).resources;

test('references are resolved whatever the order, and circles of policies do not matter', () => {
  const resources = resolve({
    Policy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: { Queues: [{ Ref: 'Queue' }], PolicyDocument: { Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] } } },
    },
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: { QueueName: { 'Fn::Join': ['-', ['work', { Ref: 'AWS::Region' }]] } },
    },
  });
  expect(resources.get('Policy')?.properties).toEqual({
    Queues: ['https://sqs.eu-west-1.amazonaws.com/111122223333/work-eu-west-1'],
    PolicyDocument: { Resource: 'arn:aws:sqs:eu-west-1:111122223333:work-eu-west-1' },
  });
});

test('a resource whose condition does not hold is not there', () => {
  const conditions = { Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } } };
  const queue = { Type: 'AWS::SQS::Queue' };
  expect([...resolve({ There: queue, Gone: { ...queue, Condition: 'Never' } }, conditions).keys()]).toEqual(['There']);
});

test.each<[string, object, RegExp]>([
  [
    'a reference that leads nowhere',
    { Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: { Ref: 'Gone' } } } },
    /Resources\.Topic\.Properties\.DisplayName\.Ref refers to "Gone"/,
  ],
  [
    'a type whose ARN is unknown',
    { Robot: { Type: 'AWS::RoboMaker::Robot' } },
    /Resources\.Robot has the type "AWS::RoboMaker::Robot", whose name and ARN are unknown/,
  ],
])('%s is an error that names it', (_, resources, message) => {
  expect(() => resolve(resources)).toThrow(message);
});

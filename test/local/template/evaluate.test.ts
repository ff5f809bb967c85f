/** The intrinsic functions of CloudFormation, one by one, and the errors that name a place. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of Fn::Sub
import { describe, expect, test } from '@jest/globals';
import { createConditions } from '../../../local/template/conditions.ts';
import { evaluate, NO_VALUE, type Scope } from '../../../local/template/evaluate.ts';

const scope: Scope = {
  parameters: new Map<string, unknown>([
    ['AWS::Region', 'eu-west-1'],
    ['AWS::NoValue', NO_VALUE],
    ['Stage', 'prod'],
  ]),
  mappings: { Sizes: { prod: { memory: 1024 } } },
  condition: createConditions(
    {
      IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] },
      IsTest: { 'Fn::Not': [{ Condition: 'IsProd' }] },
      Either: { 'Fn::Or': [{ Condition: 'IsProd' }, { Condition: 'IsTest' }] },
      Both: { 'Fn::And': [{ Condition: 'IsProd' }, { Condition: 'IsTest' }] },
      Loop: { 'Fn::Not': [{ Condition: 'Loop' }] },
    },
    () => scope,
  ),
  resource: (logicalId) =>
    logicalId === 'Queue'
      ? { type: 'AWS::SQS::Queue', physicalId: 'http://q', attributes: { Arn: 'arn:q', 'Nested.Name': 'deep' } }
      : undefined,
};

test.each<[string, unknown, unknown]>([
  ['a plain value stays', { a: [1, 'b', true, null] }, { a: [1, 'b', true, null] }],
  ['Ref of a parameter', { Ref: 'Stage' }, 'prod'],
  ['Ref of a resource', { Ref: 'Queue' }, 'http://q'],
  ['GetAtt as a list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:q'],
  ['GetAtt as a string', { 'Fn::GetAtt': 'Queue.Arn' }, 'arn:q'],
  ['GetAtt of a dotted attribute', { 'Fn::GetAtt': ['Queue', 'Nested.Name'] }, 'deep'],
  ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }, 3]] }, 'a-prod-3'],
  [
    'Sub with names',
    { 'Fn::Sub': '${Stage}/${Queue}/${Queue.Arn}/${AWS::Region}/${!Kept}' },
    'prod/http://q/arn:q/eu-west-1/${Kept}',
  ],
  ['Sub with variables', { 'Fn::Sub': ['${x}-${Stage}', { x: { 'Fn::GetAtt': 'Queue.Arn' } }] }, 'arn:q-prod'],
  ['Select and Split', { 'Fn::Select': ['1', { 'Fn::Split': [',', 'a,b,c'] }] }, 'b'],
  ['FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'memory'] }, 1024],
  ['Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
  ['GetAZs', { 'Fn::GetAZs': '' }, ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']],
  ['If, true', { 'Fn::If': ['IsProd', 'yes', { Ref: 'Missing' }] }, 'yes'],
  ['If, false', { 'Fn::If': ['Both', { Ref: 'Missing' }, 'no'] }, 'no'],
  ['Or and Not', { 'Fn::If': ['Either', { 'Fn::If': ['IsTest', 1, 2] }, 3] }, 2],
  ['NoValue removes a property', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
  ['NoValue removes a list element', [{ Ref: 'AWS::NoValue' }, 1], [1]],
])('%s', (_, value, expected) => {
  expect(evaluate(value, scope, 'here')).toEqual(expected);
});

describe('an error names its place', () => {
  test.each<[string, unknown, string]>([
    ['a dangling Ref', { a: [{ Ref: 'Gone' }] }, 'here.a[0].Ref refers to "Gone", expected a parameter or a resource'],
    ['a dangling GetAtt', { 'Fn::GetAtt': 'Gone.Arn' }, 'here.Fn::GetAtt reads Arn of "Gone"'],
    ['an unknown attribute', { 'Fn::GetAtt': ['Queue', 'Url'] }, 'known here: Arn, Nested.Name'],
    ['a dangling name in Sub', { 'Fn::Sub': '${Gone}' }, 'here.Fn::Sub refers to "Gone"'],
    ['an import', { 'Fn::ImportValue': 'x' }, 'here.Fn::ImportValue: imports "x" from another stack'],
    ['an unknown function', { 'Fn::Magic': 1 }, 'here: Fn::Magic is not simulated'],
    ['an unknown map key', { 'Fn::FindInMap': ['Sizes', 'dev', 'memory'] }, 'Mappings has no Sizes.dev.memory'],
    ['an index beyond the list', { 'Fn::Select': [3, ['a']] }, 'selects 3 of 1 items'],
    ['a joined list inside Join', { 'Fn::Join': ['', [['a']]] }, 'here.Fn::Join[1][0] is ["a"], expected a string'],
    ['an unknown condition', { 'Fn::If': ['Gone', 1, 2] }, 'uses condition "Gone"'],
    ['a condition that refers to itself', { 'Fn::If': ['Loop', 1, 2] }, 'Conditions.Loop refers to itself'],
  ])('%s', (_, value, message) => {
    expect(() => evaluate(value, scope, 'here')).toThrow(message);
  });
});

/** The order of creation: which references count, and which templates cannot be ordered. */
import { expect, test } from '@jest/globals';
import { readTemplate } from '../../../local/template/model.ts';
import { buildDependencyGraph, dependsOn } from '../../../local/template/order.ts';

const graphOf = (resources: Record<string, object>) =>
  buildDependencyGraph(
    readTemplate({
      Resources: Object.fromEntries(Object.entries(resources).map(([id, value]) => [id, { Type: 'X', ...value }])),
    }).resources,
  );

test('Ref, GetAtt, Sub and DependsOn each make a dependency, but parameters do not', () => {
  const graph = graphOf({
    A: {},
    B: { Properties: { x: { Ref: 'A' }, y: { Ref: 'AWS::Region' } } },
    C: { Properties: { x: [{ 'Fn::GetAtt': ['A', 'Arn'] }, { 'Fn::GetAtt': 'B.Arn' }] } },
    D: { Properties: { x: { 'Fn::Sub': ['$' + '{A.Arn}$' + '{v}$' + '{!B}', { v: { Ref: 'C' } }] } } },
    E: { DependsOn: 'A' },
    F: { DependsOn: ['A', 'E'] },
  });
  const plain = Object.fromEntries([...graph].map(([id, needs]) => [id, [...needs].sort()]));
  expect(plain).toEqual({ A: [], B: ['A'], C: ['A', 'B'], D: ['A', 'C'], E: ['A'], F: ['A', 'E'] });
});

test('dependency is transitive and has a direction', () => {
  const graph = graphOf({ A: {}, B: { DependsOn: 'A' }, C: { DependsOn: 'B' } });
  expect(dependsOn(graph, 'C', 'A')).toBe(true);
  expect(dependsOn(graph, 'A', 'C')).toBe(false);
});

test('a cycle is an error that shows the way round', () => {
  expect(() =>
    graphOf({ A: { DependsOn: 'B' }, B: { Properties: { x: { Ref: 'C' } } }, C: { DependsOn: 'A' } }),
  ).toThrow('resources depend on each other: A -> B -> C -> A');
});

test('a DependsOn to nothing is an error', () => {
  expect(() => graphOf({ A: { DependsOn: 'Gone' } })).toThrow('Resources.A.DependsOn names "Gone"');
});

/** What a template is made of: known types, parameters, names, bundles. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { simulatedTypes } from '../../../local/resources/simulated.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { assertKnownTypes, findCustomResourceHandlers, inertTypes } from '../../../local/template/inert.ts';
import { readTemplate } from '../../../local/template/model.ts';
import { physicalName } from '../../../local/template/naming.ts';
import { resolveParameters } from '../../../local/template/parameters.ts';

const stack = { stackName: 'S', region: 'us-east-1', accountId: '000000000000' };

test('each unknown type is named with its logical id', () => {
  const { resources } = readTemplate({
    Resources: { A: { Type: 'AWS::X::Y' }, B: { Type: 'AWS::SQS::Queue' }, C: { Type: 'Z' } },
  });
  expect(() => assertKnownTypes(resources, simulatedTypes)).toThrow('does not simulate A (AWS::X::Y), C (Z)');
});

test('no type is both simulated and inert, and each inert type has a reason', () => {
  expect(Object.keys(inertTypes).filter((type) => type in simulatedTypes)).toEqual([]);
  expect(Object.values(inertTypes).every(({ reason }) => reason.length > 10)).toBe(true);
});

test('the function behind a custom resource is recognised', () => {
  const { resources } = readTemplate({
    Resources: {
      Handler: { Type: 'AWS::Lambda::Function' },
      Other: { Type: 'AWS::Lambda::Function' },
      Custom: { Type: 'Custom::Any', Properties: { ServiceToken: { 'Fn::GetAtt': ['Handler', 'Arn'] } } },
    },
  });
  expect([...findCustomResourceHandlers(resources)]).toEqual(['Handler']);
});

test('parameters take the given value, then the default, and without either they are an error', () => {
  const declared = { A: { Type: 'String', Default: 'x' }, L: { Type: 'CommaDelimitedList', Default: 'a,b' } };
  expect(resolveParameters(declared, {}, stack).get('A')).toBe('x');
  expect(resolveParameters(declared, { A: 'y' }, stack).get('A')).toBe('y');
  expect(resolveParameters(declared, {}, stack).get('L')).toEqual(['a', 'b']);
  expect(() => resolveParameters({ A: { Type: 'String' } }, {}, stack)).toThrow('Parameters.A has no value');
  expect(() => resolveParameters({}, { B: 'x' }, stack)).toThrow('parameter "B" was given');
});

test('the stack id is an ARN with a UUID, the same at each start', () => {
  const id = resolveParameters({}, {}, stack).get('AWS::StackId');
  expect(id).toMatch(
    /^arn:aws:cloudformation:us-east-1:000000000000:stack\/S\/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(resolveParameters({}, {}, stack).get('AWS::StackId')).toBe(id);
});

test('names are within the limits of the service and differ where their origin differs', () => {
  const long = physicalName('Stack', 'A'.repeat(100), { maxLength: 63, lowercase: true });
  expect(long).toMatch(/^stack-a+-[0-9a-f]{8}$/);
  expect(long).toHaveLength(63);
  expect(physicalName('Stack', `${'A'.repeat(100)}B`, { maxLength: 63, lowercase: true })).not.toBe(long);
});

test('a stack is found by name or by artifact id, and its bundle by metadata or by manifest', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'assembly-'));
  try {
    const properties = { templateFile: 'art.template.json', stackName: 'real-name' };
    const manifest = { artifacts: { art: { type: 'aws:cloudformation:stack', properties } } };
    writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
    writeFileSync(path.join(folder, 'art.template.json'), '{"Resources":{"A":{"Type":"AWS::SQS::Queue"}}}');
    const files = { f: { source: { path: 'asset.f' }, destinations: { d: { objectKey: 'f.zip' } } } };
    writeFileSync(path.join(folder, 'art.assets.json'), JSON.stringify({ files }));
    mkdirSync(path.join(folder, 'asset.f'));
    for (const name of ['art', 'real-name']) {
      const assembly = await readAssembly(folder, name);
      expect(assembly.stackName).toBe('real-name');
      expect(assembly.bundleFolder('F', {}, { S3Key: 'f.zip' })).toBe(path.join(folder, 'asset.f'));
      expect(assembly.bundleFolder('F', { 'aws:asset:path': 'asset.f' }, {})).toBe(path.join(folder, 'asset.f'));
      expect(() => assembly.bundleFolder('F', { 'aws:asset:path': 'asset.g' }, {})).toThrow('expected a folder');
    }
    await expect(readAssembly(folder, 'other')).rejects.toThrow('expected one of ["real-name"]');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

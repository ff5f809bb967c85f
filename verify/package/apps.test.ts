/** The package in the three kinds of app that its users have, with peers, compilers and jest from the registry. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../../supply/bundle.ts';
import {
  detectIn,
  installFromRegistry,
  type Packed,
  packCopy,
  readmeApp,
  run,
  synthesized,
} from '../../test/supply/pack.ts';

const LIMIT_MS = 1_200_000;
/** No call of the CDK to its makers. */
const QUIET = { CDK_DISABLE_CLI_TELEMETRY: 'true' };
const folder = mkdtempSync(join(tmpdir(), 'sweepwatch-apps-'));
const { devDependencies: versions } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>;
};
let packed: Packed;

beforeAll(() => {
  packed = packCopy(folder);
}, LIMIT_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Makes the folder of an app, with a package.json that names no dependency. */
function newApp(name: string, manifest: object = {}): string {
  const app = join(folder, name);
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name, private: true, ...manifest }));
  return app;
}

function expectDetector(app: string, stackName: string, flowLogs: number): void {
  const stack = synthesized(app, stackName);
  expect(stack.bundles).toEqual(['alert', 'ingest', 'settle']);
  expect(stack.count('AWS::EC2::FlowLog')).toBe(flowLogs);
  expect(stack.outputs).toContain('FindingsTable');
  const found = detectIn(app);
  expect(found.app).toBe(found.checkout);
  expect(found.app).not.toBe('');
}

describe('the package synthesizes and detects in', () => {
  test(
    'an app of ES modules, whose types Node strips',
    () => {
      const app = newApp('modules', { type: 'module' });
      installFromRegistry(app, packed.archive);
      writeFileSync(join(app, 'app.ts'), readmeApp());
      run(app, 'node', ['app.ts'], { CDK_OUTDIR: join(app, 'cdk.out') });
      expectDetector(app, 'Network', 1);
    },
    LIMIT_MS,
  );

  test(
    'an app that tsc compiles to CommonJS',
    () => {
      const app = newApp('compiled');
      const compiler = ['typescript', '@types/node'].map((name) => `${name}@${versions[name]}`);
      installFromRegistry(app, packed.archive, ...compiler);
      writeFileSync(join(app, 'app.ts'), readmeApp());
      const compilerOptions = { module: 'nodenext', strict: true, outDir: 'built', types: ['node'] };
      writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }));
      run(app, 'npx', ['--no-install', 'tsc']);
      expect(readFileSync(join(app, 'built/app.js'), 'utf8')).toContain('require("sweepwatch")');
      run(app, 'node', ['built/app.js'], { CDK_OUTDIR: join(app, 'cdk.out') });
      expectDetector(app, 'Network', 1);
    },
    LIMIT_MS,
  );

  test(
    'the app that cdk init writes, with its jest and its way of running TypeScript',
    () => {
      const app = join(folder, 'scans');
      mkdirSync(app);
      const cdk = join(ROOT, 'node_modules/.bin/cdk');
      run(app, 'node', [cdk, 'init', 'app', '--language', 'typescript', '--generate-only', '--no-notices'], QUIET);
      installFromRegistry(app, packed.archive);
      const stack = join(app, 'lib/scans-stack.ts');
      const place = '// The code that defines your stack goes here';
      const generated = readFileSync(stack, 'utf8');
      expect(generated).toContain(place);
      const own = generated.replace(place, "new ScanDetector(this, 'Scans').addOutputs();");
      writeFileSync(stack, `import { ScanDetector } from 'sweepwatch';\n${own}`);
      writeFileSync(
        join(app, 'test/scans.test.ts'),
        `import { App } from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { ScansStack } from '../lib/scans-stack';

test('has the functions of a detector', () => {
  Template.fromStack(new ScansStack(new App(), 'Tested')).resourceCountIs('AWS::Lambda::Function', 3);
}, 300_000);
`,
      );
      run(app, 'npm', ['test']);
      run(app, 'npx', ['--no-install', 'cdk', 'synth', '--quiet', '--no-notices'], QUIET);
      expectDetector(app, 'ScansStack', 0);
    },
    LIMIT_MS,
  );
});

test(
  'types resolve for every compiler and kind of module, as attw judges',
  () => {
    const attw = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const options = ['--format', 'ascii', '--no-color', '--no-emoji', '--no-definitely-typed'];
    expect(run(folder, 'node', [attw, packed.archive, ...options])).toContain('No problems found');
  },
  LIMIT_MS,
);

/**
 * `npm test`, the gate: everything that a change can quickly break. Prints the steps that failed and a closing line
 * with counts. `npm test -- WORD...` runs the steps whose names contain one of the words. `--times` prints the slowest
 * test files.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const SLOWEST = 25;
const folder = mkdtempSync(join(tmpdir(), 'sweepwatch-test-'));
const report = join(folder, 'jest.json');
const bin = (name: string) => join('node_modules/.bin', name);
const node = process.execPath;

/** They run one after the other, beside the tests: a lone slow test then shares the machine with them. */
const CHECKS: readonly Step[] = [
  // First, because tests wait for the assembly that it makes.
  { name: 'synthesis with cdk-nag', command: [node, 'test/deployments/synthesize.ts', folder] },
  { name: 'format and lint', command: [bin('biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: [bin('tsc')] },
  { name: 'unused code and dependencies', command: [node, bin('knip')] },
  { name: 'code that only tests use', command: [node, bin('knip'), '--production'] },
];
const TESTS: Step = {
  name: 'tests',
  command: [
    node,
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${report}`,
  ],
};

interface TestFile {
  readonly name: string;
  readonly startTime: number;
  readonly endTime: number;
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { times: { type: 'boolean' } } });
const isWanted = ({ name }: Step) => !positionals.length || positionals.some((word) => name.includes(word));
const count = { passed: 0, failed: 0 };

/** Runs a step to its end. Returns whether it passed. What it prints is held back, unless it is to be seen as it comes. */
async function runStep({ name, command: [command, ...args] }: Step, isHeldBack: boolean): Promise<boolean> {
  const started = Date.now();
  const child: ChildProcess = spawn(command, args, {
    stdio: ['ignore', isHeldBack ? 'pipe' : 'inherit', isHeldBack ? 'pipe' : 'inherit'],
    env: { ...process.env, SWEEPWATCH_TEST_RUN: folder },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [code] = await once(child, 'close');
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (code !== 0) process.stdout.write(output);
  process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)\n`);
  return code === 0;
}

async function runChecks(): Promise<void> {
  for (const step of CHECKS.filter(isWanted)) count[(await runStep(step, true)) ? 'passed' : 'failed']++;
}

async function runTests(): Promise<void> {
  if (!isWanted(TESTS)) return;
  const hasPassed = await runStep(TESTS, false);
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    count.passed += numPassedTests;
    // A file that cannot be loaded fails without a failed test.
    count.failed += Math.max(numFailedTests, numFailedTestSuites, hasPassed ? 0 : 1);
    if (values.times) printTimes(testResults);
  } catch {
    count.failed++;
  }
}

function printTimes(files: readonly TestFile[]): void {
  const seconds = ({ startTime, endTime }: TestFile) => (endTime - startTime) / 1000;
  const slowest = [...files].sort((a, b) => seconds(b) - seconds(a)).slice(0, SLOWEST);
  for (const file of slowest)
    process.stdout.write(`${seconds(file).toFixed(1).padStart(7)} s  ${relative(process.cwd(), file.name)}\n`);
}

await Promise.all([runChecks(), runTests()]);
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${count.passed} passed, ${count.failed} failed\n`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;

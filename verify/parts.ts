/** The parts of `npm run verify`: each a command that ends with 0 where all of it held. */

export interface Part {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** What it proves, for the table. */
  readonly proves: string;
  /** Minutes on two otherwise idle cores. */
  readonly minutes: number;
  /** Cores that it keeps busy: parts of one core run two at a time. */
  readonly cores: 1 | 2;
}

const node = (...args: string[]): Part['command'] => [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  ...args,
];

const jest = (...args: string[]): Part['command'] =>
  node('--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--config', 'verify/jest.config.mjs', ...args);

/** In the order in which they run. To add one, add a line. */
export const PARTS: readonly Part[] = [
  {
    name: 'simulation',
    command: node('verify/simulation/main.ts', '--from', '1001', '--seeds', '2000'),
    proves: '2,000 histories of crashes, repeats, delays and refusals end as one pass over the same records',
    minutes: 8,
    cores: 2,
  },
  {
    name: 'tests',
    command: jest('--testPathIgnorePatterns', '/node_modules/', '/verify/package/'),
    proves: 'all tests at length: larger inputs, all deployments of the permissions, broken demos, mistakes in faults',
    minutes: 6,
    cores: 2,
  },
  {
    name: 'memory',
    command: node('bench/speed/main.ts', '--check', '--only', 'memory', '--only', 'growth'),
    proves: 'memory and growth are within their budgets, on any input',
    minutes: 4,
    cores: 2,
  },
  {
    name: 'fuzz',
    command: node('verify/fuzz/main.ts', '--inputs', '200000', '--seed', 'verify'),
    proves: '200,000 damaged inputs end in records, skipped lines or an error',
    minutes: 4,
    cores: 1,
  },
  {
    name: 'faults',
    command: node('verify/faults/main.ts'),
    proves: 'everything arrives although processes, database, connections, queues and permissions fail',
    minutes: 9,
    cores: 1,
  },
  {
    // The only part that asks the package registry.
    name: 'package',
    command: jest('--runInBand', 'verify/package/'),
    proves: 'the package installs, synthesizes and detects in three kinds of app, and has types for each compiler',
    minutes: 1,
    cores: 1,
  },
  {
    name: 'planted in fuzz',
    command: node('verify/fuzz/main.ts', '--planted'),
    proves: 'the fuzzer finds crashes, hangs, leaks, lost lines and lost errors',
    minutes: 1,
    cores: 1,
  },
  {
    name: 'permissions',
    command: node('verify/permissions/main.ts', '--everywhere'),
    proves: 'least privilege in all deployments, and every planted mistake is found in each',
    minutes: 1,
    cores: 1,
  },
  {
    name: 'coverage',
    command: node('verify/coverage/main.ts', '--check'),
    proves: 'docs/coverage.md holds: every scan is found, also with other clothes and by slower scanners',
    minutes: 1,
    cores: 1,
  },
  {
    name: 'life',
    command: node('verify/life/main.ts', '--seed', 'verify', '--networks', '4', '--limit', '1'),
    proves: 'four networks raise less than one alarm in 1,000 interface-weeks of ordinary life',
    minutes: 5,
    cores: 1,
  },
  {
    name: 'browser',
    command: node('verify/browser/main.ts'),
    proves: 'reports load nothing, fit every width, work without script and in print, and break no rule of axe',
    minutes: 2,
    cores: 1,
  },
  {
    name: 'jitter',
    command: node('verify/coverage/main.ts', '--jitter', '1..10'),
    proves: 'the same findings when addresses, order and times of a log change',
    minutes: 2,
    cores: 1,
  },
];

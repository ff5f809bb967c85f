/** The gate's tests run as native ES modules; esbuild strips the types. verify/jest.config.mjs runs the long ones. */
import os from 'node:os';

export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.mjs' },
  moduleFileExtensions: ['ts', 'mjs', 'js', 'cjs', 'json'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/dist', '<rootDir>/.local'],
  globalSetup: '<rootDir>/test/deployments/setup.mjs',
  globalTeardown: '<rootDir>/test/deployments/teardown.mjs',
  // Several times what the slowest test takes alone, because up to three test files and their servers share two cores.
  testTimeout: 120_000,
  // Many tests wait for servers and child processes: with one worker more than cores, none is idle meanwhile.
  maxWorkers: os.availableParallelism() + 1,
  // Modules of past test files stay in memory; a worker that holds many of them runs at half its speed.
  workerIdleMemoryLimit: '450MB',
};

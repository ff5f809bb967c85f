/** All tests at length: those of the gate with larger inputs, and those of verify/, which take too long for the gate. */
import gate from '../jest.config.mjs';

process.env.SWEEPWATCH_TIER = 'verify';

export default {
  ...gate,
  rootDir: '..',
  testMatch: [...gate.testMatch, '<rootDir>/verify/**/*.test.ts'],
  testTimeout: 300_000,
};

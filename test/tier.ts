/**
 * The two tiers of tests. `npm test` is the gate: everything that a change can break quickly. `npm run verify` runs the same tests
 * again at length, with larger inputs and more random cases, and the tests of verify/ beside them.
 */

/** Whether tests run at length. */
export const isAtLength = process.env.SWEEPWATCH_TIER === 'verify';

/** A size for the gate, and one for the run at length. */
export const atLength = <T>(gate: T, verify: T): T => (isAtLength ? verify : gate);

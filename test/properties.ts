/**
 * fast-check with the same inputs at each run, so that a change is judged by what it changed. A search with other inputs:
 * `PROPERTY_SEED=N npm test`; a failure is reproduced by the number that it was found with.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 2026) });

export default fc;

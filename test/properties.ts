/**
 * fast-check with the same inputs in each run, so that a failure is due to the change. `PROPERTY_SEED=N npm test`
 * searches with other inputs. The same number reproduces a failure.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 2026) });

export default fc;

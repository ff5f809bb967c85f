/** The shipped code that a history runs: the handlers, and what their deployment is made of. */

import type { alertHandler } from '../../functions/handlers/alert.ts';
import type { createDeployment } from '../../functions/handlers/deployment.ts';
import type { ingestHandler } from '../../functions/handlers/ingest.ts';
import type { settleHandler } from '../../functions/handlers/settle.ts';

export interface Shipped {
  readonly createDeployment: typeof createDeployment;
  readonly ingestHandler: typeof ingestHandler;
  readonly alertHandler: typeof alertHandler;
  readonly settleHandler: typeof settleHandler;
}

/**
 * Loads the shipped code.
 * @param suffix of the modules' addresses, by which another copy of all of it is loaded: one with a planted bug.
 */
export async function load(suffix = ''): Promise<Shipped> {
  const handlers = new URL('../../functions/handlers/', import.meta.url);
  const [deployment, ingest, alert, settle] = await Promise.all(
    ['deployment', 'ingest', 'alert', 'settle'].map((name) => import(`${handlers}${name}.ts${suffix}`)),
  );
  return { ...deployment, ...ingest, ...alert, ...settle } as Shipped;
}

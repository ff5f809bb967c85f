/** The shipped code that a history runs: the handlers, and the services that they are made over. */

import type { alertHandler } from '../../functions/alert.ts';
import type { ingestHandler } from '../../functions/ingest.ts';
import type { createServices } from '../../functions/services.ts';
import type { settleHandler } from '../../functions/settle.ts';

export interface Shipped {
  readonly createServices: typeof createServices;
  readonly ingestHandler: typeof ingestHandler;
  readonly alertHandler: typeof alertHandler;
  readonly settleHandler: typeof settleHandler;
}

/**
 * Loads the shipped code.
 * @param suffix of the modules' addresses, by which another copy of all of it is loaded: one with a planted bug.
 */
export async function load(suffix = ''): Promise<Shipped> {
  const functions = new URL('../../functions/', import.meta.url);
  const [services, ingest, alert, settle] = await Promise.all(
    ['services', 'ingest', 'alert', 'settle'].map((name) => import(`${functions}${name}.ts${suffix}`)),
  );
  return { ...services, ...ingest, ...alert, ...settle } as Shipped;
}

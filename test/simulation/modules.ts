/** The shipped code that a history runs: the handlers, and what their deployment is made of. */

export interface Shipped {
  readonly createDeployment: typeof import('../../functions/handlers/deployment.ts')['createDeployment'];
  readonly ingestHandler: typeof import('../../functions/handlers/ingest.ts')['ingestHandler'];
  readonly alertHandler: typeof import('../../functions/handlers/alert.ts')['alertHandler'];
  readonly settleHandler: typeof import('../../functions/handlers/settle.ts')['settleHandler'];
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

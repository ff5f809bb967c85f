/** Which deployment a command means: a deployed stack, or the local cloud that `demo --keep` left running. */
import { readFile } from 'node:fs/promises';
import { createDocumentClient } from '../lib/store/clients.ts';
import { UsageError } from './usage-error.ts';

/** Where a kept demo writes how to reach it. */
export const LOCAL_STATE = '.local/cloud.json';

/** The options that choose a deployment; add them to a command's own. */
export const deploymentOptions = {
  table: { type: 'string' },
  region: { type: 'string' },
  local: { type: 'boolean' },
} as const;

export const DEPLOYMENT_HELP = `  --table NAME            findings table (stack output FindingsTable); default: $SWEEPWATCH_FINDINGS_TABLE
  --region REGION         AWS region; default: that of the environment
  --local                 the local cloud that "sweepwatch demo --keep" left running`;

/** A way to the findings of a deployment. */
export interface Deployment {
  readonly client: ReturnType<typeof createDocumentClient>;
  readonly table: string;
  readonly region: string;
}

/** Opens the deployment that the options name. @throws UsageError when they name none. */
export async function openDeployment(options: {
  table?: string | undefined;
  region?: string | undefined;
  local?: boolean | undefined;
}): Promise<Deployment> {
  let table = options.table ?? process.env.SWEEPWATCH_FINDINGS_TABLE;
  if (options.local) {
    const local = await useLocalCloud();
    table = options.table ?? local;
  }
  if (!table)
    throw new UsageError(
      'no findings table given; expected --table NAME (stack output FindingsTable), $SWEEPWATCH_FINDINGS_TABLE, or --local',
    );
  const region = chooseRegion(options.region);
  const client = createDocumentClient();
  const named = `no table ${table} in ${region}; expected the stack output FindingsTable, and the region of the stack`;
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        // The service's own words do not say what was not found.
        throw (error as Error).name === 'ResourceNotFoundException' ? new Error(named, { cause: error }) : error;
      }
    },
    { step: 'initialize' },
  );
  return { client, table, region };
}

/** Points all AWS clients made from now on at the local cloud; returns its findings table. @throws UsageError without one. */
export async function useLocalCloud(): Promise<string> {
  const { environment, findingsTable } = await localState();
  Object.assign(process.env, environment);
  return findingsTable;
}

/** Sets the region for all AWS clients made from now on, where one is given; returns the one in force. */
export function chooseRegion(given: string | undefined): string {
  if (given) process.env.AWS_REGION = given;
  return process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1';
}

async function localState(): Promise<{ environment: Record<string, string>; findingsTable: string }> {
  try {
    return JSON.parse(await readFile(LOCAL_STATE, 'utf8'));
  } catch {
    throw new UsageError(
      `no local cloud is running here (${LOCAL_STATE} is missing); start one with "npx --no-install sweepwatch demo --keep"`,
    );
  }
}

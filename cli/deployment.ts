/**
 * The deployment that a command works on: a deployed stack, a table, or the local cloud that `demo --keep` left
 * running.
 */
import { readFile } from 'node:fs/promises';
import { type Connection, createDocumentClient } from '../lib/store/clients.ts';
import { type StackOutputs, stackOutputs } from '../lib/store/stack.ts';
import { shellWord } from '../lib/text/untrusted.ts';
import { type ConnectionOptions, connectionOf } from './connection.ts';
import { UsageError } from './usage-error.ts';

/** The file in which a kept demo writes how to reach it. */
export const LOCAL_STATE = '.local/cloud.json';

/** The content of that file. */
export interface LocalState {
  readonly connection: Connection;
  readonly region: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly stack: string;
}

/** The options that choose a stack. */
export interface StackOptions extends ConnectionOptions {
  readonly stack?: string;
  /** Prefix of the names of the detector's outputs. */
  readonly detector?: string;
  readonly local?: boolean;
}

/** The options that choose a findings table. */
export interface DeploymentOptions extends StackOptions {
  readonly table?: string;
}

/** Access to the findings of a deployment. */
export interface Deployment {
  readonly client: ReturnType<typeof createDocumentClient>;
  readonly table: string;
  /** The stack through which it was found, if any. */
  readonly stack?: string;
  readonly region: string;
  /** The topic of operations. Only a stack or the local cloud names it. */
  readonly operations?: { readonly topic: string; readonly connection: Connection };
  /** Whether it reads logs of orchestrators or hosts. Only a stack or the local cloud tells. */
  readonly hasSignals?: boolean;
  /** The options that select the same deployment again, for a shell. */
  readonly again: string;
}

/** Opens the deployment that the options name. @throws UsageError if they name none, or it does not exist. */
export async function openDeployment(options: DeploymentOptions): Promise<Deployment> {
  const { SWEEPWATCH_FINDINGS_TABLE, SWEEPWATCH_STACK } = process.env;
  // Options take precedence over the environment. In the environment, the stack takes precedence over the table.
  const isTable = options.table || !(options.stack || options.local || SWEEPWATCH_STACK);
  const table = isTable ? (options.table ?? SWEEPWATCH_FINDINGS_TABLE) : undefined;
  if (isTable && !table)
    throw new UsageError('no deployment given. Give --stack NAME (or set $SWEEPWATCH_STACK), --table NAME, or --local');
  const found = table ? undefined : await openStack(options);
  const client = createDocumentClient(found?.connection ?? connectionOf(options));
  const region = found?.outputs.region ?? (await client.config.region());
  const topic = found?.outputs.find('OperationsTopic');
  const deployment = {
    client,
    table: table ?? found!.outputs.get('FindingsTable'),
    region,
    ...(found?.stack && { stack: found.stack }),
    ...(found && { hasSignals: found.outputs.find('SignalsFunction') !== undefined }),
    ...(topic && { operations: { topic, connection: found!.connection } }),
  };
  nameMissingTable(deployment);
  const detector = options.detector ? ` --detector ${shellWord(options.detector)}` : '';
  const named = found?.stack
    ? `--stack ${shellWord(found.stack)}${detector}`
    : `--table ${shellWord(deployment.table)}`;
  const profile = options.profile ? ` --profile ${shellWord(options.profile)}` : '';
  const again = options.local ? '--local' : `${named}${profile} --region ${shellWord(region)}`;
  return { ...deployment, again };
}

/** A stack's outputs and access to what they name. `stack` is missing for the local cloud. */
export interface OpenStack {
  readonly stack?: string;
  readonly outputs: StackOutputs;
  readonly connection: Connection;
}

/** Finds the stack that the options name. @throws UsageError if they name none, or one that is not usable. */
export async function openStack(options: StackOptions): Promise<OpenStack> {
  if (options.local) {
    const { connection, region, outputs } = await localStack();
    const get = (name: string) => {
      const value = outputs[name];
      if (!value)
        throw new UsageError(`the local cloud has no output ${name}. Start it again with "sweepwatch demo --keep"`);
      return value;
    };
    return { outputs: { region, get, find: (name) => outputs[name] }, connection };
  }
  const stack = options.stack ?? process.env.SWEEPWATCH_STACK;
  if (!stack) throw new UsageError('no stack given. Give --stack NAME (or set $SWEEPWATCH_STACK), or --local');
  const connection = connectionOf(options);
  const outputs = await stackOutputs(stack, connection);
  const whole = (name: string) => `${options.detector ?? ''}${name}`;
  const prefixed: StackOutputs = {
    region: outputs.region,
    get: (name) => outputs.get(whole(name)),
    find: (name) => outputs.find(whole(name)),
  };
  return { stack, outputs: prefixed, connection };
}

/** The service's own message does not say what was not found. */
function nameMissingTable({ client, table, region }: Pick<Deployment, 'client' | 'table' | 'region'>): void {
  const named = `no table ${table} in ${region}. Give the name in the stack output FindingsTable, and the Region of the stack`;
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw (error as Error).name === 'ResourceNotFoundException' ? new Error(named, { cause: error }) : error;
      }
    },
    { step: 'initialize' },
  );
}

/** The local cloud that a kept demo left running. @throws UsageError if there is no such cloud. */
export async function localStack(): Promise<LocalState> {
  try {
    return JSON.parse(await readFile(LOCAL_STATE, 'utf8'));
  } catch {
    throw new UsageError(
      `no local cloud is running here (${LOCAL_STATE} is missing). Start one with "npx --no-install sweepwatch demo --keep"`,
    );
  }
}

/** The outputs of a deployed stack: its tables, queues and topics. */
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateDescribeStacks,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { type Connection, clientConfig } from './clients.ts';

/** The stack does not exist or has no usable outputs. The message says what was expected. */
class StackError extends Error {
  override name = 'StackError';
}

/** Outputs by name, and the Region in which they were found. */
export interface StackOutputs {
  readonly region: string;
  /** @throws StackError if the stack has no such output. */
  get(name: string): string;
  /** The value of an output that a stack has only if its settings ask for it. */
  find(name: string): string | undefined;
}

/** States in which a stack is not usable although CloudFormation still lists it. */
const DEAD = /^(ROLLBACK_|DELETE_|CREATE_FAILED|CREATE_IN_PROGRESS|REVIEW_IN_PROGRESS)/;

/** A stack as CloudFormation describes it, in whatever state. */
export interface DescribedStack {
  readonly region: string;
  readonly name: string;
  /** Empty if CloudFormation does not say. */
  readonly id: string;
  readonly status: string;
  readonly reason?: string;
  /** Epoch seconds. */
  readonly created: number;
  readonly outputs: ReadonlyMap<string, string>;
}

/** Describes a stack by name, in whatever state. @throws StackError if it does not exist. */
export async function describeStack(name: string, connection: Connection): Promise<DescribedStack> {
  const client = new CloudFormationClient(clientConfig(connection));
  try {
    const region = await client.config.region();
    return { region, ...describedAs(await describe(client, name, region)) };
  } finally {
    client.destroy();
  }
}

/** All stacks of the account in this Region. */
export async function describeAllStacks(connection: Connection): Promise<Omit<DescribedStack, 'region'>[]> {
  const client = new CloudFormationClient(clientConfig(connection));
  try {
    const stacks: Omit<DescribedStack, 'region'>[] = [];
    for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {})) stacks.push(...Stacks.map(describedAs));
    return stacks;
  } finally {
    client.destroy();
  }
}

function describedAs(stack: Partial<Stack>): Omit<DescribedStack, 'region'> {
  const { StackName = '', StackId = '', StackStatus = '', StackStatusReason, CreationTime, Outputs = [] } = stack;
  return {
    name: StackName,
    id: StackId,
    status: StackStatus,
    ...(StackStatusReason && { reason: StackStatusReason }),
    created: (CreationTime?.getTime() ?? 0) / 1000,
    outputs: new Map(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])),
  };
}

/** Looks up a stack by name. @throws StackError if it does not exist or is not usable. */
export async function stackOutputs(name: string, connection: Connection): Promise<StackOutputs> {
  const client = new CloudFormationClient(clientConfig(connection));
  try {
    const region = await client.config.region();
    const { StackStatus: status = '', StackStatusReason: reason, Outputs = [] } = await describe(client, name, region);
    if (DEAD.test(status))
      throw new StackError(
        `stack ${name} in ${region} is in state ${status}${reason ? ` (${reason})` : ''}, so its tables and queues are not usable. ` +
          `"aws cloudformation describe-stack-events --stack-name ${name}" shows why`,
      );
    const values = new Map(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
    return {
      region,
      find: (output) => values.get(output),
      get(output) {
        const value = values.get(output);
        if (!value)
          throw new StackError(
            `stack ${name} in ${region} has no output ${output}: it contains no detector, or its app does not call addOutputs(). ` +
              'Give --table or --queue instead',
          );
        return value;
      },
    };
  } finally {
    client.destroy();
  }
}

async function describe(client: CloudFormationClient, name: string, region: string): Promise<Partial<Stack>> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks[0] ?? {};
  } catch (error) {
    const { name: kind, message } = error as Error;
    if (kind === 'ValidationError' && /does not exist/.test(message))
      throw new StackError(
        `no stack ${name} in ${region} in this account. Give the deploymentName of the settings, and the account (--profile) and Region (--region) of the deployment`,
      );
    if (/^AccessDenied/.test(kind))
      throw new Error(`the outputs of stack ${name} may not be read. Allow cloudformation:DescribeStacks (${message})`);
    throw error;
  }
}

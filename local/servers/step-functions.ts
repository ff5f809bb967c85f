/** The calls of Step Functions that start, stop and describe executions, and their Map Runs. */
import { randomUUID } from 'node:crypto';
import type { buildApp } from 'fauxqs';
import type { MapDefinition } from '../states/definition.ts';
import { MapRun, type RunEnd, type Surroundings } from '../states/map-run.ts';
import { isObject, type JsonObject } from '../template/json.ts';
import type { Background } from './background.ts';

/** A state machine of a stack. */
interface Machine {
  readonly arn: string;
  readonly definition: MapDefinition;
  readonly around: Surroundings;
}

/** The state machines of the account, by ARN. */
export type Machines = Map<string, Machine>;

interface Execution {
  readonly arn: string;
  readonly machine: Machine;
  readonly name: string;
  readonly input: string;
  readonly started: Date;
  readonly mapRunArn: string;
  readonly run: MapRun;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  stopped?: Date;
  end?: RunEnd;
}

/** https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const LONGEST_NAME = 80;
const BAD_NAME = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]/u;
const MOST_INPUT_BYTES = 256 * 1024;
const PREFIX = 'AWSStepFunctions.';

/** A refusal of the service. */
class Refusal extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** Adds the calls to the embedded server before it listens. */
export function installStepFunctions(
  app: ReturnType<typeof buildApp>,
  { machines, background }: { readonly machines: Machines; readonly background: Background },
): void {
  const executions = new Map<string, Execution>();
  const calls: Readonly<Record<string, (input: JsonObject) => object>> = {
    StartExecution: (input) => start(input),
    StopExecution: ({ executionArn }) => stop(executionOf(executionArn)),
    DescribeExecution: ({ executionArn }) => describeExecution(executionOf(executionArn)),
    ListMapRuns: ({ executionArn }) => ({ mapRuns: [mapRunItem(executionOf(executionArn))] }),
    DescribeMapRun: ({ mapRunArn }) => describeMapRun(runOf(mapRunArn)),
  };

  function executionOf(arn: unknown): Execution {
    const found = executions.get(String(arn));
    if (found === undefined) throw new Refusal('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return found;
  }

  function runOf(arn: unknown): Execution {
    const found = [...executions.values()].find(({ mapRunArn }) => mapRunArn === arn);
    if (found === undefined) throw new Refusal('ResourceNotFound', `Resource not found: '${arn}'`);
    return found;
  }

  function start({ stateMachineArn, name = randomUUID(), input = '{}' }: JsonObject): object {
    const machine = machines.get(String(stateMachineArn));
    if (machine === undefined)
      throw new Refusal('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    const known = executions.get(executionArn(machine, String(name)));
    if (known?.status === 'RUNNING' && known.input === input) return startedAt(known);
    if (known) throw new Refusal('ExecutionAlreadyExists', `Execution Already Exists: '${known.arn}'`);
    const execution = executionFrom(machine, String(name), String(input));
    executions.set(execution.arn, execution);
    background.run(`execution ${name}`, async () => {
      const end = await execution.run.run(objectIn(execution.input));
      if (execution.status !== 'RUNNING') return;
      execution.status = end.error ? 'FAILED' : 'SUCCEEDED';
      execution.end = end;
      execution.stopped = new Date();
    });
    return startedAt(execution);
  }

  app.addHook('preHandler', async (request, reply) => {
    const target = String(request.headers['x-amz-target'] ?? '');
    if (!target.startsWith(PREFIX)) return;
    reply.header('content-type', 'application/x-amz-json-1.0');
    try {
      const call = calls[target.slice(PREFIX.length)];
      if (call === undefined) throw new Refusal('UnknownOperationException', `${target} is not simulated`);
      await reply.send(JSON.stringify(call(bodyOf(request.body))));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await reply.code(400).send(JSON.stringify({ __type: error.name, message: error.message }));
    }
  });
}

const bodyOf = (body: unknown): JsonObject =>
  isObject(body) && !Buffer.isBuffer(body) ? body : objectIn(String(body));

function objectIn(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : {};
}

const executionArn = ({ arn }: Machine, name: string): string =>
  `${arn.replace(':stateMachine:', ':execution:')}:${name}`;

function executionFrom(machine: Machine, name: string, input: string): Execution {
  if (name === '' || name.length > LONGEST_NAME || BAD_NAME.test(name))
    throw new Refusal('InvalidName', `Invalid Name: '${name}'`);
  if (Buffer.byteLength(input) > MOST_INPUT_BYTES || !isJson(input))
    throw new Refusal('InvalidExecutionInput', 'Invalid State Machine Execution Input');
  const id = randomUUID();
  const mapRunArn = `${machine.arn.replace(':stateMachine:', ':mapRun:')}/${machine.definition.label}:${id}`;
  return {
    arn: executionArn(machine, name),
    ...{ machine, name, input, mapRunArn, started: new Date(), status: 'RUNNING' },
    run: new MapRun(machine.definition, { mapRunArn, stateMachineArn: machine.arn, id }, machine.around),
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Times as the JSON protocol writes them: epoch seconds. */
const seconds = (date: Date): number => date.getTime() / 1000;

const startedAt = ({ arn, started }: Execution): object => ({ executionArn: arn, startDate: seconds(started) });

function stop(execution: Execution): object {
  if (execution.status === 'RUNNING') {
    execution.run.stop();
    execution.status = 'ABORTED';
    execution.stopped = new Date();
  }
  return { stopDate: seconds(execution.stopped ?? new Date()) };
}

function describeExecution(execution: Execution): object {
  const { arn, machine, name, input, started, stopped, status, end, mapRunArn } = execution;
  const { bucket, prefix } = machine.definition.results;
  const output = {
    MapRunArn: mapRunArn,
    ResultWriterDetails: { Bucket: bucket, Key: `${prefix}/${mapRunArn.split(':').at(-1)}/manifest.json` },
  };
  return {
    ...{ executionArn: arn, stateMachineArn: machine.arn, name, status, input, startDate: seconds(started) },
    ...(stopped && { stopDate: seconds(stopped) }),
    ...(status === 'SUCCEEDED' && { output: JSON.stringify(output) }),
    ...(end?.error && { error: end.error.name, cause: end.error.cause }),
    redriveCount: 0,
  };
}

const mapRunItem = ({ arn, machine, mapRunArn, started, stopped }: Execution): object => ({
  ...{ executionArn: arn, mapRunArn, stateMachineArn: machine.arn, startDate: seconds(started) },
  ...(stopped && { stopDate: seconds(stopped) }),
});

const describeMapRun = ({ arn, machine, mapRunArn, started, stopped, status, run }: Execution): object => ({
  ...{ executionArn: arn, mapRunArn, status, startDate: seconds(started), redriveCount: 0 },
  ...(stopped && { stopDate: seconds(stopped) }),
  maxConcurrency: machine.definition.maxConcurrency,
  toleratedFailurePercentage: machine.definition.toleratedFailurePercentage,
  toleratedFailureCount: 0,
  ...run.described(),
});

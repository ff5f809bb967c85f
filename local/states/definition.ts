/**
 * The definition of a state machine, read as far as it is simulated: one Distributed Map over a list in S3, whose batches
 * one Lambda function handles.
 */
import {
  isObject,
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  show,
  stringAt,
  TemplateError,
} from '../template/json.ts';

/** What a Distributed Map does. */
export interface MapDefinition {
  readonly label: string;
  /** Batches at the same time. */
  readonly maxConcurrency: number;
  readonly toleratedFailurePercentage: number;
  /** The list: a bucket, and the field of the input that names the key. */
  readonly list: { readonly bucket: string; readonly keyField: string };
  /** The field of the input that says how many items a batch has at most. */
  readonly batchSizeField: string;
  /** ARN of the function that gets the input of a batch. The answer is the output of the batch. */
  readonly functionArn: string;
  readonly retries: readonly Retry[];
  readonly results: { readonly bucket: string; readonly prefix: string };
}

/** How often a call is repeated that failed with one of these errors, and after how many seconds. */
export interface Retry {
  readonly errors: readonly string[];
  readonly intervalSeconds: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number;
  readonly maxAttempts: number;
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MOST_BYTES = 1024 * 1024;
const MOST_AT_ONCE = 10_000;
const LONGEST_LABEL = 40;

/** Reads a definition. @throws TemplateError if Step Functions refuses it, or it asks for what is not simulated. */
export function readDefinition(text: string): MapDefinition {
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BYTES)
    throw new TemplateError(`DefinitionString has ${bytes} bytes, expected at most ${MOST_BYTES} (1 MB)`);
  const root = parse(text);
  only(root, 'definition', ['Comment', 'StartAt', 'States']);
  const [map, path] = onlyState(root, 'definition', 'Map');
  only(map, path, [
    ...['Type', 'End', 'Label', 'MaxConcurrency', 'ToleratedFailurePercentage'],
    ...['ItemReader', 'ItemBatcher', 'ItemProcessor', 'ResultWriter'],
  ]);
  const label = stringAt(map.Label, `${path}.Label`);
  if (label.length > LONGEST_LABEL)
    throw new TemplateError(`${path}.Label has ${label.length} characters, expected at most ${LONGEST_LABEL}`);
  return {
    label,
    maxConcurrency: within(map.MaxConcurrency, `${path}.MaxConcurrency`, 1, MOST_AT_ONCE),
    toleratedFailurePercentage: within(
      map.ToleratedFailurePercentage ?? 0,
      `${path}.ToleratedFailurePercentage`,
      0,
      100,
    ),
    list: listOf(objectAt(map.ItemReader, `${path}.ItemReader`), `${path}.ItemReader`),
    batchSizeField: batchSizeOf(objectAt(map.ItemBatcher, `${path}.ItemBatcher`), `${path}.ItemBatcher`),
    ...processorOf(objectAt(map.ItemProcessor, `${path}.ItemProcessor`), `${path}.ItemProcessor`),
    results: resultsOf(objectAt(map.ResultWriter, `${path}.ResultWriter`), `${path}.ResultWriter`),
  };
}

function parse(text: string): JsonObject {
  try {
    return objectAt(JSON.parse(text), 'definition');
  } catch (error) {
    throw new TemplateError(`DefinitionString is no JSON object: ${(error as Error).message}`);
  }
}

/** Refuses fields that would be ignored. */
function only(value: JsonObject, path: string, fields: readonly string[]): void {
  const unknown = Object.keys(value).find((field) => !fields.includes(field));
  if (unknown !== undefined) throw new TemplateError(`${path}.${unknown} is not simulated`);
}

/** The one state of a machine, at which it starts and ends. */
function onlyState(machine: JsonObject, path: string, type: string): [state: JsonObject, path: string] {
  const states = Object.entries(objectAt(machine.States, `${path}.States`));
  const [name = '', state] = states[0] ?? [];
  if (states.length !== 1 || !isObject(state) || state.Type !== type || state.End !== true || machine.StartAt !== name)
    throw new TemplateError(`${path} is simulated with one state of type ${type}, which starts and ends it`);
  return [state, `${path}.States.${name}`];
}

function within(value: unknown, path: string, least: number, most: number): number {
  const number = numberAt(value, path, Number.NaN);
  if (!(number >= least && number <= most))
    throw new TemplateError(`${path} is ${show(value)}, expected ${least} to ${most}`);
  return number;
}

/** The end of the ARN of an integration. */
function integration(value: unknown, path: string, expected: string): void {
  if (!stringAt(value, path).endsWith(`:states:::${expected}`))
    throw new TemplateError(`${path} is ${show(value)}, expected the integration ${expected}`);
}

function listOf(reader: JsonObject, path: string): MapDefinition['list'] {
  only(reader, path, ['Resource', 'ReaderConfig', 'Parameters']);
  integration(reader.Resource, `${path}.Resource`, 's3:getObject');
  const config = objectAt(reader.ReaderConfig, `${path}.ReaderConfig`);
  only(config, `${path}.ReaderConfig`, ['InputType']);
  if (config.InputType !== 'JSONL')
    throw new TemplateError(`${path}.ReaderConfig.InputType is ${show(config.InputType)}, expected JSONL`);
  const parameters = objectAt(reader.Parameters, `${path}.Parameters`);
  only(parameters, `${path}.Parameters`, ['Bucket', 'Key.$']);
  const keyField = fieldOfInput(parameters['Key.$'], `${path}.Parameters.Key.$`);
  return { bucket: stringAt(parameters.Bucket, `${path}.Parameters.Bucket`), keyField };
}

function batchSizeOf(batcher: JsonObject, path: string): string {
  only(batcher, path, ['MaxItemsPerBatchPath']);
  return fieldOfInput(batcher.MaxItemsPerBatchPath, `${path}.MaxItemsPerBatchPath`);
}

/** The field that a path such as `$.list` names. */
function fieldOfInput(value: unknown, path: string): string {
  const [, field] = /^\$\.(\w+)$/.exec(stringAt(value, path)) ?? [];
  if (field === undefined) throw new TemplateError(`${path} is simulated for a field of the input`);
  return field;
}

function processorOf(processor: JsonObject, path: string): Pick<MapDefinition, 'functionArn' | 'retries'> {
  only(processor, path, ['ProcessorConfig', 'StartAt', 'States']);
  const { Mode, ExecutionType } = objectAt(processor.ProcessorConfig, `${path}.ProcessorConfig`);
  if (Mode !== 'DISTRIBUTED' || ExecutionType !== 'STANDARD')
    throw new TemplateError(`${path}.ProcessorConfig is simulated for DISTRIBUTED and STANDARD`);
  const [task, at] = onlyState(processor, path, 'Task');
  only(task, at, ['Type', 'Resource', 'Parameters', 'OutputPath', 'Retry', 'End']);
  integration(task.Resource, `${at}.Resource`, 'lambda:invoke');
  const parameters = objectAt(task.Parameters, `${at}.Parameters`);
  only(parameters, `${at}.Parameters`, ['FunctionName', 'Payload.$']);
  if (parameters['Payload.$'] !== '$' || task.OutputPath !== '$.Payload')
    throw new TemplateError(`${at} is simulated with the payload $ and the output $.Payload`);
  return {
    functionArn: stringAt(parameters.FunctionName, `${at}.Parameters.FunctionName`),
    retries: listAt(task.Retry, `${at}.Retry`).map((retry, index) => retryOf(retry, `${at}.Retry[${index}]`)),
  };
}

function retryOf(value: unknown, path: string): Retry {
  const retry = objectAt(value, path);
  only(retry, path, [
    ...['ErrorEquals', 'IntervalSeconds', 'BackoffRate', 'MaxDelaySeconds', 'MaxAttempts', 'JitterStrategy'],
  ]);
  return {
    errors: listAt(retry.ErrorEquals, `${path}.ErrorEquals`).map(String),
    intervalSeconds: numberAt(retry.IntervalSeconds, `${path}.IntervalSeconds`, 1),
    backoffRate: numberAt(retry.BackoffRate, `${path}.BackoffRate`, 2),
    maxDelaySeconds: numberAt(retry.MaxDelaySeconds, `${path}.MaxDelaySeconds`, Number.POSITIVE_INFINITY),
    maxAttempts: numberAt(retry.MaxAttempts, `${path}.MaxAttempts`, 3),
  };
}

function resultsOf(writer: JsonObject, path: string): MapDefinition['results'] {
  only(writer, path, ['Resource', 'Parameters']);
  integration(writer.Resource, `${path}.Resource`, 's3:putObject');
  const parameters = objectAt(writer.Parameters, `${path}.Parameters`);
  only(parameters, `${path}.Parameters`, ['Bucket', 'Prefix']);
  return {
    bucket: stringAt(parameters.Bucket, `${path}.Parameters.Bucket`),
    prefix: stringAt(parameters.Prefix, `${path}.Parameters.Prefix`),
  };
}

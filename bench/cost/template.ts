/** The synthesized stack, as far as a bill goes: what is there, how large it is, and what its functions emit. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ScanDetector } from '../../infra/index.ts';
import type { Settings, SettingsInput } from '../../lib/config/schema.ts';
import type { CountedTable } from './counter.ts';

type Properties = Record<string, unknown>;

/** What of a deployment is charged whether or not there is traffic, and what its functions may use. */
export interface Deployed {
  readonly settings: Settings;
  readonly alarms: number;
  readonly keys: number;
  /** Names of the custom metrics in the functions' code. */
  readonly metrics: readonly string[];
  /** Tables that can be restored to any second. */
  readonly recoverableTables: number;
  readonly queuesRead: number;
  /** Mebibytes of each function. */
  readonly memory: Readonly<Record<FunctionName, number>>;
  /** Keys of the indexes of the findings table. */
  readonly findingsIndexes: CountedTable['indexes'];
}

export type FunctionName = 'ingest' | 'settle' | 'alert';

const FUNCTIONS = join(import.meta.dirname, '../../functions/handlers');

/** Synthesizes a stack with these settings and counts what is in it. */
export function deployed(input: SettingsInput = {}): Deployed {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
  const stack = new Stack(app, 'sweepwatch');
  const { settings } = new ScanDetector(stack, 'Detector', { settings: input });
  const template = Template.fromStack(stack);
  const all = (type: string): Properties[] =>
    Object.values(template.findResources(type)).map(({ Properties }) => Properties as Properties);
  const tables = all('AWS::DynamoDB::GlobalTable');
  const replicas = tables.flatMap(({ Replicas }) => Replicas as Properties[]);
  const functions = Object.entries(template.findResources('AWS::Lambda::Function'));
  const memoryOf = (name: FunctionName): number => {
    const [, { Properties }] = functions.find(([id]) => id.toLowerCase().startsWith(`detector${name}`))!;
    return Number(Properties.MemorySize);
  };
  return {
    settings,
    alarms: all('AWS::CloudWatch::Alarm').length,
    keys: all('AWS::KMS::Key').length,
    metrics: metricsOf(),
    recoverableTables: replicas.filter(({ PointInTimeRecoverySpecification }) => PointInTimeRecoverySpecification)
      .length,
    queuesRead: all('AWS::Lambda::EventSourceMapping').length,
    memory: { ingest: memoryOf('ingest'), settle: memoryOf('settle'), alert: memoryOf('alert') },
    findingsIndexes: tables.flatMap(({ GlobalSecondaryIndexes }) =>
      ((GlobalSecondaryIndexes ?? []) as Properties[]).map(({ IndexName, KeySchema }) => ({
        name: String(IndexName),
        keys: (KeySchema as Properties[]).map(({ AttributeName }) => String(AttributeName)),
      })),
    ),
  };
}

/** Each has one dimension of one value, so a name is a metric; the count by reason is as many as there are reasons. */
function metricsOf(): string[] {
  const code = readdirSync(FUNCTIONS)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(FUNCTIONS, file), 'utf8'));
  return [...new Set(code.flatMap((text) => [...text.matchAll(/\.addMetric\(\s*'(\w+)'/g)].map((match) => match[1]!)))];
}

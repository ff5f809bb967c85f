/** A synthesized template, as far as a bill goes: what is there, how large it is, and what its functions emit. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OF_ALARMS } from '../../functions/alarm-metrics.ts';
import type { Settings } from '../../lib/config/schema.ts';
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

export type FunctionName = 'ingest' | 'settle' | 'alert' | 'signals';

const CODE = ['functions', 'lib/pipeline/tasks'].map((folder) => join(import.meta.dirname, '../..', folder));

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Properties }>>;
}

/** Counts what is in the template of a stack with these settings. */
export function countsOf(template: object, settings: Settings): Deployed {
  const resources = Object.entries((template as Template).Resources);
  const all = (type: string): Properties[] =>
    resources.filter(([, { Type }]) => Type === type).map(([, { Properties }]) => Properties);
  const tables = all('AWS::DynamoDB::GlobalTable');
  const replicas = tables.flatMap(({ Replicas }) => Replicas as Properties[]);
  const functions = resources.filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
  const memoryOf = (name: FunctionName): number => {
    const found = functions.find(([id]) => id.toLowerCase().startsWith(`detector${name}`));
    // Without `signals` in the settings there is no function for them.
    return Number(found?.[1].Properties.MemorySize ?? 0);
  };
  return {
    settings,
    alarms: all('AWS::CloudWatch::Alarm').length,
    keys: all('AWS::KMS::Key').length,
    metrics: metricsOf(settings.detailedMonitoring),
    recoverableTables: replicas.filter(({ PointInTimeRecoverySpecification }) => PointInTimeRecoverySpecification)
      .length,
    queuesRead: all('AWS::Lambda::EventSourceMapping').length,
    memory: {
      ingest: memoryOf('ingest'),
      settle: memoryOf('settle'),
      alert: memoryOf('alert'),
      signals: memoryOf('signals'),
    },
    findingsIndexes: tables.flatMap(({ GlobalSecondaryIndexes }) =>
      ((GlobalSecondaryIndexes ?? []) as Properties[]).map(({ IndexName, KeySchema }) => ({
        name: String(IndexName),
        keys: (KeySchema as Properties[]).map(({ AttributeName }) => String(AttributeName)),
      })),
    ),
  };
}

/** Each has one dimension with one value, so a name is a metric. */
function metricsOf(isDetailed: boolean): string[] {
  const code = CODE.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(folder, file), 'utf8')),
  );
  const all = code.flatMap((text) => [...text.matchAll(/\.addMetric\(\s*'(\w+)'/g)].map((match) => match[1]!));
  return [...new Set(all)].filter((name) => isDetailed || OF_ALARMS.has(name));
}

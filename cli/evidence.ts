/** The evidence of a deployment: its windows table, read with the settings with which the deployment reads it. */
import { parseRuntimeSettings, type RuntimeSettings } from '../lib/config/runtime.ts';
import { leastEvidenceOf } from '../lib/detections/least-evidence.ts';
import { type DetectionSettings, detectionSettings } from '../lib/detections/settings.ts';
import { mergeFragments, type SourceEvidence } from '../lib/evidence/evidence.ts';
import type { Inventory } from '../lib/evidence/inventory.ts';
import { hashKey } from '../lib/evidence/keyed-hash.ts';
import type { JudgingContext } from '../lib/finding/describe-scan.ts';
import { Networks } from '../lib/net/networks.ts';
import { logTimes } from '../lib/store/agenda.ts';
import { createDocumentClient, type DynamoDBDocumentClient } from '../lib/store/clients.ts';
import { functionVariables } from '../lib/store/health/function-variables.ts';
import { InventoryStore } from '../lib/store/inventory-store.ts';
import type { SourceName } from '../lib/store/keys.ts';
import { WindowsStore } from '../lib/store/windows-store.ts';
import { connectionOf } from './connection.ts';
import { type DeploymentOptions, openStack } from './deployment.ts';
import { runtimeSettingsOf } from './settings.ts';
import { UsageError } from './usage-error.ts';

/** The options that choose evidence. */
export interface EvidenceOptions extends DeploymentOptions {
  /** A settings file. Default: the settings of the deployed function. */
  readonly config?: string;
  readonly windowsTable?: string;
}

/** Access to the evidence of a deployment. */
export interface OpenEvidence {
  readonly context: JudgingContext;
  /** Whose settings these are, for people. Empty if they are those of the deployment. */
  readonly remarks: readonly string[];
  /** The evidence of a source in some epoch hours. Undefined if nothing is known. */
  readonly source: (name: SourceName, from: number, to: number) => Promise<SourceEvidence | undefined>;
  /** The scopes in which an address may be: of a private one the accounts whose logs arrive, and the routing domains. */
  readonly scopesOf: (address: string) => Promise<readonly string[]>;
}

const SAMPLES = 'Samples of very busy hours are incomplete here, because the key of the deployment is not known.';

/** Opens the evidence. @throws UsageError if the options do not say where it is. */
export async function openEvidence(options: EvidenceOptions): Promise<OpenEvidence> {
  const { SWEEPWATCH_STACK } = process.env;
  const place = options.windowsTable ? undefined : await placeOf(options, SWEEPWATCH_STACK);
  const table = options.windowsTable ?? place!.table;
  const connection = place?.connection ?? connectionOf(options);
  const variables = place?.variables;
  const remarks: string[] = [];
  const runtime = await settingsFor(options, variables, remarks);
  const settings = detectionSettings(runtime?.sensitivity, runtime?.detection);
  const secret = variables?.HASH_KEY ?? '';
  if (!secret) remarks.push(SAMPLES);
  const client = createDocumentClient(connection);
  const windows = new WindowsStore({
    client,
    table,
    retentionDays: 1,
    settleSeconds: settings.settleSeconds,
    least: leastEvidenceOf(settings),
    networks: new Networks(runtime?.internal),
    key: hashKey(secret),
  });
  const logs = await logTimes(client, table);
  const logTime = logs.reduce((latest, { at }) => Math.max(latest, at), 0);
  const inventory = runtime?.hasInventory && place ? await inventoryIn(client, place, runtime, remarks) : undefined;
  return {
    context: { ...contextOf(settings, runtime, secret, logTime), inventory },
    remarks,
    source: async (name, from, to) => mergeFragments(await windows.readSource(name, from, to)),
    scopesOf: async (address) => {
      if (!new Networks().isInsideText(address)) return ['internet'];
      const accounts = logs.map(({ log }) => log.split('/')[0]!);
      return [...new Set([...accounts, ...Object.keys(runtime?.routingDomains ?? {}), 'unknown'])];
    },
  };
}

const contextOf = (
  settings: DetectionSettings,
  runtime: RuntimeSettings | undefined,
  secret: string,
  logTime: number,
): JudgingContext => ({
  settings,
  secret,
  networks: new Networks(runtime?.internal),
  logTime,
  overdueBefore: logTime - settings.settleSeconds,
});

/** The inventory of addresses with which the deployment judges. */
async function inventoryIn(
  client: DynamoDBDocumentClient,
  { table: windows, findings }: Awaited<ReturnType<typeof placeOf>>,
  { routingDomains }: RuntimeSettings,
  remarks: string[],
): Promise<Inventory | undefined> {
  const onTrouble = (trouble: string) => {
    remarks.push(`Dark addresses are not known here, because the inventory cannot be used: ${trouble}.`);
  };
  const store = new InventoryStore({ client, tables: { windows, findings }, keptDays: 0, routingDomains, onTrouble });
  return (await store.read()).inventory;
}

/** The windows table of the stack, and the variables of the function that writes it, as far as they may be read. */
async function placeOf(options: DeploymentOptions, stackInEnvironment: string | undefined) {
  if (options.table || !(options.stack || options.local || stackInEnvironment))
    throw new UsageError('the evidence is in the windows table. Give --stack NAME, --local, or --windows-table NAME');
  const { outputs, connection } = await openStack(options);
  const answer = await functionVariables(outputs.get('IngestFunction'), connection);
  const [table, findings] = [outputs.get('WindowsTable'), outputs.get('FindingsTable')];
  return { table, findings, connection, variables: 'value' in answer ? answer.value : undefined };
}

async function settingsFor(
  { config }: EvidenceOptions,
  variables: Readonly<Record<string, string>> | undefined,
  remarks: string[],
): Promise<RuntimeSettings | undefined> {
  if (config !== undefined) {
    remarks.push(`Thresholds are those of ${config}.`);
    return runtimeSettingsOf(config);
  }
  if (variables?.SETTINGS) return parseRuntimeSettings(variables.SETTINGS);
  remarks.push(
    'Thresholds are the defaults, because the settings of the deployment are not known. Give --config, or allow lambda:GetFunctionConfiguration.',
  );
  return undefined;
}

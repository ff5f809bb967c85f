/**
 * Creates the services of a process once per execution environment: clients, clock, logger, stores and settings. The judge
 * is not among them, because it is most of a bundle and the alert function needs none.
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { parseRuntimeSettings } from '../lib/config/runtime.ts';
import { leastEvidenceOf } from '../lib/detections/least-evidence.ts';
import { detectionSettings } from '../lib/detections/settings.ts';
import { hashKey } from '../lib/evidence/keyed-hash.ts';
import { Networks } from '../lib/net/networks.ts';
import type { JudgeOptions } from '../lib/pipeline/judge.ts';
import type { Clients, Services, TopicName } from '../lib/pipeline/services.ts';
import { Allowance } from '../lib/store/allowance.ts';
import { Claims } from '../lib/store/claims.ts';
import { createDocumentClient } from '../lib/store/clients.ts';
import { FindingsStore } from '../lib/store/findings-store.ts';
import { InventoryStore } from '../lib/store/inventory-store.ts';
import { LookBacksStore } from '../lib/store/look-backs-store.ts';
import { countConfirmedAddresses, publishAlert, requestAlert } from '../lib/store/messages.ts';
import { Outbox } from '../lib/store/outbox.ts';
import { countRefusedWrites } from '../lib/store/refused-writes.ts';
import { SignalsStore } from '../lib/store/signals-store.ts';
import { SuppressionsStore } from '../lib/store/suppressions-store.ts';
import { WatchesStore } from '../lib/store/watches-store.ts';
import { WindowsStore } from '../lib/store/windows-store.ts';
import { loggable } from '../lib/text/untrusted.ts';
import { ofAlarms } from './alarm-metrics.ts';

/** Calls that leave the process. Tests and benchmarks replace them with lists. */
type Outlets = Pick<Services, 'requestAlert' | 'publish' | 'countConfirmedAddresses'>;

/** The input from which services are created. */
export interface Means extends Pick<Services, 'clients' | 'clock' | 'logger' | 'metrics'> {
  /** The environment variables that the stack gives to each function. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly outlets?: Partial<Outlets>;
}

/** All services but the judge, and what makes one. */
export interface BasicServices extends Omit<Services, 'judge'> {
  readonly judging: JudgeOptions;
}

/** Creates the services. @throws if a variable is missing or SETTINGS cannot be read. */
export function createBasicServices({ variables, outlets, ...means }: Means): BasicServices {
  const required = (name: string): string => {
    const value = variables[name];
    if (!value)
      throw new Error(
        `environment variable ${name} must be set, got ${value === undefined ? 'nothing' : 'an empty text'}`,
      );
    return value;
  };
  const { documents } = means.clients;
  const runtime = parseRuntimeSettings(required('SETTINGS'));
  const settings = detectionSettings(runtime.sensitivity, runtime.detection);
  const secret = required('HASH_KEY');
  const key = hashKey(secret);
  const table = required('FINDINGS_TABLE');
  const windowsTable = required('WINDOWS_TABLE');
  const retentionDays = runtime.retentionDays.windows;
  const networks = new Networks(runtime.internal);
  const judging: JudgeOptions = {
    windows: new WindowsStore({
      client: documents,
      table: windowsTable,
      retentionDays,
      settleSeconds: settings.settleSeconds,
      least: leastEvidenceOf(settings),
      networks,
      key,
    }),
    findings: new FindingsStore({ client: documents, table, retentionDays: runtime.retentionDays.findings }),
    requestAlert: outlets?.requestAlert ?? toQueue(means.clients, required('ALERT_QUEUE_URL')),
    settings,
    networks,
    routingDomains: runtime.routingDomains,
    secret,
    minSeverity: runtime.minSeverity,
    watches: new WatchesStore(documents, table, retentionDays),
    ...(runtime.hasInventory && {
      inventories: new InventoryStore({
        client: documents,
        tables: { windows: windowsTable, findings: table },
        keptDays: retentionDays + 1,
        routingDomains: runtime.routingDomains,
        onTrouble: (trouble) => means.logger.warn('inventory not used', { trouble }),
      }),
    }),
    windowDays: retentionDays,
    ...(runtime.hasSignals && {
      signals: new SignalsStore({ client: documents, table: windowsTable, retentionDays }),
    }),
  };
  return {
    ...means,
    ...judging,
    ...toTopics(means.clients, { alerts: required('ALERT_TOPIC_ARN'), operations: required('OPERATIONS_TOPIC_ARN') }),
    ...outlets,
    metrics: runtime.detailedMonitoring ? means.metrics : ofAlarms(means.metrics),
    runtime,
    key,
    outbox: new Outbox(documents, table),
    allowance: new Allowance(documents, table, runtime.alertsIn5Minutes),
    suppressions: new SuppressionsStore(documents, table),
    lookBacks: new LookBacksStore(documents, table),
    claims: new Claims(documents, table),
    judging,
    place: {
      deployment: runtime.deployment,
      tables: {
        findings: table,
        region: variables.AWS_REGION ?? '',
        ...(variables.STACK_NAME && { stack: variables.STACK_NAME }),
      },
    },
  };
}

const toQueue = (clients: Clients, queueUrl: string): Outlets['requestAlert'] => {
  return async (ref) => requestAlert(clientOf(clients, 'sqs'), queueUrl, ref);
};

const toTopics = (
  clients: Clients,
  topics: Readonly<Record<TopicName, string>>,
): Pick<Outlets, 'publish' | 'countConfirmedAddresses'> => ({
  publish: async (message) => publishAlert(clientOf(clients, 'sns'), topics.alerts, message),
  countConfirmedAddresses: async (topic) => countConfirmedAddresses(clientOf(clients, 'sns'), topics[topic]),
});

/** The client of a service. @throws if the function was created without it. */
export function clientOf<Name extends keyof Clients>(clients: Clients, name: Name): NonNullable<Clients[Name]> {
  const client = clients[name];
  if (!client) throw new Error(`this function was created without a client for ${name}`);
  return client;
}

/** The services of a Lambda function. @param clients the clients that it calls in addition to that of DynamoDB. */
export function basicLambdaServices(clients: Omit<Clients, 'documents'>): BasicServices {
  const metrics = new Metrics();
  const documents = createDocumentClient();
  countRefusedWrites(documents, (writes) => metrics.addMetric('WritesThrottled', MetricUnit.Count, writes));
  return createBasicServices({
    variables: process.env,
    clients: { documents, ...clients },
    clock: () => Date.now() / 1000,
    // Anyone who may write to the log bucket can choose the keys of objects.
    logger: new Logger({ jsonReplacerFn: (_, value) => loggable(value) }),
    metrics,
  });
}

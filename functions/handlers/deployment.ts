/** What the three functions share: settings, clock, log and stores, made once per execution environment. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { parseRuntimeSettings, type RuntimeSettings } from '../../lib/config/runtime.ts';
import { leastEvidenceOf } from '../../lib/detections/least-evidence.ts';
import { type DetectionSettings, detectionSettings } from '../../lib/detections/settings.ts';
import { hashKey } from '../../lib/evidence/keyed-hash.ts';
import { Networks } from '../../lib/net/networks.ts';
import type { AlertPlace } from '../../lib/notify/text.ts';
import { Judge, type JudgeOptions } from '../../lib/pipeline/judge.ts';
import { createDocumentClient, type DynamoDBDocumentClient, type SQSClient } from '../../lib/store/clients.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { requestAlert } from '../../lib/store/messages.ts';
import { Outbox } from '../../lib/store/outbox.ts';
import { countRefusedWrites } from '../../lib/store/refused-writes.ts';
import { SuppressionsStore } from '../../lib/store/suppressions-store.ts';
import { WindowsStore } from '../../lib/store/windows-store.ts';
import { loggable } from '../../lib/text/untrusted.ts';

/** What a deployment is made over; the simulator gives others than Lambda. */
export interface Means {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly documents: DynamoDBDocumentClient;
  /** Epoch seconds. */
  readonly clock: () => number;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: Pick<Metrics, 'addMetric' | 'singleMetric' | 'hasStoredMetrics' | 'publishStoredMetrics'>;
}

/** What every function goes by. */
export interface Deployment extends Means {
  /** Publishes what was counted, if anything was: an empty publication is a warning in the log. */
  readonly publishMetrics: () => void;
  /** A variable that the stack sets. @throws when it is missing: a function without it must not start. */
  readonly required: (name: string) => string;
  readonly settings: RuntimeSettings;
  readonly detection: DetectionSettings;
  /** From half the failures that a finding needs, a source is worth a read at once. */
  readonly suspicious: number;
  readonly secret: string;
  readonly findings: FindingsStore;
  readonly outbox: Outbox;
  readonly suppressions: SuppressionsStore;
  readonly place: AlertPlace;
}

/** The deployment that Lambda runs in. */
export function deployed(): Deployment {
  const metrics = new Metrics();
  const documents = createDocumentClient();
  countRefusedWrites(documents, (writes) => metrics.addMetric('WritesThrottled', MetricUnit.Count, writes));
  return createDeployment({
    variables: process.env,
    documents,
    clock: () => Date.now() / 1000,
    // Keys of objects are chosen by whoever may write to the log bucket.
    logger: new Logger({ jsonReplacerFn: (_, value) => loggable(value) }),
    metrics,
  });
}

/** A deployment over the means given. @throws when a variable is missing or SETTINGS cannot be read. */
export function createDeployment(means: Means): Deployment {
  const { variables, documents, metrics } = means;
  const required = (name: string): string => {
    const value = variables[name];
    if (!value)
      throw new Error(
        `environment variable ${name} must be set, got ${value === undefined ? 'nothing' : 'an empty text'}`,
      );
    return value;
  };
  const settings = parseRuntimeSettings(required('SETTINGS'));
  const detection = detectionSettings(settings.sensitivity, settings.detection);
  const table = required('FINDINGS_TABLE');
  return {
    ...means,
    publishMetrics: () => {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    },
    required,
    settings,
    detection,
    suspicious: Math.ceil(detection.failuresIn5Minutes / 2),
    secret: required('HASH_KEY'),
    findings: new FindingsStore({ client: documents, table, retentionDays: settings.retentionDays.findings }),
    outbox: new Outbox(documents, table),
    suppressions: new SuppressionsStore(documents, table),
    place: {
      deployment: settings.deployment,
      tables: {
        findings: table,
        region: variables.AWS_REGION ?? '',
        ...(variables.STACK_NAME && { stack: variables.STACK_NAME }),
      },
    },
  };
}

/** The stores and the judge of the functions that judge. */
export function judging(deployment: Deployment, sqs: SQSClient): { options: JudgeOptions; judge: Judge } {
  const { documents, required, settings, detection, secret, findings } = deployment;
  const windows = new WindowsStore({
    client: documents,
    table: required('WINDOWS_TABLE'),
    retentionDays: settings.retentionDays.windows,
    settleSeconds: detection.settleSeconds,
    least: leastEvidenceOf(detection),
    key: hashKey(secret),
  });
  const queueUrl = required('ALERT_QUEUE_URL');
  const options: JudgeOptions = {
    windows,
    findings,
    requestAlert: (ref) => requestAlert(sqs, queueUrl, ref),
    settings: detection,
    networks: new Networks(settings.internal),
    secret,
    minSeverity: settings.minSeverity,
    windowDays: settings.retentionDays.windows,
  };
  return { options, judge: new Judge(options) };
}

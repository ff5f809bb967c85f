/** The services that the deployed functions use. `functions/services.ts` creates them. */
import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { RuntimeSettings } from '../config/runtime.ts';
import type { DetectionSettings } from '../detections/settings.ts';
import type { HashKey } from '../evidence/keyed-hash.ts';
import type { AlertMessage } from '../notify/message.ts';
import type { AlertPlace } from '../notify/text.ts';
import type { Allowance } from '../store/allowance.ts';
import type { Claims } from '../store/claims.ts';
import type { DynamoDBDocumentClient, S3Client, SNSClient, SQSClient } from '../store/clients.ts';
import type { DescribedInterfaces } from '../store/described-interfaces.ts';
import type { LookBacksStore } from '../store/look-backs-store.ts';
import type { Outbox } from '../store/outbox.ts';
import type { SuppressionsStore } from '../store/suppressions-store.ts';
import type { Judge, JudgeOptions } from './judge.ts';

/** The AWS clients. Each function has only those that it calls. */
export interface Clients {
  readonly documents: DynamoDBDocumentClient;
  readonly s3?: S3Client;
  readonly sns?: SNSClient;
  readonly sqs?: SQSClient;
}

/** The topics of a deployment. */
export type TopicName = 'alerts' | 'operations';

/** Collects metrics until they are published together. */
interface MetricsWriter extends Pick<Metrics, 'hasStoredMetrics' | 'publishStoredMetrics'> {
  readonly addMetric: (...metric: Parameters<Metrics['addMetric']>) => unknown;
}

/** Clients, clock, logger, stores, outlets and settings of one process. They include the options of a judge. */
export interface Services extends JudgeOptions {
  readonly clients: Clients;
  /** Epoch seconds. */
  readonly clock: () => number;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: MetricsWriter;
  /** The variable SETTINGS. `settings` has the numbers of the detections. */
  readonly runtime: RuntimeSettings;
  /** The key of the hashes that select the contacts of a sample. */
  readonly key: HashKey;
  readonly outbox: Outbox;
  /** The limit of alerts. Those beyond it are held for the storm message. */
  readonly allowance: Allowance;
  readonly suppressions: SuppressionsStore;
  readonly lookBacks: LookBacksStore;
  /** Work of settle that must be done once. */
  readonly claims: Claims;
  readonly judge: Judge;
  /** The interfaces and subnets of this account and Region. Only settle asks, and only with an inventory. */
  readonly describeInterfaces?: (hasTime: () => boolean) => Promise<DescribedInterfaces>;
  /** Publishes to the alert topic. */
  readonly publish: (message: AlertMessage) => Promise<unknown>;
  /** How many e-mail subscriptions of a topic are confirmed. */
  readonly countConfirmedAddresses: (topic: TopicName) => Promise<number>;
  /** The names that alerts use in their commands. */
  readonly place: AlertPlace;
}

/** Number of failed contacts that makes a source worth reading at once: half of what a finding needs. */
export const failuresToJudge = ({ failuresIn5Minutes }: DetectionSettings): number => Math.ceil(failuresIn5Minutes / 2);

/** Publishes the metrics that were added. Without any it does nothing, because Powertools would log a warning. */
export function publishMetrics({ metrics }: Pick<Services, 'metrics'>): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}

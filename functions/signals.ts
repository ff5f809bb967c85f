/**
 * The signals function: takes logs of orchestrators and hosts from CloudWatch Logs subscriptions and EventBridge, stores
 * what may become a signal, and judges it. Lambda calls it asynchronously and retries what it throws.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { publishMetrics, type Services } from '../lib/pipeline/services.ts';
import { type TakenSignals, takeSignals } from '../lib/pipeline/take-signals.ts';
import { ruleOf, type SigmaRule } from '../lib/signals/sigma/rule.ts';
import { createSqsClient } from '../lib/store/clients.ts';
import { type Invocation, onLambda } from './invocation.ts';
import { lambdaServices } from './services.ts';

/**
 * Handles one payload. `rules` are those of the user. Handling it again changes nothing.
 * @throws PayloadError if it cannot be read, and any failure of a table, after everything that can be stored is stored.
 */
export function signalsHandler(
  services: Services,
  rules: readonly SigmaRule[] = [],
): (event: unknown, invocation: Invocation) => Promise<void> {
  const { clock, logger, signals } = services;
  if (!signals) throw new Error('SETTINGS: hasSignals must be true for the function that takes signals');
  return async (event) => {
    try {
      record(services, await takeSignals(event, { ...services, signals, rules }, clock()));
    } catch (error) {
      logger.error('payload failed', { error: error as Error });
      throw error;
    } finally {
      publishMetrics(services);
    }
  };
}

/** Counts go to the log, because each metric has a price. */
function record({ logger, metrics }: Pick<Services, 'logger' | 'metrics'>, taken: TakenSignals): void {
  const { name, kind, events, unread, items, bytes, dropped, opened, updated } = taken;
  logger.info('payload read', { name, kind, events, unread, items, bytes, dropped, opened, updated });
  metrics.addMetric('FindingsOpened', MetricUnit.Count, opened);
  metrics.addMetric('FindingsUpdated', MetricUnit.Count, updated);
}

/** The rules of the user in the file beside the bundle. @throws if the file is missing, or holds a rule that is refused. */
function rulesOf(file: string | undefined): SigmaRule[] {
  if (file === undefined) return [];
  const documents = JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8')) as unknown[];
  return documents.map(ruleOf);
}

export const handler = onLambda(() =>
  signalsHandler(lambdaServices({ sqs: createSqsClient() }), rulesOf(process.env.SIGMA_RULES)),
);

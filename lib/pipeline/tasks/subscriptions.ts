/** Counts e-mail addresses whose subscription is unconfirmed or removed, for which SNS has no metric. */
import type { Services, TopicName } from '../services.ts';
import type { Counts } from './run.ts';

export async function checkSubscriptions(services: Services): Promise<Partial<Counts>> {
  const { runtime, countConfirmedAddresses, logger, metrics } = services;
  const missingOf = async (topic: TopicName) =>
    Math.max(0, runtime.addresses[topic] - (await countConfirmedAddresses(topic)));
  const [alerts, operations] = await Promise.all([missingOf('alerts'), missingOf('operations')]);
  const subscriptionsMissing = alerts + operations;
  if (subscriptionsMissing) {
    logger.warn('subscriptions are missing', { alerts, operations });
    metrics.addMetric('SubscriptionsMissing', 'Count', subscriptionsMissing);
  }
  return { subscriptionsMissing };
}

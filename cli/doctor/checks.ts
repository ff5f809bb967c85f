/** All checks of a deployment, in the order in which data flows through it. */
import type { Check } from './check.ts';
import { DESTINATION_CHECKS } from './checks-destinations.ts';
import { INVENTORY_CHECKS } from './checks-inventory.ts';
import { LOG_CHECKS } from './checks-logs.ts';
import { OTHER_BUCKET_CHECKS } from './checks-other-buckets.ts';
import { PIPELINE_CHECKS } from './checks-pipeline.ts';
import { SIGNAL_CHECKS } from './checks-signals.ts';

export const CHECKS: readonly Check[] = [
  ...LOG_CHECKS,
  ...OTHER_BUCKET_CHECKS,
  ...PIPELINE_CHECKS,
  ...INVENTORY_CHECKS,
  ...SIGNAL_CHECKS,
  ...DESTINATION_CHECKS,
];

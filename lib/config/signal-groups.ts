/** The log groups that the settings subscribe to. This file must not import zod. */
import type { Settings } from './settings-types.ts';

/** A log group to subscribe to. */
export interface SignalGroup {
  readonly logGroup: string;
  /** The filter pattern of the settings. Undefined for audit logs, which have one of their own. */
  readonly filterPattern?: string;
  /** The setting that names it. */
  readonly path: readonly (string | number)[];
}

/** The audit events of a log group, without the logs of other components of the control plane. */
const EVERY_EVENT = '{ $.kind = "Event" }';

/** The log groups in the order of the settings. */
export function signalGroups({ kubernetes, hosts }: Settings['signals']): SignalGroup[] {
  return [
    ...kubernetes.map(({ cluster, logGroup, allEvents }, at) => ({
      logGroup: logGroup ?? `/aws/eks/${cluster}/cluster`,
      ...(allEvents && { filterPattern: EVERY_EVENT }),
      path: ['kubernetes', at],
    })),
    ...hosts.map(({ logGroup, filterPattern }, at) => ({ logGroup, filterPattern, path: ['hosts', at] })),
  ];
}

/** Whether any log is read beside flow logs. */
export const hasSignals = (signals: Settings['signals']): boolean => signals.ecs || signalGroups(signals).length > 0;

/** The settings of the logs that are read beside flow logs: of orchestrators and of hosts. */
import { z } from 'zod';
import type { Settings } from './settings-types.ts';
import { signalGroups } from './signal-groups.ts';
import { textOrToken } from './token.ts';

const logGroup = textOrToken(
  /^[.\-_/#A-Za-z0-9]{1,512}$/,
  'must be the name of a log group, not its ARN: 1 to 512 of letters, digits and . - _ / #',
);

const kubernetes = z
  .strictObject({
    cluster: textOrToken(
      /^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$/,
      'must be the name of an EKS cluster: up to 100 of letters, digits, hyphen and underscore',
    )
      .optional()
      .describe(
        'Name of an EKS cluster in the account and Region of the stack. Its control plane logs of type audit must be ' +
          'switched on, which creates the log group /aws/eks/CLUSTER/cluster.',
      ),
    logGroup: logGroup
      .optional()
      .describe('Log group with the audit events of another cluster, one JSON object for each log event.'),
    allEvents: z
      .boolean()
      .default(false)
      .describe(
        'Whether every audit event is delivered, and not only those that can hold a signal. Sigma rules about other ' +
          'requests, such as reads of secrets, need it. Each GB of audit log then goes through the function.',
      ),
  })
  .refine(
    (source) => (source.cluster === undefined) !== (source.logGroup === undefined),
    'must contain cluster or logGroup, and not both',
  );

const host = z.strictObject({
  logGroup: logGroup.describe(
    'Log group that the CloudWatch agent or another shipper fills. The name of a stream should contain the instance id.',
  ),
  filterPattern: z
    .string()
    .max(1024)
    .default('')
    .describe(
      'Filter pattern of CloudWatch Logs. Only events that match are delivered. If empty, all are. operations.md has ' +
        'patterns for common formats.',
    ),
});

/** The policy of the function names each group. Its limit of 20 KB leaves room for these. */
const MAX_GROUPS = 30;

/** Refuses a log group that is named twice, and more of them than the policy of the function can hold. */
function checkGroups(signals: Settings['signals'], context: z.core.$RefinementCtx): void {
  const refuse = (path: readonly (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path: [...path], message });
  const groups = signalGroups(signals);
  const known = new Map<string, string>();
  for (const { logGroup, path } of groups) {
    const first = known.get(logGroup);
    if (first === undefined) known.set(logGroup, path.join('.'));
    else refuse(path, `must name a log group once: ${logGroup} is already that of signals.${first}`);
  }
  if (signals.rules !== undefined && groups.length === 0)
    refuse(['rules'], 'must come with signals.kubernetes or signals.hosts, whose events the rules are about');
  if (groups.length > MAX_GROUPS)
    refuse([], `must name at most ${MAX_GROUPS} log groups, since the policy of the function names each`);
}

/** `signals`: which logs are read. */
export const signals = z
  .strictObject({
    kubernetes: z
      .array(kubernetes)
      .default([])
      .describe(
        'Kubernetes clusters whose audit logs are read: execs into pods, tools in pods, and which pod has which address.',
      ),
    hosts: z
      .array(host)
      .default([])
      .describe(
        'Log groups with what started on hosts: auditd, laurel, Falco, Tetragon, Sysmon, Windows Security and ' +
          'PowerShell, osquery. The format is recognised by its content.',
      ),
    rules: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Folder with Sigma rules of your own (.yml, .yaml), as the app sees it. They are read when the app is ' +
          'synthesized, at most 500 rules of 1 MB together, and become part of the function. A rule that is not ' +
          'understood is refused by name.',
      ),
    ecs: z
      .boolean()
      .default(false)
      .describe(
        'Whether events of ECS are read: state changes of tasks, and RunTask and ExecuteCommand, which EventBridge ' +
          'receives only if the account has a trail in CloudTrail.',
      ),
  })
  .superRefine(checkGroups)
  .prefault({})
  .describe(
    'Logs that are read beside flow logs. They name who is behind a scan, and find tools that flow logs do not show. ' +
      'Unless one is set, the stack has nothing for them. Each log group gets a subscription filter, of which AWS ' +
      'allows two for each group in older accounts. At most 30 log groups together.',
  );

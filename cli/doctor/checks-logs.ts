/** Checks of what comes before the queue: the stack, the flow logs and the bucket. */
import { known } from '../../lib/store/health/ask.ts';
import { type Facts, type FlowLogFacts, type NotificationFacts, outputOf } from '../../lib/store/health/facts.ts';
import { delivers } from '../../lib/store/health/gather.ts';
import { shellWord } from '../../lib/text/untrusted.ts';
import { type Check, fail, judged, ok, region, skip, type Verdict, warn } from './check.ts';
import { judgeFormat } from './flow-log-format.ts';
import { judgeNewest, judgeRead } from './newest-object.ts';
import { admitsRule, foreignOwner } from './queue-policy.ts';
import { judgeScopes } from './scopes.ts';

const showFlowLogs = (facts: Facts): string => `aws ec2 describe-flow-logs ${region(facts)}`;

const showNotifications = (facts: Facts): string =>
  `aws s3api get-bucket-notification-configuration --bucket ${outputOf(facts, 'LogBucket')} ${region(facts)}`;

/** Judges the notifications of the bucket. The owner of a foreign bucket seldom lets readers look at them. */
function notificationsJudged(
  facts: Facts,
  what: string,
  using: (value: NotificationFacts) => Verdict,
): readonly Verdict[] {
  const owner = foreignOwner(facts);
  return owner !== undefined && 'denied' in facts.notifications
    ? [skip(`${what}: not looked at, because only account ${owner} may. There run: ${showNotifications(facts)}`)]
    : judged(facts, what, facts.notifications, using);
}

/** The flow logs that deliver to the bucket of the deployment. */
const ours = (facts: Facts, logs: readonly FlowLogFacts[]): FlowLogFacts[] =>
  logs.filter(({ destination }) => delivers(destination, outputOf(facts, 'LogBucket')));

/** One verdict for each flow log of the deployment that is not as it should be, or one that all are. */
const eachLog = (facts: Facts, fine: string, judge: (log: FlowLogFacts) => Verdict | undefined): readonly Verdict[] =>
  judged(facts, 'flow logs', facts.flowLogs, (logs) => {
    const found = ours(facts, logs);
    if (!found.length) return skip('no flow log of this account delivers to the bucket');
    const wrong = found.flatMap((log) => judge(log) ?? []);
    return wrong.length ? wrong : [ok(fine)];
  });

/** VPCs that are logged and whose equal addresses merge. */
const FLOW_LOG_SCOPES: Check = {
  id: 'flow-log.scopes',
  permission: 'ec2:DescribeFlowLogs, ec2:DescribeVpcs, lambda:GetFunctionConfiguration',
  anchor: 'equal-addresses',
  judge: (facts) =>
    judged(facts, 'addresses of VPCs', facts.vpcs, (vpcs) =>
      judged(facts, 'routingDomains', facts.routingDomains, (domains) => {
        const logged = ours(facts, known(facts.flowLogs) ?? []).map(({ resource }) => resource);
        return judgeScopes(vpcs, logged, domains, `npx --no-install sweepwatch setup domains ${region(facts)}`);
      }),
    ),
};

export const LOG_CHECKS: readonly Check[] = [
  {
    id: 'stack.status',
    permission: 'cloudformation:DescribeStacks',
    anchor: 'after-a-failed-first-deployment',
    judge: ({ stack: { name, status, reason, region } }) => {
      const events = `aws cloudformation describe-stack-events --stack-name ${name} --region ${region}`;
      if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) return [ok(`stack is ${status}`)];
      const text = `stack is ${status}`;
      const because = reason ?? 'the events of the stack say why';
      return [
        /IN_PROGRESS$|^UPDATE_ROLLBACK_COMPLETE$/.test(status)
          ? warn(text, because, events)
          : fail(text, because, events),
      ];
    },
  },
  {
    id: 'stack.version',
    permission: 'cloudformation:DescribeStacks',
    anchor: 'upgrading',
    judge: ({ stack: { outputs }, version }) => {
      const deployed = outputs.get('Version');
      if (!deployed) return [skip('version: the stack does not say which one it is')];
      if (deployed === version) return [ok(`version ${deployed}, the same as this command`)];
      const because = 'commands and functions of different versions may not read what the other writes';
      return [warn(`stack has version ${deployed}, this command ${version}`, because, 'npx cdk deploy')];
    },
  },
  {
    id: 'flow-log.destination',
    permission: 'ec2:DescribeFlowLogs',
    anchor: 'late-and-missing-logs',
    judge: (facts) =>
      judged(facts, 'flow logs', facts.flowLogs, (logs) => {
        const found = ours(facts, logs);
        if (found.length) return ok(`flow logs that deliver to the bucket: ${found.length}`);
        const bucket = outputOf(facts, 'LogBucket');
        if (logs.length && logs.every(({ destinationType }) => destinationType !== 's3'))
          return fail(
            `the ${logs.length} flow logs of this account deliver to CloudWatch Logs or Firehose only`,
            `Sweepwatch reads S3. Add a flow log that delivers to s3://${bucket}, for instance with the setting vpcs`,
            showFlowLogs(facts),
          );
        return warn(
          `no flow log of this account in this Region delivers to ${bucket}`,
          'unless other accounts deliver to it, no scan is detected. The setting vpcs creates flow logs',
          showFlowLogs(facts),
        );
      }),
  },
  {
    id: 'flow-log.delivery',
    permission: 'ec2:DescribeFlowLogs',
    anchor: 'late-and-missing-logs',
    judge: (facts) =>
      eachLog(facts, 'delivery succeeds', ({ id, resource, delivery, error }) =>
        delivery === 'FAILED'
          ? fail(
              `${id} of ${resource} is active, but its delivery fails: ${error || 'no reason given'}`,
              'the policy of the bucket or of its key does not allow delivery.logs.amazonaws.com to write',
              `aws s3api get-bucket-policy --bucket ${outputOf(facts, 'LogBucket')} ${region(facts)}`,
            )
          : undefined,
      ),
  },
  {
    id: 'flow-log.format',
    permission: 'ec2:DescribeFlowLogs',
    anchor: 'doctor',
    judge: (facts) =>
      eachLog(facts, 'format has all columns that detection reads', (log) => judgeFormat(log, showFlowLogs(facts))),
  },
  {
    id: 'flow-log.traffic',
    permission: 'ec2:DescribeFlowLogs',
    anchor: 'doctor',
    judge: (facts) =>
      eachLog(facts, 'traffic of both kinds is logged', ({ id, resource, trafficType }) =>
        trafficType === 'ALL' || trafficType === ''
          ? undefined
          : fail(
              `${id} of ${resource} logs only ${trafficType} traffic`,
              trafficType === 'REJECT'
                ? 'scans inside a permissive VPC, outbound scans and sweeps of open ports are not seen'
                : 'most probes are rejected, and none of those is seen',
              showFlowLogs(facts),
            ),
      ),
  },
  {
    id: 'flow-log.interval',
    permission: 'ec2:DescribeFlowLogs',
    anchor: 'doctor',
    judge: (facts) =>
      eachLog(facts, 'aggregation interval is a minute', ({ id, resource, interval }) =>
        interval <= 60
          ? undefined
          : warn(
              `${id} of ${resource} aggregates ${interval} s`,
              'alerts come up to ten minutes later, except for Nitro instances, and a reused source port hides probes',
              showFlowLogs(facts),
            ),
      ),
  },
  FLOW_LOG_SCOPES,
  {
    id: 'bucket.region',
    permission: 's3:ListBucket',
    anchor: 'policies-and-keys',
    judge: (facts) =>
      judged(facts, `bucket ${outputOf(facts, 'LogBucket')}`, facts.bucketRegion, (region) =>
        region === facts.stack.region
          ? ok(`bucket is in ${region}, as the stack`)
          : fail(
              `bucket is in ${region}, the stack in ${facts.stack.region}`,
              'S3 announces objects only within a Region: deploy the stack in the Region of the bucket',
              'npx cdk deploy',
            ),
      ),
  },
  {
    id: 'bucket.events',
    permission: 's3:GetBucketNotification',
    anchor: 'noobjects',
    judge: (facts) =>
      notificationsJudged(facts, 'notifications of the bucket', ({ eventBridge, queues }) => {
        if (queues.some(({ arn }) => arn === queueArn(facts))) return ok('the bucket notifies the ingest queue');
        const show = showNotifications(facts);
        const owner = foreignOwner(facts);
        if (eventBridge && admitsRule(policyOf(facts) ?? '', facts))
          return ok(
            owner === undefined
              ? 'the bucket sends its events to EventBridge, whose rule feeds the queue'
              : `the bucket sends its events to EventBridge, and a rule of account ${owner} may feed the queue`,
          );
        if (eventBridge)
          return fail(
            'the bucket sends its events to EventBridge, but no rule may feed the queue',
            'new files are not read',
            show,
          );
        return fail(
          'the bucket announces its objects neither to the ingest queue nor to EventBridge',
          'new files are not read. After the repair, replay the missed ones',
          show,
        );
      }),
  },
  {
    id: 'bucket.prefix',
    permission: 's3:GetBucketNotification, s3:ListBucket',
    anchor: 'noobjects',
    judge: (facts) =>
      notificationsJudged(facts, 'prefix of the notification', ({ queues }) => {
        const own = queues.filter(({ arn }) => arn === queueArn(facts));
        const object = known(facts.newest);
        if (!own.length) return skip('prefix of the notification: the queue is not notified by the bucket itself');
        if (!object) return skip('prefix of the notification: no object to compare with');
        if (own.some(({ prefix, suffix }) => object.key.startsWith(prefix) && object.key.endsWith(suffix)))
          return ok('the notification covers the newest object');
        const [{ prefix, suffix } = { prefix: '', suffix: '' }] = own;
        const text = `the notification for keys ${prefix}...${suffix} does not cover ${object.key}`;
        const show = showNotifications(facts);
        if (object.isSample)
          return warn(
            text,
            'not all folders were looked at, so the flow logs of this deployment may be elsewhere',
            show,
          );
        return fail(text, 'new files are not read. Correct the prefix of the notification or of the flow log', show);
      }),
  },
  {
    id: 'bucket.recent',
    permission: 's3:ListBucket',
    anchor: 'late-and-missing-logs',
    judge: (facts) =>
      judgeNewest(facts, { bucket: outputOf(facts, 'LogBucket'), newest: facts.newest, show: showFlowLogs(facts) }),
  },
  {
    id: 'bucket.read',
    permission: 's3:GetObject, kms:Decrypt',
    anchor: 'policies-and-keys',
    judge: (facts) =>
      judgeRead(facts, {
        newest: facts.newest,
        read: facts.read,
        show: `aws s3api get-bucket-policy --bucket ${outputOf(facts, 'LogBucket')} ${region(facts)}`,
      }),
  },
  {
    id: 'bucket.shared',
    permission: 'cloudformation:DescribeStacks on all stacks',
    anchor: 'shared-buckets',
    judge: (facts) =>
      judged(facts, 'other stacks', facts.sharing, (names) =>
        names.length === 0
          ? ok('no other stack of this account names the bucket')
          : warn(
              `the bucket is also that of ${names.join(', ')}`,
              'two detectors report each scan twice, and cost twice',
              `aws cloudformation describe-stacks --stack-name ${shellWord(names[0]!)} ${region(facts)}`,
            ),
      ),
  },
];

const queueArn = (facts: Facts): string | undefined => known(facts.queues.get('IngestQueue'))?.arn;
const policyOf = (facts: Facts): string | undefined => known(facts.queues.get('IngestQueue'))?.policy;

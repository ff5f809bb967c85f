/** Checks before a deployment: the settings, the account and the Region. */
import type { Settings } from '../../lib/config/settings-types.ts';
import { known } from '../../lib/store/health/ask.ts';
import type { AccountFacts } from '../../lib/store/health/facts.ts';
import { delivers } from '../../lib/store/health/gather.ts';
import { shellWord } from '../../lib/text/untrusted.ts';
import { countOf } from '../../lib/text/wording.ts';
import { type Check, fail, judged, ok, region, skip, type Verdict, warn } from './check.ts';
import { describe, FILTERS_OF_A_GROUP, othersIn } from './checks-signals.ts';
import { judgeScopes } from './scopes.ts';

/** What is known before a deployment. */
export interface Planned extends AccountFacts {
  readonly settings: Settings;
  /** The file that has them. */
  readonly file: string;
  /** The name of the bucket to read, if it exists already. */
  readonly existing: string | undefined;
}

/** AWS allows so many flow logs for a VPC. */
const FLOW_LOGS_OF_A_VPC = 2;
/** Ten files, five alerts and a run of settle at the same time. */
const CONCURRENCY = 16;

const SETTINGS = 'npm run synth';

/** The settings file can be used. Without it nothing else is judged. */
export const SETTINGS_FILE: Check<Planned> = {
  id: 'settings.file',
  permission: 'none',
  anchor: 'before-a-deployment',
  judge: () => [ok('the settings are valid')],
};

/** Values of the outputs of the stack with this name. An app with several detectors puts their ids before the name. */
const deployed = ({ outputs }: Planned, name: string): string[] =>
  [...outputs].flatMap(([output, value]) => (output.endsWith(name) ? [value] : []));

/** VPCs that will be logged and whose equal addresses would merge. */
const SCOPES_BEFORE: Check<Planned> = {
  id: 'account.scopes',
  permission: 'ec2:DescribeVpcs, ec2:DescribeFlowLogs',
  anchor: 'equal-addresses',
  judge: (facts) =>
    judged(facts, 'addresses of VPCs', facts.vpcs, (vpcs) => {
      const { settings, bucket, file } = facts;
      const logs = bucket ? (known(facts.flowLogs) ?? []) : [];
      const logged = [
        ...settings.vpcs.map(({ vpcId }) => vpcId),
        ...logs.flatMap(({ resource, destination }) => (delivers(destination, bucket!.name) ? [resource] : [])),
      ];
      const domains = `npx --no-install sweepwatch setup domains --config ${shellWord(file)} ${region(facts)}`;
      return judgeScopes(vpcs, logged, settings.routingDomains, domains);
    }),
};

/** Log groups of the settings that have no place left for a subscription filter. */
const LOG_GROUPS_BEFORE: Check<Planned> = {
  id: 'account.log-groups',
  permission: 'logs:DescribeSubscriptionFilters',
  anchor: 'log-groups-of-signals',
  judge: (facts) => {
    if (!facts.filters.size) return [skip('log groups of signals: the settings name none')];
    return [...facts.filters].flatMap(([group, answer]): readonly Verdict[] => {
      const show = describe(facts, group);
      if ('missing' in answer)
        return [
          fail(
            `the log group ${group} does not exist in ${facts.stack.region}`,
            'the deployment would fail at its subscription filter. A cluster makes it once its audit log is switched on',
            show,
          ),
        ];
      return judged(facts, `log group ${group}`, answer, (filters) => {
        const { others, hasOurs } = othersIn(filters, deployed(facts, 'SignalsFunction'));
        if (hasOurs || others.length < FILTERS_OF_A_GROUP) return ok(`${group} has a place for a subscription filter`);
        return failIfNew(
          facts,
          `${group} already has ${others.length} subscription filters: ${others.join(', ')}`,
          'AWS allows two for a log group unless the quota of the account is higher, so the deployment would fail at a third. Let one of them feed the other collector',
          show,
        );
      });
    });
  },
};

/** A failure of a first deployment. An update may own what is in the way, so that it gets a warning. */
const failIfNew = ({ status }: Planned, ...words: Parameters<typeof fail>): Verdict =>
  'value' in status && status.value === undefined ? fail(...words) : warn(...words);

export const PRE_CHECKS: readonly Check<Planned>[] = [
  SETTINGS_FILE,
  {
    id: 'settings.subscribers',
    permission: 'none',
    anchor: 'subscriptionsmissing',
    judge: ({ settings: { emails, opsEmails } }) => {
      if (!emails.length)
        return [
          warn('emails is empty', 'alerts reach the topic, but nobody receives them until you subscribe', SETTINGS),
        ];
      if (!opsEmails.length)
        return [warn('opsEmails is empty', 'alarms about the pipeline reach nobody until you subscribe', SETTINGS)];
      return [ok('alerts and alarms have addresses')];
    },
  },
  {
    id: 'settings.logs',
    permission: 'none',
    anchor: 'late-and-missing-logs',
    judge: ({ settings: { vpcs, bucket, logAccounts, logOrganization } }) =>
      vpcs.length || bucket.existing || logAccounts.length || logOrganization
        ? [ok('flow logs will come')]
        : [warn('vpcs is empty and the bucket is new', 'no flow log delivers to it until you create one', SETTINGS)],
  },
  {
    id: 'account.stack',
    permission: 'cloudformation:DescribeStacks',
    anchor: 'after-a-failed-first-deployment',
    judge: (facts) =>
      judged(facts, 'stack', facts.status, (status) => {
        const { name } = facts.stack;
        const events = `aws cloudformation describe-stack-events --stack-name ${shellWord(name)} ${region(facts)}`;
        if (status === undefined) return ok(`the name ${name} is free`);
        if (/^(CREATE|UPDATE|IMPORT|UPDATE_ROLLBACK)_COMPLETE$/.test(status))
          return ok(`stack ${name} will be updated`);
        const because = 'CloudFormation refuses a deployment in this state: delete the stack or wait';
        return fail(`stack ${name} is ${status}`, because, events);
      }),
  },
  {
    id: 'account.vpcs',
    permission: 'ec2:DescribeVpcs',
    anchor: 'late-and-missing-logs',
    judge: (facts) =>
      judged(facts, 'VPCs', facts.vpcs, (found) => {
        const wanted = facts.settings.vpcs.map(({ vpcId }) => vpcId);
        const missing = wanted.filter((id) => !found.some((vpc) => vpc.id === id));
        if (!wanted.length) return skip('VPCs: the settings name no VPC');
        if (!missing.length)
          return ok(`${countOf(wanted.length, 'VPC')} of the settings found in ${facts.stack.region}`);
        return missing.map((id) =>
          fail(
            `${id} does not exist in ${facts.stack.region}`,
            'the deployment would fail at its flow log',
            `aws ec2 describe-flow-logs ${region(facts)}`,
          ),
        );
      }),
  },
  SCOPES_BEFORE,
  {
    id: 'account.flow-logs',
    permission: 'ec2:DescribeFlowLogs',
    anchor: 'before-a-deployment',
    judge: (facts) =>
      judged(facts, 'flow logs', facts.flowLogs, (logs) => {
        if (facts.settings.vpcs.length === 0) return skip('flow logs: the settings name no VPC');
        const verdicts = facts.settings.vpcs.flatMap(({ vpcId }): Verdict[] => {
          const found = logs.filter(({ resource }) => resource === vpcId);
          // An update keeps the flow log that the stack has.
          const buckets = deployed(facts, 'LogBucket');
          if (found.some(({ destination }) => buckets.some((bucket) => delivers(destination, bucket)))) return [];
          const count = found.length;
          const show = `aws ec2 describe-flow-logs ${region(facts)}`;
          if (count >= FLOW_LOGS_OF_A_VPC)
            return [
              failIfNew(
                facts,
                `${vpcId} already has ${count} flow logs`,
                'AWS allows two for a VPC, so the deployment fails unless one is that of the stack',
                show,
              ),
            ];
          if (count === 0) return [];
          return [
            warn(
              `${vpcId} already has a flow log`,
              'unless it is that of the stack, the traffic is logged and billed twice. bucket.existing reads a log that exists',
              show,
            ),
          ];
        });
        return verdicts.length ? verdicts : ok('no VPC of the settings has another flow log');
      }),
  },
  LOG_GROUPS_BEFORE,
  {
    id: 'account.concurrency',
    permission: 'lambda:GetAccountSettings',
    anchor: 'ingestthrottles',
    judge: (facts) =>
      judged(facts, 'Lambda', facts.concurrency, (limit) =>
        limit >= CONCURRENCY
          ? ok(`Lambda allows ${limit} executions at the same time`)
          : warn(
              `Lambda allows ${limit} executions at the same time`,
              `Sweepwatch uses up to ${CONCURRENCY}, and others in the account need some too`,
              'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000',
            ),
      ),
  },
  {
    id: 'bucket.name',
    permission: 's3:ListBucket',
    anchor: 'policies-and-keys',
    judge: (facts) => {
      const { bucket, existing, stack } = facts;
      if (!bucket) return [skip('bucket: its name is made at deployment')];
      if (existing === undefined && 'missing' in bucket.region) return [ok(`the name ${bucket.name} is free`)];
      const show = `aws s3api list-objects-v2 --bucket ${bucket.name}`;
      if ('missing' in bucket.region)
        return [
          fail(`the bucket ${bucket.name} does not exist`, 'bucket.existing must name a bucket that exists', show),
        ];
      return judged(facts, `bucket ${bucket.name}`, bucket.region, (place) => {
        if (existing === undefined && deployed(facts, 'LogBucket').includes(bucket.name))
          return ok(`bucket ${bucket.name} is that of the stack`);
        if (existing === undefined)
          return failIfNew(
            facts,
            `the bucket ${bucket.name} exists already`,
            'the stack would create it: choose another bucket.new.name, or bucket.existing',
            show,
          );
        if (place === stack.region) return ok(`bucket ${bucket.name} is in ${place}`);
        return fail(
          `bucket ${bucket.name} is in ${place}, and the deployment would be in ${stack.region}`,
          'S3 announces objects only within a Region',
          show,
        );
      });
    },
  },
  {
    id: 'bucket.announces',
    permission: 's3:GetBucketNotification',
    anchor: 'noobjects',
    judge: (facts) => {
      const { bucket, settings } = facts;
      const { existing } = settings.bucket;
      if (!bucket || !existing) return [skip('notifications: the bucket is new')];
      const show = `aws s3api get-bucket-notification-configuration --bucket ${bucket.name} ${region(facts)}`;
      if (existing.account !== undefined && 'denied' in bucket.notifications)
        return [skip(`notifications: not looked at, because only account ${existing.account} may. There run: ${show}`)];
      return judged(facts, 'notifications', bucket.notifications, ({ eventBridge, queues }) => {
        if (existing.events === 'eventbridge')
          return eventBridge
            ? ok('the bucket sends its events to EventBridge')
            : fail(
                'the bucket does not send its events to EventBridge',
                'no file would be read: its owner must switch that on',
                show,
              );
        const prefix = existing.flowLogsUnder ?? existing.prefix;
        const own = deployed(facts, 'IngestQueue').map((url) => url.split('/').at(-1));
        const others = queues.filter(({ arn }) => !own.includes(arn.split(':').at(-1)));
        const other = others.find((each) => each.prefix.startsWith(prefix) || prefix.startsWith(each.prefix));
        return other
          ? failIfNew(
              facts,
              `a notification for keys ${other.prefix}... exists already`,
              'S3 refuses two for the same prefix: use events eventbridge',
              show,
            )
          : ok('no other notification of the bucket covers the prefix');
      });
    },
  },
  {
    id: 'bucket.readable',
    permission: 's3:ListBucket, s3:GetObject, kms:Decrypt',
    anchor: 'policies-and-keys',
    judge: (facts) => {
      const { bucket, settings } = facts;
      if (!bucket || !settings.bucket.existing) return [skip('reading: the bucket is new')];
      if ('value' in bucket.newest && !bucket.newest.value)
        return [
          warn(
            'the bucket has no object',
            'nothing shows that it receives flow logs',
            `aws s3api list-objects-v2 --bucket ${bucket.name} ${region(facts)}`,
          ),
        ];
      if ('missing' in bucket.read)
        return [
          fail(
            `its newest object cannot be read: ${bucket.read.missing}`,
            'ingest may be refused too',
            `aws s3api get-bucket-policy --bucket ${bucket.name} ${region(facts)}`,
          ),
        ];
      return judged(facts, 'reading', bucket.read, () => ok('its newest object can be read'));
    },
  },
];

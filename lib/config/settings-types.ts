/** The settings as types without zod, for the construct's users. Generated from the schema by `npm run schema`. */

/** The settings as a user writes them: everything optional. */
export interface SettingsInput {
  /**
   * Location of this schema, for editors. The program does not read it.
   */
  $schema?: string;
  /**
   * Name of the stack, value of the metric dimension `service`, and prefix of every fixed name.
   * @default "sweepwatch"
   */
  deploymentName?: string;
  /**
   * VPCs for which the stack creates a flow log: all traffic, 60 s aggregation, the columns that detection reads.
   * Leave it empty if flow logs exist already. A second flow log for a VPC is billed as vended logs again.
   * @default []
   */
  vpcs?: {
    /**
     * A VPC in the account and region of the stack.
     */
    vpcId: string;
  }[];
  /**
   * Where the flow log files are. Default: a new bucket.
   * @default {}
   */
  bucket?: {
    /**
     * Create a bucket for the flow logs, with the policy that log delivery needs.
     */
    new?: {
      /**
       * Name of the new bucket. Default: <deploymentName>-flow-logs-<account>-<region>. Set it when that name is
       * taken, for instance by the bucket that an earlier removal kept.
       */
      name?: string;
    };
    /**
     * Read a bucket that already receives flow logs. The stack changes neither its policy nor its encryption. With
     * vpcs, AWS itself may add statements for log delivery to its policy, or replace the policy. Synthesis then
     * prints the statements to add first.
     */
    existing?: {
      /**
       * Name or ARN of a bucket in the region of the stack.
       */
      bucket: string;
      /**
       * Account that owns the bucket, if it is not the account of the stack. The owner then adds the statements, and
       * the rule or notification, that `sweepwatch setup policy` prints. The stack gives the ingest queue and the
       * ingest role fixed names, which the statements contain.
       */
      account?: string;
      /**
       * How new objects are announced. eventbridge: the stack creates an EventBridge rule and does not change the
       * bucket, whose owner must have enabled EventBridge for it. notification: a custom resource adds the ingest
       * queue to the notifications of the bucket. S3 refuses that if another notification covers the same prefix. With
       * account, the owner creates the rule or the notification, because no rule of another account receives the
       * events of a bucket.
       * @default "eventbridge"
       */
      events?: "notification" | "eventbridge";
      /**
       * The right choice for a bucket shared with CloudTrail, Config or load balancers. Only the flow logs of all
       * accounts and Regions below this folder are read, plain or Hive-style. It ends with the AWSLogs/ that AWS adds,
       * for instance AWSLogs/ or network/AWSLogs/, or with an organization id after it.
       */
      flowLogsUnder?: string;
      /**
       * For files that another program copied: every object whose key has this prefix is read, for instance
       * copies/flow-logs/. If empty, the whole bucket is read. Empty objects, and logs of other services in the key
       * layout of AWS, are ignored and counted. Any other object that is not a flow log fails and raises an alarm.
       * @default ""
       */
      prefix?: string;
      /**
       * Customer managed key that encrypts the objects, if there is one. The ingest function gets permission to
       * decrypt with it.
       */
      kmsKeyArn?: string;
    };
  };
  /**
   * Further buckets of flow logs, of any Region and account, that the stack reads too, so that one scanner in
   * several Regions is one source. The stack creates an EventBridge bus (Classic). Rules beside the buckets send
   * to it, and `sweepwatch setup policy` prints them. An event costs the owner 0.000001 USD, and the transfer of a
   * file from another Region 0.02 USD per GB or more.
   * @default []
   */
  otherBuckets?: {
    /**
     * Name of the bucket.
     */
    bucket: string;
    /**
     * Region of the bucket.
     */
    region: string;
    /**
     * Account that owns the bucket. Default: the account of the stack.
     */
    account?: string;
    /**
     * As bucket.existing.flowLogsUnder: only the flow logs below this folder are read.
     * @default "AWSLogs/"
     */
    flowLogsUnder?: string;
    /**
     * Customer managed key that encrypts the objects, if there is one. The ingest function gets permission to
     * decrypt with it.
     */
    kmsKeyArn?: string;
  }[];
  /**
   * Further accounts that may deliver flow logs of any Region to the new bucket. The stack's own account always
   * may. The bucket policy has room for about 95 accounts (61 with hiveCompatiblePartitions). For more, set
   * logOrganization. Not used with an existing bucket, whose policy is yours.
   * @default []
   */
  logAccounts?: string[];
  /**
   * An organization of AWS Organizations. All its present and future accounts may deliver flow logs of any Region
   * to the new bucket. Not used with an existing bucket, whose policy is yours.
   */
  logOrganization?: string;
  /**
   * Columns of the flow logs of vpcs, and the layout of their files in the bucket.
   * @default {}
   */
  flowLogs?: {
    /**
     * Whether object keys are Hive-style (year=2026/month=11/...), which Athena can use as partitions. Also set it
     * if the accounts in logAccounts deliver that way.
     * @default false
     */
    hiveCompatiblePartitions?: boolean;
    /**
     * Whether each hour has its own folder, instead of each day. Cheaper to query, no effect on detection.
     * @default false
     */
    perHourPartition?: boolean;
    /**
     * Whether the flow logs of vpcs have the ECS columns, which name the cluster, service, task and container behind
     * a source. EC2 refuses a flow log with these columns unless an ECS cluster exists in the account and Region
     * when the flow log is created. Some reports say that the cluster must be in the VPC. The deploying role also
     * needs ecs:ListClusters, ecs:ListServices, ecs:ListTasks, ecs:ListTaskDefinitions and
     * ecs:ListContainerInstances. Only tasks in awsvpc mode are named. The columns are billed with every record.
     * @default false
     */
    ecs?: boolean;
    /**
     * Columns to leave out of the flow logs of vpcs, for a Region or partition that does not offer them yet. EC2
     * refuses a flow log with an unknown field. The table "What detection loses without a column" lists the
     * consequences.
     * @default []
     */
    leaveOut?: string[];
  };
  /**
   * Encryption of the new bucket, both tables and the alert topic. none: keys that AWS owns or manages, no fee.
   * new: a key that the stack creates and AWS rotates yearly (about 1 USD a month plus requests). An ARN: your own
   * key in the stack's account and Region. Its policy must allow delivery.logs.amazonaws.com to encrypt, and let
   * IAM policies of the account grant its use. Before you change this setting, pause ingest and drain its queue.
   * Until the roles are updated, calls under the new key are refused, and files under the old key become
   * unreadable.
   * @default "none"
   */
  kmsKey?: string;
  /**
   * E-mail addresses that receive alerts. Each must confirm the message from AWS within 48 hours.
   * @default []
   */
  emails?: string[];
  /**
   * E-mail addresses that receive the alarms about the pipeline itself. They belong to its operators, not to the
   * analysts.
   * @default []
   */
  opsEmails?: string[];
  /**
   * Alerts that reach the addresses in emails, by a filter policy of SNS. A storm is mailed if one of its alerts
   * would be, and the digest always. A change takes up to 15 minutes. To silence a finding for everybody, use
   * minSeverity.
   */
  emailFilter?: {
    /**
     * Alerts about findings below this severity are not mailed. Other subscribers still get them.
     * @default "informational"
     */
    minSeverity?: "informational" | "low" | "medium" | "high" | "critical";
    /**
     * Directions of findings that are mailed. Findings of signals alone have no direction and are mailed.
     * @default ["lateral","inbound","outbound"]
     */
    directions?: ("lateral" | "inbound" | "outbound")[];
  };
  /**
   * Destinations of alerts beside the subscribers of the alert topic. Each is off by default.
   * @default {}
   */
  destinations?: {
    /**
     * EventBridge bus that gets an event for each alert, and one for the digest. new: a bus that the stack creates.
     * An ARN: your own bus, the default one or a custom one. In another account, its policy must admit the forward
     * function. The bus must exist: EventBridge accepts events for one that does not, and drops them. About 1 USD
     * for a million events.
     * @default "none"
     */
    eventBus?: string;
    /**
     * Form of the detail of events. finding: as on the alert topic. ocsf-1.3, ocsf-1.6, ocsf-1.8: a Detection
     * Finding of that version of OCSF, with the activities Create, Update and Close. Security Lake takes 1.3 at
     * most.
     * @default "finding"
     */
    eventFormat?: "finding" | "ocsf-1.3" | "ocsf-1.6" | "ocsf-1.8";
    /**
     * A topic of its own (output ChatTopic) for Slack and Teams through Amazon Q Developer in chat applications.
     * Subscribe channels to this topic, and nothing else to it.
     */
    chat?: {
      /**
       * Alerts about findings below this severity stay out of the chat. Those below the general minSeverity are no
       * alerts at all.
       * @default "high"
       */
      minSeverity?: "informational" | "low" | "medium" | "high" | "critical";
    };
    /**
     * Whether findings are imported into Security Hub CSPM, which must be enabled in the account and Region of the
     * stack. They belong to that account, also if the source is in another one, which they name as a resource.
     * @default false
     */
    securityHub?: boolean;
  };
  /**
   * Logs that are read beside flow logs. They name who is behind a scan, and find tools that flow logs do not
   * show. Unless one is set, the stack has nothing for them. Each log group gets a subscription filter, of which
   * AWS allows two for each group in older accounts. At most 30 log groups together.
   * @default {}
   */
  signals?: {
    /**
     * Kubernetes clusters whose audit logs are read: execs into pods, tools in pods, and which pod has which
     * address.
     * @default []
     */
    kubernetes?: {
      /**
       * Name of an EKS cluster in the account and Region of the stack. Its control plane logs of type audit must be
       * switched on, which creates the log group /aws/eks/CLUSTER/cluster.
       */
      cluster?: string;
      /**
       * Log group with the audit events of another cluster, one JSON object for each log event.
       */
      logGroup?: string;
      /**
       * Whether every audit event is delivered, and not only those that can hold a signal. Sigma rules about other
       * requests, such as reads of secrets, need it. Each GB of audit log then goes through the function.
       * @default false
       */
      allEvents?: boolean;
    }[];
    /**
     * Log groups with what started on hosts: auditd, laurel, Falco, Tetragon, Sysmon, Windows Security and
     * PowerShell, osquery. The format is recognised by its content.
     * @default []
     */
    hosts?: {
      /**
       * Log group that the CloudWatch agent or another shipper fills. The name of a stream should contain the instance
       * id.
       */
      logGroup: string;
      /**
       * Filter pattern of CloudWatch Logs. Only events that match are delivered. If empty, all are. operations.md has
       * patterns for common formats.
       * @default ""
       */
      filterPattern?: string;
    }[];
    /**
     * Folder with Sigma rules of your own (.yml, .yaml), as the app sees it. They are read when the app is
     * synthesized, at most 500 rules of 1 MB together, and become part of the function. A rule that is not
     * understood is refused by name.
     */
    rules?: string;
    /**
     * Whether events of ECS are read: state changes of tasks, and RunTask and ExecuteCommand, which EventBridge
     * receives only if the account has a trail in CloudTrail.
     * @default false
     */
    ecs?: boolean;
  };
  /**
   * Watches, which raise the sensitivity for a time. The command `watch add` starts them by hand.
   * @default {}
   */
  watch?: {
    /**
     * Whether an exec into a container or a tool that signals show, of medium severity or above, starts a watch of
     * its pod or host by itself: high sensitivity for its addresses in the half day of the event, from 00:00 or
     * 12:00 UTC on, and for 24 hours after it. It finds slower scans of an intruder, and more harmless traffic of
     * administrators. Needs `signals`.
     * @default false
     */
    bySignals?: boolean;
  };
  /**
   * Further CIDR blocks that count as inside, for instance your public ranges. 10/8, 172.16/12, 192.168/16,
   * 100.64/10, fc00::/7 and the addresses of logged interfaces are always inside. The blocks must not overlap each
   * other.
   * @default []
   */
  internal?: string[];
  /**
   * Groups of VPCs that route to each other (peering, transit gateway) and so share one space of private
   * addresses: name to VPC ids. Default: all VPCs of an account are one domain. Set it if VPCs of an account reuse
   * address ranges, or if several accounts share a VPC. "setup domains" prints it.
   * @default {}
   */
  routingDomains?: Record<string, string[]>;
  /**
   * How little evidence is enough for a finding. low misses slow scans, high reports more harmless traffic.
   * @default "medium"
   */
  sensitivity?: "low" | "medium" | "high";
  /**
   * Numbers of the detector that override those of the sensitivity, one by one.
   * @default {}
   */
  detection?: {
    /**
     * Distinct failed ports of one target, or failed targets on one port, within 5 minutes that a scan needs. Lower
     * finds more scans, and more harmless traffic.
     * From 3 to 10000.
     */
    failuresIn5Minutes?: number;
    /**
     * The same within one hour. At least failuresIn5Minutes.
     * From 3 to 100000.
     */
    failuresIn1Hour?: number;
    /**
     * Distinct failed ports of one target, or failed targets on one port, within 24 hours. Lower finds slower scans,
     * and more misconfiguration.
     * From 3 to 100000.
     */
    failuresIn24Hours?: number;
    /**
     * Distinct failed ports of one target, or failed targets on one port, within 72 hours.
     * From 3 to 100000.
     */
    failuresIn72Hours?: number;
    /**
     * Failures needed for each success among the contacts that are judged together. Lower also finds scanners that
     * meet many open ports, and then crawlers and monitors.
     * From 0.5 to 100.
     */
    failuresPerSuccess?: number;
    /**
     * The same for windows beyond an hour, in which a host also makes many other contacts.
     * From 0.5 to 100.
     */
    failuresPerSuccessSlow?: number;
    /**
     * Probability that a first contact of a benign source succeeds. Must be above scannerSuccess.
     * From 0.5 to 0.999.
     */
    benignSuccess?: number;
    /**
     * Probability that a first contact of a scanner succeeds. Must be below benignSuccess.
     * From 0.001 to 0.5.
     */
    scannerSuccess?: number;
    /**
     * Accepted probability of calling a benign source a scanner. Thousands of sources are judged per day, so 0.01
     * would give many false alerts.
     * From 1e-7 to 0.1.
     */
    falsePositiveRate?: number;
    /**
     * Required probability of recognising a scanner.
     * From 0.5 to 0.999999.
     */
    detectionRate?: number;
    /**
     * Separate minutes in which a contact must be made to count as recurring rather than as a probe.
     * From 2 to 60.
     */
    habitMinutes?: number;
    /**
     * Separate hours, over days, in which a contact must be made to count as recurring.
     * From 2 to 72.
     */
    habitHours?: number;
    /**
     * Failed recurring contacts that one source may have. If it has more, they count as probes.
     * From 1 to 10000.
     */
    habitLimit?: number;
    /**
     * A scan of at least this many distinct ports and at least this many hosts is a block scan.
     * From 2 to 1000.
     */
    blockMinimum?: number;
    /**
     * If at least this many other outside sources complete contacts with a service, the service counts as public,
     * and its answer to a scanner does not raise the severity. Higher raises the severity of more inbound findings.
     * From 1 to 1000.
     */
    publicServiceSources?: number;
    /**
     * If an outside scanner tries at least this many targets on ten ports or more, its scan counts as aimed at this
     * network.
     * From 5 to 100000.
     */
    broadTargets?: number;
    /**
     * A finding mentions it if an inside source's fan-out is at least this many standard deviations above its own
     * hourly average. It never decides whether there is a finding.
     * From 1 to 100.
     */
    ownPastDeviations?: number;
    /**
     * Time after a record before a missing answer counts as unanswered. Lower alerts sooner, but wrongly if files
     * arrive late. Seconds of log time.
     * From 60 to 7200.
     */
    settleSeconds?: number;
    /**
     * Silence that ends a finding. Lower splits a slow scan into many findings. Seconds of log time.
     * From 300 to 259200.
     */
    episodeGapSeconds?: number;
    /**
     * Pause after which a scan of other targets becomes a new finding. Seconds of log time.
     * From 60 to 86400.
     */
    targetSetGapSeconds?: number;
    /**
     * Failed recurring ports of one target that a source may have. If it has more, they count as probes: a scan that
     * runs in a loop.
     * From 1 to 10000.
     */
    habitPorts?: number;
    /**
     * Distinct failed pairs of target and port within 5 minutes, if neither one target nor one port explains them.
     * Below 10, background noise of the internet becomes findings.
     * From 3 to 10000.
     */
    pairsIn5Minutes?: number;
    /**
     * The same within one hour.
     * From 3 to 100000.
     */
    pairsIn1Hour?: number;
    /**
     * Distinct failed pairs of target and port within 24 hours.
     * From 3 to 100000.
     */
    pairsIn24Hours?: number;
    /**
     * Distinct failed pairs of target and port within 72 hours.
     * From 3 to 100000.
     */
    pairsIn72Hours?: number;
    /**
     * Distinct inside hosts on which an inside source found one port open within 5 minutes and left without sending
     * data. Lower finds smaller sweeps of open ports, and more jobs that run over all hosts.
     * From 3 to 10000.
     */
    openTargetsIn5Minutes?: number;
    /**
     * Distinct inside hosts that an inside source asked once on one port within 5 minutes, for an answer of a few
     * kilobytes: a page, a certificate, a banner. Lower finds smaller sweeps, and checks that run over all hosts.
     * From 8 to 100000.
     */
    visitedTargetsIn5Minutes?: number;
    /**
     * Distinct ports of one target that a source found open within 5 minutes and left without sending data, as it
     * does with a host that answers on every port. Eight of them must be below 1024, or twelve from one source port,
     * or a hundred closed. Lower finds smaller ones, and more tests of new hosts.
     * From 8 to 65536.
     */
    openPortsIn5Minutes?: number;
    /**
     * Distinct failed pairs of inside host and remote-access port within one hour, over at least three hosts and
     * three services (SSH, Telnet, SMB, RDP, VNC, WinRM). Lower finds smaller sweeps, and inventory jobs with few
     * hosts.
     * From 3 to 10000.
     */
    remoteAccessIn1Hour?: number;
    /**
     * The same within 24 hours.
     * From 3 to 10000.
     */
    remoteAccessIn24Hours?: number;
    /**
     * Sources, all outside or all inside, that must divide the ports of one target between them within an hour, or
     * inside hosts on one port within three hours. Lower finds smaller campaigns, and more coincidences.
     * From 4 to 10000.
     */
    campaignSources?: number;
    /**
     * Distinct ports of the target that a source must try to be a member. All of them but one must fail. Further
     * ports may answer. Sources of background noise try at most three.
     * From 2 to 100.
     */
    campaignPortsPerSource?: number;
    /**
     * The same for inside hosts on the port.
     * From 2 to 100.
     */
    campaignTargetsPerSource?: number;
    /**
     * Distinct ports of one target that the members must try together.
     * From 8 to 65536.
     */
    campaignPorts?: number;
    /**
     * Distinct inside hosts that the members must try together on one port.
     * From 8 to 65536.
     */
    campaignTargets?: number;
    /**
     * Distinct pairs of inside host and port that a source must try within three hours to be a member of a campaign
     * that divides neither ports nor hosts.
     * From 2 to 100.
     */
    campaignPairsPerSource?: number;
    /**
     * Distinct pairs of inside host and port that its members must try together.
     * From 8 to 65536.
     */
    campaignPairs?: number;
    /**
     * Members that a port (or target, or pair) may have on average. Higher includes unrelated sources.
     * From 1 to 4.
     */
    campaignOverlap?: number;
  };
  /**
   * Findings below this severity raise no alert. They appear in the table and in the digest. Scans from outside
   * are low, so with the default they raise no alert.
   * @default "medium"
   */
  minSeverity?: "informational" | "low" | "medium" | "high" | "critical";
  /**
   * Limit of alerts that are sent one by one in five minutes. It applies separately to five groups: critical, high
   * from inside, high from outside, all others, and closed findings. Alerts beyond it are an alert storm. They are
   * held for at most five minutes and then sent in one message, the worst first. Lower is easier on readers.
   * Higher suits programs that need each finding.
   * From 1 to 500.
   * @default 50
   */
  alertsIn5Minutes?: number;
  /**
   * Hour of day (UTC) at which the daily digest of findings without an alert is sent. null turns the digest off,
   * also an hourly one.
   * @default 6
   */
  digestHourUtc?: number | null;
  /**
   * How often the digest is sent. hour: a message about each hour in which a scan was found, in the second hour
   * after it, whatever digestHourUtc is. No message is sent about an hour without scans.
   * @default "day"
   */
  digestEvery?: "day" | "hour";
  /**
   * Retention periods in days.
   * @default {}
   */
  retentionDays?: {
    /**
     * Days that contact windows are kept. The minimum is the longest horizon (72 h) and one day. More costs storage.
     * From 4 to 90.
     * @default 8
     */
    windows?: number;
    /**
     * Days that findings are kept after their last change.
     * From 7 to 3650.
     * @default 365
     */
    findings?: number;
    /**
     * Days that flow log files stay in the new bucket. They are the evidence behind a finding.
     * From 1 to 3650.
     * @default 30
     */
    logObjects?: number;
    /**
     * Days that the logs of the functions are kept. Must be one of the numbers that CloudWatch Logs accepts.
     * @default 30
     */
    functionLogs?: 1 | 3 | 5 | 7 | 14 | 30 | 60 | 90 | 120 | 150 | 180 | 365 | 400 | 545 | 731 | 1096 | 1827 | 2192 | 2557 | 2922 | 3288 | 3653;
  };
  /**
   * Write ceilings of the tables, which limit the bill during a flood of traffic. One unit used all month costs
   * about 1.62 USD (0.625 USD per million writes). AWS enforces the ceilings on a best-effort basis, so writes may
   * exceed them briefly. At the ceiling, writes are retried and files wait in the queue. Outside sources with few
   * contacts are dropped first, which raises an alarm.
   * @default {}
   */
  maxWriteUnits?: {
    /**
     * Write units per second of the windows table.
     * From 10 to 40000.
     * @default 500
     */
    windows?: number;
    /**
     * Write units per second of the findings table, and separately of each of its four indexes.
     * From 10 to 40000.
     * @default 100
     */
    findings?: number;
  };
  /**
   * Size of the ingest function.
   * @default {}
   */
  ingest?: {
    /**
     * Memory of the ingest function in MiB. More memory also gives more CPU (1769 MiB is one vCPU).
     * From 512 to 10240.
     * @default 1024
     */
    memoryMiB?: number;
    /**
     * Number of files to read in parallel. Higher catches up faster after an outage and leaves less concurrency for
     * other functions.
     * From 2 to 1000.
     * @default 10
     */
    maxConcurrency?: number;
  };
  /**
   * Look backs at large archives, with a Distributed Map of Step Functions.
   * @default {}
   */
  lookBack?: {
    /**
     * Number of batches of old files that a look back with "backfill --map" reads in parallel, beside those of
     * ingest. 0: the stack has no state machine, and old files pass only through the queue. For 20, set
     * maxWriteUnits.windows to 4000: with the workload of docs/cost.md, each batch writes about 200 units per
     * second.
     * From 0 to 1000.
     * @default 0
     */
    maxConcurrency?: number;
  };
  /**
   * Column names, in order, of files without a header line. If empty, the 14 default fields apply.
   * @default []
   */
  fields?: string[];
  /**
   * Log level of the functions. DEBUG writes gigabytes, which CloudWatch bills.
   * @default "INFO"
   */
  logLevel?: "DEBUG" | "INFO" | "WARN" | "ERROR";
  /**
   * Whether the settle function notes every five minutes which addresses the network interfaces of this account
   * and Region hold. Failed contacts with addresses that no interface has held for three days are then weighed as
   * such, from three days after the first deployment with it. The function then may list interfaces and subnets,
   * which IAM cannot limit to a resource. With 1,000 interfaces it costs about 0.20 USD a month, with 20,000 about
   * 1.50.
   * @default false
   */
  inventory?: boolean;
  /**
   * Whether there are also alarms on errors and throttles of each function, an alarm on missing files beside the
   * one on missing records, and metrics that no alarm needs. Without them the same trouble is reported by the age
   * of messages, dead letters and missing records, some minutes later, and the numbers are in the logs and on the
   * dashboard. They cost about 4 USD a month.
   * @default false
   */
  detailedMonitoring?: boolean;
  /**
   * Whether the stack has a CloudWatch dashboard. The first three of an account are free, each further one costs 3
   * USD a month.
   * @default true
   */
  dashboard?: boolean;
  /**
   * Whether AWS X-Ray records invocations of the functions: when each started, how long its parts took, whether it
   * failed. X-Ray records the first invocation of each second and 5% of the others. The first 100,000 traces of an
   * account and month are free, a million more cost 5 USD. The functions then may send traces, which IAM cannot
   * limit to a resource.
   * @default false
   */
  tracing?: boolean;
  /**
   * Whether tables, new bucket, the bucket of look backs and new key outlive the stack. With false, tables and key
   * are deleted with the stack. The buckets must be emptied first, since CloudFormation does not delete a bucket
   * with objects. A first deployment that fails deletes all of them in either case.
   * @default true
   */
  keepDataOnRemoval?: boolean;
  /**
   * Whether DynamoDB refuses to delete the tables. Set it only after the first deployment has succeeded:
   * CloudFormation cannot roll back a protected table, so a first deployment that fails ends in ROLLBACK_FAILED
   * and leaves both tables. Without it the tables still outlive the stack, and DynamoDB keeps a backup of a
   * deleted table for 35 days. Security Hub control DynamoDB.6 asks for it.
   * @default false
   */
  deletionProtection?: boolean;
}

/** All settings, with defaults filled in. */
export interface Settings {
  /**
   * Location of this schema, for editors. The program does not read it.
   */
  $schema?: string;
  /**
   * Name of the stack, value of the metric dimension `service`, and prefix of every fixed name.
   * @default "sweepwatch"
   */
  deploymentName: string;
  /**
   * VPCs for which the stack creates a flow log: all traffic, 60 s aggregation, the columns that detection reads.
   * Leave it empty if flow logs exist already. A second flow log for a VPC is billed as vended logs again.
   * @default []
   */
  vpcs: {
    /**
     * A VPC in the account and region of the stack.
     */
    vpcId: string;
  }[];
  /**
   * Where the flow log files are. Default: a new bucket.
   * @default {}
   */
  bucket: {
    /**
     * Create a bucket for the flow logs, with the policy that log delivery needs.
     */
    new?: {
      /**
       * Name of the new bucket. Default: <deploymentName>-flow-logs-<account>-<region>. Set it when that name is
       * taken, for instance by the bucket that an earlier removal kept.
       */
      name?: string;
    };
    /**
     * Read a bucket that already receives flow logs. The stack changes neither its policy nor its encryption. With
     * vpcs, AWS itself may add statements for log delivery to its policy, or replace the policy. Synthesis then
     * prints the statements to add first.
     */
    existing?: {
      /**
       * Name or ARN of a bucket in the region of the stack.
       */
      bucket: string;
      /**
       * Account that owns the bucket, if it is not the account of the stack. The owner then adds the statements, and
       * the rule or notification, that `sweepwatch setup policy` prints. The stack gives the ingest queue and the
       * ingest role fixed names, which the statements contain.
       */
      account?: string;
      /**
       * How new objects are announced. eventbridge: the stack creates an EventBridge rule and does not change the
       * bucket, whose owner must have enabled EventBridge for it. notification: a custom resource adds the ingest
       * queue to the notifications of the bucket. S3 refuses that if another notification covers the same prefix. With
       * account, the owner creates the rule or the notification, because no rule of another account receives the
       * events of a bucket.
       * @default "eventbridge"
       */
      events: "notification" | "eventbridge";
      /**
       * The right choice for a bucket shared with CloudTrail, Config or load balancers. Only the flow logs of all
       * accounts and Regions below this folder are read, plain or Hive-style. It ends with the AWSLogs/ that AWS adds,
       * for instance AWSLogs/ or network/AWSLogs/, or with an organization id after it.
       */
      flowLogsUnder?: string;
      /**
       * For files that another program copied: every object whose key has this prefix is read, for instance
       * copies/flow-logs/. If empty, the whole bucket is read. Empty objects, and logs of other services in the key
       * layout of AWS, are ignored and counted. Any other object that is not a flow log fails and raises an alarm.
       * @default ""
       */
      prefix: string;
      /**
       * Customer managed key that encrypts the objects, if there is one. The ingest function gets permission to
       * decrypt with it.
       */
      kmsKeyArn?: string;
    };
  };
  /**
   * Further buckets of flow logs, of any Region and account, that the stack reads too, so that one scanner in
   * several Regions is one source. The stack creates an EventBridge bus (Classic). Rules beside the buckets send
   * to it, and `sweepwatch setup policy` prints them. An event costs the owner 0.000001 USD, and the transfer of a
   * file from another Region 0.02 USD per GB or more.
   * @default []
   */
  otherBuckets: {
    /**
     * Name of the bucket.
     */
    bucket: string;
    /**
     * Region of the bucket.
     */
    region: string;
    /**
     * Account that owns the bucket. Default: the account of the stack.
     */
    account?: string;
    /**
     * As bucket.existing.flowLogsUnder: only the flow logs below this folder are read.
     * @default "AWSLogs/"
     */
    flowLogsUnder: string;
    /**
     * Customer managed key that encrypts the objects, if there is one. The ingest function gets permission to
     * decrypt with it.
     */
    kmsKeyArn?: string;
  }[];
  /**
   * Further accounts that may deliver flow logs of any Region to the new bucket. The stack's own account always
   * may. The bucket policy has room for about 95 accounts (61 with hiveCompatiblePartitions). For more, set
   * logOrganization. Not used with an existing bucket, whose policy is yours.
   * @default []
   */
  logAccounts: string[];
  /**
   * An organization of AWS Organizations. All its present and future accounts may deliver flow logs of any Region
   * to the new bucket. Not used with an existing bucket, whose policy is yours.
   */
  logOrganization?: string;
  /**
   * Columns of the flow logs of vpcs, and the layout of their files in the bucket.
   */
  flowLogs: {
    /**
     * Whether object keys are Hive-style (year=2026/month=11/...), which Athena can use as partitions. Also set it
     * if the accounts in logAccounts deliver that way.
     * @default false
     */
    hiveCompatiblePartitions: boolean;
    /**
     * Whether each hour has its own folder, instead of each day. Cheaper to query, no effect on detection.
     * @default false
     */
    perHourPartition: boolean;
    /**
     * Whether the flow logs of vpcs have the ECS columns, which name the cluster, service, task and container behind
     * a source. EC2 refuses a flow log with these columns unless an ECS cluster exists in the account and Region
     * when the flow log is created. Some reports say that the cluster must be in the VPC. The deploying role also
     * needs ecs:ListClusters, ecs:ListServices, ecs:ListTasks, ecs:ListTaskDefinitions and
     * ecs:ListContainerInstances. Only tasks in awsvpc mode are named. The columns are billed with every record.
     * @default false
     */
    ecs: boolean;
    /**
     * Columns to leave out of the flow logs of vpcs, for a Region or partition that does not offer them yet. EC2
     * refuses a flow log with an unknown field. The table "What detection loses without a column" lists the
     * consequences.
     * @default []
     */
    leaveOut: string[];
  };
  /**
   * Encryption of the new bucket, both tables and the alert topic. none: keys that AWS owns or manages, no fee.
   * new: a key that the stack creates and AWS rotates yearly (about 1 USD a month plus requests). An ARN: your own
   * key in the stack's account and Region. Its policy must allow delivery.logs.amazonaws.com to encrypt, and let
   * IAM policies of the account grant its use. Before you change this setting, pause ingest and drain its queue.
   * Until the roles are updated, calls under the new key are refused, and files under the old key become
   * unreadable.
   * @default "none"
   */
  kmsKey: string;
  /**
   * E-mail addresses that receive alerts. Each must confirm the message from AWS within 48 hours.
   * @default []
   */
  emails: string[];
  /**
   * E-mail addresses that receive the alarms about the pipeline itself. They belong to its operators, not to the
   * analysts.
   * @default []
   */
  opsEmails: string[];
  /**
   * Alerts that reach the addresses in emails, by a filter policy of SNS. A storm is mailed if one of its alerts
   * would be, and the digest always. A change takes up to 15 minutes. To silence a finding for everybody, use
   * minSeverity.
   */
  emailFilter?: {
    /**
     * Alerts about findings below this severity are not mailed. Other subscribers still get them.
     * @default "informational"
     */
    minSeverity: "informational" | "low" | "medium" | "high" | "critical";
    /**
     * Directions of findings that are mailed. Findings of signals alone have no direction and are mailed.
     * @default ["lateral","inbound","outbound"]
     */
    directions: ("lateral" | "inbound" | "outbound")[];
  };
  /**
   * Destinations of alerts beside the subscribers of the alert topic. Each is off by default.
   */
  destinations: {
    /**
     * EventBridge bus that gets an event for each alert, and one for the digest. new: a bus that the stack creates.
     * An ARN: your own bus, the default one or a custom one. In another account, its policy must admit the forward
     * function. The bus must exist: EventBridge accepts events for one that does not, and drops them. About 1 USD
     * for a million events.
     * @default "none"
     */
    eventBus: string;
    /**
     * Form of the detail of events. finding: as on the alert topic. ocsf-1.3, ocsf-1.6, ocsf-1.8: a Detection
     * Finding of that version of OCSF, with the activities Create, Update and Close. Security Lake takes 1.3 at
     * most.
     * @default "finding"
     */
    eventFormat: "finding" | "ocsf-1.3" | "ocsf-1.6" | "ocsf-1.8";
    /**
     * A topic of its own (output ChatTopic) for Slack and Teams through Amazon Q Developer in chat applications.
     * Subscribe channels to this topic, and nothing else to it.
     */
    chat?: {
      /**
       * Alerts about findings below this severity stay out of the chat. Those below the general minSeverity are no
       * alerts at all.
       * @default "high"
       */
      minSeverity: "informational" | "low" | "medium" | "high" | "critical";
    };
    /**
     * Whether findings are imported into Security Hub CSPM, which must be enabled in the account and Region of the
     * stack. They belong to that account, also if the source is in another one, which they name as a resource.
     * @default false
     */
    securityHub: boolean;
  };
  /**
   * Logs that are read beside flow logs. They name who is behind a scan, and find tools that flow logs do not
   * show. Unless one is set, the stack has nothing for them. Each log group gets a subscription filter, of which
   * AWS allows two for each group in older accounts. At most 30 log groups together.
   */
  signals: {
    /**
     * Kubernetes clusters whose audit logs are read: execs into pods, tools in pods, and which pod has which
     * address.
     * @default []
     */
    kubernetes: {
      /**
       * Name of an EKS cluster in the account and Region of the stack. Its control plane logs of type audit must be
       * switched on, which creates the log group /aws/eks/CLUSTER/cluster.
       */
      cluster?: string;
      /**
       * Log group with the audit events of another cluster, one JSON object for each log event.
       */
      logGroup?: string;
      /**
       * Whether every audit event is delivered, and not only those that can hold a signal. Sigma rules about other
       * requests, such as reads of secrets, need it. Each GB of audit log then goes through the function.
       * @default false
       */
      allEvents: boolean;
    }[];
    /**
     * Log groups with what started on hosts: auditd, laurel, Falco, Tetragon, Sysmon, Windows Security and
     * PowerShell, osquery. The format is recognised by its content.
     * @default []
     */
    hosts: {
      /**
       * Log group that the CloudWatch agent or another shipper fills. The name of a stream should contain the instance
       * id.
       */
      logGroup: string;
      /**
       * Filter pattern of CloudWatch Logs. Only events that match are delivered. If empty, all are. operations.md has
       * patterns for common formats.
       * @default ""
       */
      filterPattern: string;
    }[];
    /**
     * Folder with Sigma rules of your own (.yml, .yaml), as the app sees it. They are read when the app is
     * synthesized, at most 500 rules of 1 MB together, and become part of the function. A rule that is not
     * understood is refused by name.
     */
    rules?: string;
    /**
     * Whether events of ECS are read: state changes of tasks, and RunTask and ExecuteCommand, which EventBridge
     * receives only if the account has a trail in CloudTrail.
     * @default false
     */
    ecs: boolean;
  };
  /**
   * Watches, which raise the sensitivity for a time. The command `watch add` starts them by hand.
   */
  watch: {
    /**
     * Whether an exec into a container or a tool that signals show, of medium severity or above, starts a watch of
     * its pod or host by itself: high sensitivity for its addresses in the half day of the event, from 00:00 or
     * 12:00 UTC on, and for 24 hours after it. It finds slower scans of an intruder, and more harmless traffic of
     * administrators. Needs `signals`.
     * @default false
     */
    bySignals: boolean;
  };
  /**
   * Further CIDR blocks that count as inside, for instance your public ranges. 10/8, 172.16/12, 192.168/16,
   * 100.64/10, fc00::/7 and the addresses of logged interfaces are always inside. The blocks must not overlap each
   * other.
   * @default []
   */
  internal: string[];
  /**
   * Groups of VPCs that route to each other (peering, transit gateway) and so share one space of private
   * addresses: name to VPC ids. Default: all VPCs of an account are one domain. Set it if VPCs of an account reuse
   * address ranges, or if several accounts share a VPC. "setup domains" prints it.
   * @default {}
   */
  routingDomains: Record<string, string[]>;
  /**
   * How little evidence is enough for a finding. low misses slow scans, high reports more harmless traffic.
   * @default "medium"
   */
  sensitivity: "low" | "medium" | "high";
  /**
   * Numbers of the detector that override those of the sensitivity, one by one.
   * @default {}
   */
  detection: {
    /**
     * Distinct failed ports of one target, or failed targets on one port, within 5 minutes that a scan needs. Lower
     * finds more scans, and more harmless traffic.
     * From 3 to 10000.
     */
    failuresIn5Minutes?: number;
    /**
     * The same within one hour. At least failuresIn5Minutes.
     * From 3 to 100000.
     */
    failuresIn1Hour?: number;
    /**
     * Distinct failed ports of one target, or failed targets on one port, within 24 hours. Lower finds slower scans,
     * and more misconfiguration.
     * From 3 to 100000.
     */
    failuresIn24Hours?: number;
    /**
     * Distinct failed ports of one target, or failed targets on one port, within 72 hours.
     * From 3 to 100000.
     */
    failuresIn72Hours?: number;
    /**
     * Failures needed for each success among the contacts that are judged together. Lower also finds scanners that
     * meet many open ports, and then crawlers and monitors.
     * From 0.5 to 100.
     */
    failuresPerSuccess?: number;
    /**
     * The same for windows beyond an hour, in which a host also makes many other contacts.
     * From 0.5 to 100.
     */
    failuresPerSuccessSlow?: number;
    /**
     * Probability that a first contact of a benign source succeeds. Must be above scannerSuccess.
     * From 0.5 to 0.999.
     */
    benignSuccess?: number;
    /**
     * Probability that a first contact of a scanner succeeds. Must be below benignSuccess.
     * From 0.001 to 0.5.
     */
    scannerSuccess?: number;
    /**
     * Accepted probability of calling a benign source a scanner. Thousands of sources are judged per day, so 0.01
     * would give many false alerts.
     * From 1e-7 to 0.1.
     */
    falsePositiveRate?: number;
    /**
     * Required probability of recognising a scanner.
     * From 0.5 to 0.999999.
     */
    detectionRate?: number;
    /**
     * Separate minutes in which a contact must be made to count as recurring rather than as a probe.
     * From 2 to 60.
     */
    habitMinutes?: number;
    /**
     * Separate hours, over days, in which a contact must be made to count as recurring.
     * From 2 to 72.
     */
    habitHours?: number;
    /**
     * Failed recurring contacts that one source may have. If it has more, they count as probes.
     * From 1 to 10000.
     */
    habitLimit?: number;
    /**
     * A scan of at least this many distinct ports and at least this many hosts is a block scan.
     * From 2 to 1000.
     */
    blockMinimum?: number;
    /**
     * If at least this many other outside sources complete contacts with a service, the service counts as public,
     * and its answer to a scanner does not raise the severity. Higher raises the severity of more inbound findings.
     * From 1 to 1000.
     */
    publicServiceSources?: number;
    /**
     * If an outside scanner tries at least this many targets on ten ports or more, its scan counts as aimed at this
     * network.
     * From 5 to 100000.
     */
    broadTargets?: number;
    /**
     * A finding mentions it if an inside source's fan-out is at least this many standard deviations above its own
     * hourly average. It never decides whether there is a finding.
     * From 1 to 100.
     */
    ownPastDeviations?: number;
    /**
     * Time after a record before a missing answer counts as unanswered. Lower alerts sooner, but wrongly if files
     * arrive late. Seconds of log time.
     * From 60 to 7200.
     */
    settleSeconds?: number;
    /**
     * Silence that ends a finding. Lower splits a slow scan into many findings. Seconds of log time.
     * From 300 to 259200.
     */
    episodeGapSeconds?: number;
    /**
     * Pause after which a scan of other targets becomes a new finding. Seconds of log time.
     * From 60 to 86400.
     */
    targetSetGapSeconds?: number;
    /**
     * Failed recurring ports of one target that a source may have. If it has more, they count as probes: a scan that
     * runs in a loop.
     * From 1 to 10000.
     */
    habitPorts?: number;
    /**
     * Distinct failed pairs of target and port within 5 minutes, if neither one target nor one port explains them.
     * Below 10, background noise of the internet becomes findings.
     * From 3 to 10000.
     */
    pairsIn5Minutes?: number;
    /**
     * The same within one hour.
     * From 3 to 100000.
     */
    pairsIn1Hour?: number;
    /**
     * Distinct failed pairs of target and port within 24 hours.
     * From 3 to 100000.
     */
    pairsIn24Hours?: number;
    /**
     * Distinct failed pairs of target and port within 72 hours.
     * From 3 to 100000.
     */
    pairsIn72Hours?: number;
    /**
     * Distinct inside hosts on which an inside source found one port open within 5 minutes and left without sending
     * data. Lower finds smaller sweeps of open ports, and more jobs that run over all hosts.
     * From 3 to 10000.
     */
    openTargetsIn5Minutes?: number;
    /**
     * Distinct inside hosts that an inside source asked once on one port within 5 minutes, for an answer of a few
     * kilobytes: a page, a certificate, a banner. Lower finds smaller sweeps, and checks that run over all hosts.
     * From 8 to 100000.
     */
    visitedTargetsIn5Minutes?: number;
    /**
     * Distinct ports of one target that a source found open within 5 minutes and left without sending data, as it
     * does with a host that answers on every port. Eight of them must be below 1024, or twelve from one source port,
     * or a hundred closed. Lower finds smaller ones, and more tests of new hosts.
     * From 8 to 65536.
     */
    openPortsIn5Minutes?: number;
    /**
     * Distinct failed pairs of inside host and remote-access port within one hour, over at least three hosts and
     * three services (SSH, Telnet, SMB, RDP, VNC, WinRM). Lower finds smaller sweeps, and inventory jobs with few
     * hosts.
     * From 3 to 10000.
     */
    remoteAccessIn1Hour?: number;
    /**
     * The same within 24 hours.
     * From 3 to 10000.
     */
    remoteAccessIn24Hours?: number;
    /**
     * Sources, all outside or all inside, that must divide the ports of one target between them within an hour, or
     * inside hosts on one port within three hours. Lower finds smaller campaigns, and more coincidences.
     * From 4 to 10000.
     */
    campaignSources?: number;
    /**
     * Distinct ports of the target that a source must try to be a member. All of them but one must fail. Further
     * ports may answer. Sources of background noise try at most three.
     * From 2 to 100.
     */
    campaignPortsPerSource?: number;
    /**
     * The same for inside hosts on the port.
     * From 2 to 100.
     */
    campaignTargetsPerSource?: number;
    /**
     * Distinct ports of one target that the members must try together.
     * From 8 to 65536.
     */
    campaignPorts?: number;
    /**
     * Distinct inside hosts that the members must try together on one port.
     * From 8 to 65536.
     */
    campaignTargets?: number;
    /**
     * Distinct pairs of inside host and port that a source must try within three hours to be a member of a campaign
     * that divides neither ports nor hosts.
     * From 2 to 100.
     */
    campaignPairsPerSource?: number;
    /**
     * Distinct pairs of inside host and port that its members must try together.
     * From 8 to 65536.
     */
    campaignPairs?: number;
    /**
     * Members that a port (or target, or pair) may have on average. Higher includes unrelated sources.
     * From 1 to 4.
     */
    campaignOverlap?: number;
  };
  /**
   * Findings below this severity raise no alert. They appear in the table and in the digest. Scans from outside
   * are low, so with the default they raise no alert.
   * @default "medium"
   */
  minSeverity: "informational" | "low" | "medium" | "high" | "critical";
  /**
   * Limit of alerts that are sent one by one in five minutes. It applies separately to five groups: critical, high
   * from inside, high from outside, all others, and closed findings. Alerts beyond it are an alert storm. They are
   * held for at most five minutes and then sent in one message, the worst first. Lower is easier on readers.
   * Higher suits programs that need each finding.
   * From 1 to 500.
   * @default 50
   */
  alertsIn5Minutes: number;
  /**
   * Hour of day (UTC) at which the daily digest of findings without an alert is sent. null turns the digest off,
   * also an hourly one.
   * @default 6
   */
  digestHourUtc: number | null;
  /**
   * How often the digest is sent. hour: a message about each hour in which a scan was found, in the second hour
   * after it, whatever digestHourUtc is. No message is sent about an hour without scans.
   * @default "day"
   */
  digestEvery: "day" | "hour";
  /**
   * Retention periods in days.
   */
  retentionDays: {
    /**
     * Days that contact windows are kept. The minimum is the longest horizon (72 h) and one day. More costs storage.
     * From 4 to 90.
     * @default 8
     */
    windows: number;
    /**
     * Days that findings are kept after their last change.
     * From 7 to 3650.
     * @default 365
     */
    findings: number;
    /**
     * Days that flow log files stay in the new bucket. They are the evidence behind a finding.
     * From 1 to 3650.
     * @default 30
     */
    logObjects: number;
    /**
     * Days that the logs of the functions are kept. Must be one of the numbers that CloudWatch Logs accepts.
     * @default 30
     */
    functionLogs: 1 | 3 | 5 | 7 | 14 | 30 | 60 | 90 | 120 | 150 | 180 | 365 | 400 | 545 | 731 | 1096 | 1827 | 2192 | 2557 | 2922 | 3288 | 3653;
  };
  /**
   * Write ceilings of the tables, which limit the bill during a flood of traffic. One unit used all month costs
   * about 1.62 USD (0.625 USD per million writes). AWS enforces the ceilings on a best-effort basis, so writes may
   * exceed them briefly. At the ceiling, writes are retried and files wait in the queue. Outside sources with few
   * contacts are dropped first, which raises an alarm.
   */
  maxWriteUnits: {
    /**
     * Write units per second of the windows table.
     * From 10 to 40000.
     * @default 500
     */
    windows: number;
    /**
     * Write units per second of the findings table, and separately of each of its four indexes.
     * From 10 to 40000.
     * @default 100
     */
    findings: number;
  };
  /**
   * Size of the ingest function.
   */
  ingest: {
    /**
     * Memory of the ingest function in MiB. More memory also gives more CPU (1769 MiB is one vCPU).
     * From 512 to 10240.
     * @default 1024
     */
    memoryMiB: number;
    /**
     * Number of files to read in parallel. Higher catches up faster after an outage and leaves less concurrency for
     * other functions.
     * From 2 to 1000.
     * @default 10
     */
    maxConcurrency: number;
  };
  /**
   * Look backs at large archives, with a Distributed Map of Step Functions.
   */
  lookBack: {
    /**
     * Number of batches of old files that a look back with "backfill --map" reads in parallel, beside those of
     * ingest. 0: the stack has no state machine, and old files pass only through the queue. For 20, set
     * maxWriteUnits.windows to 4000: with the workload of docs/cost.md, each batch writes about 200 units per
     * second.
     * From 0 to 1000.
     * @default 0
     */
    maxConcurrency: number;
  };
  /**
   * Column names, in order, of files without a header line. If empty, the 14 default fields apply.
   * @default []
   */
  fields: string[];
  /**
   * Log level of the functions. DEBUG writes gigabytes, which CloudWatch bills.
   * @default "INFO"
   */
  logLevel: "DEBUG" | "INFO" | "WARN" | "ERROR";
  /**
   * Whether the settle function notes every five minutes which addresses the network interfaces of this account
   * and Region hold. Failed contacts with addresses that no interface has held for three days are then weighed as
   * such, from three days after the first deployment with it. The function then may list interfaces and subnets,
   * which IAM cannot limit to a resource. With 1,000 interfaces it costs about 0.20 USD a month, with 20,000 about
   * 1.50.
   * @default false
   */
  inventory: boolean;
  /**
   * Whether there are also alarms on errors and throttles of each function, an alarm on missing files beside the
   * one on missing records, and metrics that no alarm needs. Without them the same trouble is reported by the age
   * of messages, dead letters and missing records, some minutes later, and the numbers are in the logs and on the
   * dashboard. They cost about 4 USD a month.
   * @default false
   */
  detailedMonitoring: boolean;
  /**
   * Whether the stack has a CloudWatch dashboard. The first three of an account are free, each further one costs 3
   * USD a month.
   * @default true
   */
  dashboard: boolean;
  /**
   * Whether AWS X-Ray records invocations of the functions: when each started, how long its parts took, whether it
   * failed. X-Ray records the first invocation of each second and 5% of the others. The first 100,000 traces of an
   * account and month are free, a million more cost 5 USD. The functions then may send traces, which IAM cannot
   * limit to a resource.
   * @default false
   */
  tracing: boolean;
  /**
   * Whether tables, new bucket, the bucket of look backs and new key outlive the stack. With false, tables and key
   * are deleted with the stack. The buckets must be emptied first, since CloudFormation does not delete a bucket
   * with objects. A first deployment that fails deletes all of them in either case.
   * @default true
   */
  keepDataOnRemoval: boolean;
  /**
   * Whether DynamoDB refuses to delete the tables. Set it only after the first deployment has succeeded:
   * CloudFormation cannot roll back a protected table, so a first deployment that fails ends in ROLLBACK_FAILED
   * and leaves both tables. Without it the tables still outlive the stack, and DynamoDB keeps a backup of a
   * deleted table for 35 days. Security Hub control DynamoDB.6 asks for it.
   * @default false
   */
  deletionProtection: boolean;
}

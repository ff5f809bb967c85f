/** The settings as types without zod, for the construct's users. Generated from the schema by `npm run schema`. */

/** The settings as a user writes them: everything optional. */
export interface SettingsInput {
  /**
   * Where editors find this schema. Not read by the program.
   */
  $schema?: string;
  /**
   * Name of the stack, the metric dimension `service`, and the start of every fixed name.
   * @default "sweepwatch"
   */
  deploymentName?: string;
  /**
   * VPCs that get a flow log of ours: all traffic, 60 s aggregation, the columns that detection reads. Empty where
   * flow logs exist already. A second flow log beside an existing one is billed as vended logs again.
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
     * vpcs, AWS itself may add statements for log delivery to its policy, or replace the policy: synthesis then
     * prints the statements to add first.
     */
    existing?: {
      /**
       * Name or ARN of a bucket in the account and region of the stack.
       */
      bucket: string;
      /**
       * How new objects are announced. eventbridge: a rule of ours, nothing of the bucket is changed, but its owner
       * must have switched EventBridge on for it. notification: a custom resource adds our queue to the notifications
       * of the bucket; S3 refuses it where another notification covers the same prefix.
       * @default "eventbridge"
       */
      events?: "notification" | "eventbridge";
      /**
       * The right choice for a bucket that CloudTrail, Config or load balancers share: reads the flow logs of all
       * accounts and Regions below this folder, plain or Hive-style, and nothing else. It ends with the AWSLogs/ that
       * AWS adds, for instance AWSLogs/ or network/AWSLogs/, or with an organization id after it.
       */
      flowLogsUnder?: string;
      /**
       * For files that another program copied: every object whose key starts so is read, for instance
       * copies/flow-logs/. Empty reads the whole bucket. Empty objects, and logs of other services in the layout of
       * AWS, are ignored and counted. Any other object that is no flow log fails and raises an alarm.
       * @default ""
       */
      prefix?: string;
      /**
       * Key that encrypts the objects, if it is one of your own; ingest is allowed to decrypt with it.
       */
      kmsKeyArn?: string;
    };
  };
  /**
   * Further accounts whose flow logs, of any Region, may be delivered to the new bucket; the stack's own account
   * always may. The bucket policy has room for about 95 (61 with hiveCompatiblePartitions): for more, set
   * logOrganization. Not used with an existing bucket, whose policy is yours.
   * @default []
   */
  logAccounts?: string[];
  /**
   * An organization of AWS Organizations, all of whose accounts may deliver flow logs of any Region to the new
   * bucket, present and future ones. Not used with an existing bucket, whose policy is yours.
   */
  logOrganization?: string;
  /**
   * Columns of the flow logs of vpcs, and how their files are laid out in the bucket.
   * @default {}
   */
  flowLogs?: {
    /**
     * Hive-style keys (year=2026/month=11/...), which Athena partitions by. Also set it when the other accounts in
     * logAccounts deliver that way.
     * @default false
     */
    hiveCompatiblePartitions?: boolean;
    /**
     * One folder an hour instead of one a day. Cheaper to query, no difference to detection.
     * @default false
     */
    perHourPartition?: boolean;
    /**
     * Whether the flow logs of vpcs have the ECS columns, which name the cluster, service, task and container behind
     * a source. EC2 refuses a flow log with them unless an ECS cluster exists in the account and Region when the
     * flow log is created; some reports say in the VPC. The deploying role also needs ecs:ListClusters,
     * ecs:ListServices, ecs:ListTasks, ecs:ListTaskDefinitions and ecs:ListContainerInstances. Only tasks in awsvpc
     * mode are named. The columns are billed with every record.
     * @default false
     */
    ecs?: boolean;
    /**
     * Columns that the flow logs of vpcs do without, for a Region or partition that does not offer them yet: EC2
     * refuses a flow log with an unknown field. The table below says what detection loses.
     * @default []
     */
    leaveOut?: string[];
  };
  /**
   * Encryption of the new bucket, both tables and the alert topic. none: keys that AWS owns or manages, no fee.
   * new: a key of the stack, rotated yearly (about 1 USD a month and its requests). An ARN: your key, whose policy
   * must let delivery.logs.amazonaws.com encrypt and IAM policies of this account grant its use; a key of the
   * stack's account and Region. Before you change it, pause ingest and drain its queue: until the roles follow,
   * calls under the new key are refused, and files under the old one become unreadable.
   * @default "none"
   */
  kmsKey?: string;
  /**
   * Addresses that receive alerts. Each must confirm the message that AWS sends, within 48 hours.
   * @default []
   */
  emails?: string[];
  /**
   * Addresses that hear of trouble in the pipeline itself (alarms, recovery): whoever runs it, not the analyst.
   * @default []
   */
  opsEmails?: string[];
  /**
   * CIDR blocks that count as inside besides 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7 and the addresses of
   * logged interfaces, for instance your public ranges. They must not overlap each other.
   * @default []
   */
  internal?: string[];
  /**
   * Groups of VPCs that route to each other (peering, transit gateway) and so share one space of private
   * addresses: name to VPC ids. Default: all VPCs of an account are one domain. Name them where ranges repeat, and
   * for a VPC that several accounts share.
   * @default {}
   */
  routingDomains?: Record<string, string[]>;
  /**
   * How little suffices. low misses slow scans, high reports more that turns out to be harmless.
   * @default "medium"
   */
  sensitivity?: "low" | "medium" | "high";
  /**
   * Single numbers of the detector that replace those of the sensitivity.
   * @default {}
   */
  detection?: {
    /**
     * Distinct failed ports of one target, or targets on one port, in 5 minutes before a source can be a scanner.
     * Lower finds more, and more that is harmless.
     * From 3 to 10000.
     */
    failuresIn5Minutes?: number;
    /**
     * The same within one hour; not below failuresIn5Minutes.
     * From 3 to 100000.
     */
    failuresIn1Hour?: number;
    /**
     * Distinct failed ports of one target, or targets on one port, in 24 hours. Lower finds slower scans, and more
     * misconfiguration.
     * From 3 to 100000.
     */
    failuresIn24Hours?: number;
    /**
     * Distinct failed ports of one target, or targets on one port, in 72 hours.
     * From 3 to 100000.
     */
    failuresIn72Hours?: number;
    /**
     * Failures needed for each success in the group that is judged. Lower catches scanners that find much open;
     * crawlers and monitors are next.
     * From 0.5 to 100.
     */
    failuresPerSuccess?: number;
    /**
     * The same beyond an hour, where a host has time to do much else.
     * From 0.5 to 100.
     */
    failuresPerSuccessSlow?: number;
    /**
     * Probability that a first contact of a benign source succeeds; above scannerSuccess.
     * From 0.5 to 0.999.
     */
    benignSuccess?: number;
    /**
     * Probability that a first contact of a scanner succeeds; below benignSuccess.
     * From 0.001 to 0.5.
     */
    scannerSuccess?: number;
    /**
     * Accepted probability of calling a benign source a scanner. Thousands of sources a day are judged: 0.01 is
     * noise.
     * From 1e-7 to 0.1.
     */
    falsePositiveRate?: number;
    /**
     * Wanted probability of calling a scanner a scanner.
     * From 0.5 to 0.999999.
     */
    detectionRate?: number;
    /**
     * Separate minutes in which a contact must recur to be a habit rather than a probe.
     * From 2 to 60.
     */
    habitMinutes?: number;
    /**
     * Separate hours in which a contact must recur, over days, to be a habit.
     * From 2 to 72.
     */
    habitHours?: number;
    /**
     * Failed habits of one source beyond which they count as probes after all.
     * From 1 to 10000.
     */
    habitLimit?: number;
    /**
     * Distinct ports, and over them hosts, from which on a scan is a block scan.
     * From 2 to 1000.
     */
    blockMinimum?: number;
    /**
     * Other outside sources that complete contacts with a service before its answering a scanner is nothing special.
     * Higher raises more inbound findings.
     * From 1 to 1000.
     */
    publicServiceSources?: number;
    /**
     * Targets of an outside scanner, tried on ten ports or more, from which on it means us in particular.
     * From 5 to 100000.
     */
    broadTargets?: number;
    /**
     * Standard deviations above an inside source's own hourly fan-out from which on a finding says so. It never
     * decides.
     * From 1 to 100.
     */
    ownPastDeviations?: number;
    /**
     * Time past a record before silence means unanswered. Lower alerts sooner, and wrongly for late files. Seconds
     * of log time.
     * From 60 to 7200.
     */
    settleSeconds?: number;
    /**
     * Silence that ends a finding. Lower makes a slow scan many findings. Seconds of log time.
     * From 300 to 259200.
     */
    episodeGapSeconds?: number;
    /**
     * Pause after which a scan of other targets is a finding of its own. Seconds of log time.
     * From 60 to 86400.
     */
    targetSetGapSeconds?: number;
    /**
     * Distinct failed pairs of target and port in 5 minutes, where neither one target nor one port explains them.
     * Below 10 the noise of the internet shows.
     * From 3 to 10000.
     */
    pairsIn5Minutes?: number;
    /**
     * The same within one hour.
     * From 3 to 100000.
     */
    pairsIn1Hour?: number;
    /**
     * Distinct failed pairs of target and port in 24 hours.
     * From 3 to 100000.
     */
    pairsIn24Hours?: number;
    /**
     * Distinct failed pairs of target and port in 72 hours.
     * From 3 to 100000.
     */
    pairsIn72Hours?: number;
    /**
     * Distinct inside hosts that an inside source found open on one port in 5 minutes and left. Lower finds smaller
     * sweeps of open ports, and more jobs that run over all hosts.
     * From 3 to 10000.
     */
    openTargetsIn5Minutes?: number;
    /**
     * Distinct failed pairs of inside host and remote-access port in one hour, over three hosts and three ways in
     * (SSH, Telnet, SMB, RDP, VNC, WinRM). Lower finds a shorter look around, and inventory jobs with few hosts.
     * From 3 to 10000.
     */
    remoteAccessIn1Hour?: number;
    /**
     * The same within 24 hours.
     * From 3 to 10000.
     */
    remoteAccessIn24Hours?: number;
    /**
     * Outside sources that must divide the ports of one target between them within an hour, or inside hosts on one
     * port within three hours. Lower finds smaller campaigns, and takes chance for a plan.
     * From 4 to 10000.
     */
    campaignSources?: number;
    /**
     * Distinct ports of the target that a source must try to be a member. All of them but one must fail; further
     * ports may answer. The noise of the internet tries three at most.
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
     * Members that a port (or target) may have on average. Higher takes in unrelated sources.
     * From 1 to 4.
     */
    campaignOverlap?: number;
  };
  /**
   * Findings below it raise no alert: they are in the table and in the digest. Scans from outside are low, so with
   * the default they raise no alert.
   * @default "medium"
   */
  minSeverity?: "informational" | "low" | "medium" | "high" | "critical";
  /**
   * Alerts that are sent one by one in five minutes, of each of five sorts: critical, high from inside, high from
   * outside, all others, and ends. What is over it is an alert storm: held for at most five minutes, and told in
   * one message, the worst first. Lower spares whoever reads; higher serves programs that want each finding.
   * From 1 to 500.
   * @default 50
   */
  alertsIn5Minutes?: number;
  /**
   * Hour of day (UTC) of the daily digest of what raised no alert of its own; null sends none.
   * @default 6
   */
  digestHourUtc?: number | null;
  /**
   * How long things are kept, in days.
   * @default {}
   */
  retentionDays?: {
    /**
     * Days that contact windows are kept; at least the longest horizon (72 h) and a day. More costs storage.
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
     * Days that the logs of the functions are kept; one of the numbers that CloudWatch Logs accepts.
     * @default 30
     */
    functionLogs?: 1 | 3 | 5 | 7 | 14 | 30 | 60 | 90 | 120 | 150 | 180 | 365 | 400 | 545 | 731 | 1096 | 1827 | 2192 | 2557 | 2922 | 3288 | 3653;
  };
  /**
   * Ceilings that bound the bill under a flood: one unit used all month costs about 1.62 USD (0.625 USD a million
   * writes). AWS applies them on a best-effort basis, so writes may exceed them for moments. At the ceiling,
   * writes are tried again and files wait in the queue; outside sources with a few contacts are dropped first,
   * which raises an alarm.
   * @default {}
   */
  maxWriteUnits?: {
    /**
     * Write units a second of the windows table.
     * From 10 to 40000.
     * @default 500
     */
    windows?: number;
    /**
     * Write units a second of the findings table, and again of each of its four indexes.
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
     * Memory of the ingest function in MiB. More also buys processor share (1769 is one core).
     * From 512 to 10240.
     * @default 1024
     */
    memoryMiB?: number;
    /**
     * Files read at once. Higher catches up faster after an outage and leaves less for other functions.
     * From 2 to 1000.
     * @default 10
     */
    maxConcurrency?: number;
  };
  /**
   * Column names, in order, of files that have no header line. Empty: the 14 default fields.
   * @default []
   */
  fields?: string[];
  /**
   * What the functions log. DEBUG is billed by the gigabyte.
   * @default "INFO"
   */
  logLevel?: "DEBUG" | "INFO" | "WARN" | "ERROR";
  /**
   * Whether tables, new bucket and new key outlive the stack. false deletes tables and key with it; the bucket
   * must be emptied first, since CloudFormation deletes no bucket that holds objects. A first deployment that
   * fails deletes all three in either case.
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
   * Where editors find this schema. Not read by the program.
   */
  $schema?: string;
  /**
   * Name of the stack, the metric dimension `service`, and the start of every fixed name.
   * @default "sweepwatch"
   */
  deploymentName: string;
  /**
   * VPCs that get a flow log of ours: all traffic, 60 s aggregation, the columns that detection reads. Empty where
   * flow logs exist already. A second flow log beside an existing one is billed as vended logs again.
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
     * vpcs, AWS itself may add statements for log delivery to its policy, or replace the policy: synthesis then
     * prints the statements to add first.
     */
    existing?: {
      /**
       * Name or ARN of a bucket in the account and region of the stack.
       */
      bucket: string;
      /**
       * How new objects are announced. eventbridge: a rule of ours, nothing of the bucket is changed, but its owner
       * must have switched EventBridge on for it. notification: a custom resource adds our queue to the notifications
       * of the bucket; S3 refuses it where another notification covers the same prefix.
       * @default "eventbridge"
       */
      events: "notification" | "eventbridge";
      /**
       * The right choice for a bucket that CloudTrail, Config or load balancers share: reads the flow logs of all
       * accounts and Regions below this folder, plain or Hive-style, and nothing else. It ends with the AWSLogs/ that
       * AWS adds, for instance AWSLogs/ or network/AWSLogs/, or with an organization id after it.
       */
      flowLogsUnder?: string;
      /**
       * For files that another program copied: every object whose key starts so is read, for instance
       * copies/flow-logs/. Empty reads the whole bucket. Empty objects, and logs of other services in the layout of
       * AWS, are ignored and counted. Any other object that is no flow log fails and raises an alarm.
       * @default ""
       */
      prefix: string;
      /**
       * Key that encrypts the objects, if it is one of your own; ingest is allowed to decrypt with it.
       */
      kmsKeyArn?: string;
    };
  };
  /**
   * Further accounts whose flow logs, of any Region, may be delivered to the new bucket; the stack's own account
   * always may. The bucket policy has room for about 95 (61 with hiveCompatiblePartitions): for more, set
   * logOrganization. Not used with an existing bucket, whose policy is yours.
   * @default []
   */
  logAccounts: string[];
  /**
   * An organization of AWS Organizations, all of whose accounts may deliver flow logs of any Region to the new
   * bucket, present and future ones. Not used with an existing bucket, whose policy is yours.
   */
  logOrganization?: string;
  /**
   * Columns of the flow logs of vpcs, and how their files are laid out in the bucket.
   */
  flowLogs: {
    /**
     * Hive-style keys (year=2026/month=11/...), which Athena partitions by. Also set it when the other accounts in
     * logAccounts deliver that way.
     * @default false
     */
    hiveCompatiblePartitions: boolean;
    /**
     * One folder an hour instead of one a day. Cheaper to query, no difference to detection.
     * @default false
     */
    perHourPartition: boolean;
    /**
     * Whether the flow logs of vpcs have the ECS columns, which name the cluster, service, task and container behind
     * a source. EC2 refuses a flow log with them unless an ECS cluster exists in the account and Region when the
     * flow log is created; some reports say in the VPC. The deploying role also needs ecs:ListClusters,
     * ecs:ListServices, ecs:ListTasks, ecs:ListTaskDefinitions and ecs:ListContainerInstances. Only tasks in awsvpc
     * mode are named. The columns are billed with every record.
     * @default false
     */
    ecs: boolean;
    /**
     * Columns that the flow logs of vpcs do without, for a Region or partition that does not offer them yet: EC2
     * refuses a flow log with an unknown field. The table below says what detection loses.
     * @default []
     */
    leaveOut: string[];
  };
  /**
   * Encryption of the new bucket, both tables and the alert topic. none: keys that AWS owns or manages, no fee.
   * new: a key of the stack, rotated yearly (about 1 USD a month and its requests). An ARN: your key, whose policy
   * must let delivery.logs.amazonaws.com encrypt and IAM policies of this account grant its use; a key of the
   * stack's account and Region. Before you change it, pause ingest and drain its queue: until the roles follow,
   * calls under the new key are refused, and files under the old one become unreadable.
   * @default "none"
   */
  kmsKey: string;
  /**
   * Addresses that receive alerts. Each must confirm the message that AWS sends, within 48 hours.
   * @default []
   */
  emails: string[];
  /**
   * Addresses that hear of trouble in the pipeline itself (alarms, recovery): whoever runs it, not the analyst.
   * @default []
   */
  opsEmails: string[];
  /**
   * CIDR blocks that count as inside besides 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7 and the addresses of
   * logged interfaces, for instance your public ranges. They must not overlap each other.
   * @default []
   */
  internal: string[];
  /**
   * Groups of VPCs that route to each other (peering, transit gateway) and so share one space of private
   * addresses: name to VPC ids. Default: all VPCs of an account are one domain. Name them where ranges repeat, and
   * for a VPC that several accounts share.
   * @default {}
   */
  routingDomains: Record<string, string[]>;
  /**
   * How little suffices. low misses slow scans, high reports more that turns out to be harmless.
   * @default "medium"
   */
  sensitivity: "low" | "medium" | "high";
  /**
   * Single numbers of the detector that replace those of the sensitivity.
   * @default {}
   */
  detection: {
    /**
     * Distinct failed ports of one target, or targets on one port, in 5 minutes before a source can be a scanner.
     * Lower finds more, and more that is harmless.
     * From 3 to 10000.
     */
    failuresIn5Minutes?: number;
    /**
     * The same within one hour; not below failuresIn5Minutes.
     * From 3 to 100000.
     */
    failuresIn1Hour?: number;
    /**
     * Distinct failed ports of one target, or targets on one port, in 24 hours. Lower finds slower scans, and more
     * misconfiguration.
     * From 3 to 100000.
     */
    failuresIn24Hours?: number;
    /**
     * Distinct failed ports of one target, or targets on one port, in 72 hours.
     * From 3 to 100000.
     */
    failuresIn72Hours?: number;
    /**
     * Failures needed for each success in the group that is judged. Lower catches scanners that find much open;
     * crawlers and monitors are next.
     * From 0.5 to 100.
     */
    failuresPerSuccess?: number;
    /**
     * The same beyond an hour, where a host has time to do much else.
     * From 0.5 to 100.
     */
    failuresPerSuccessSlow?: number;
    /**
     * Probability that a first contact of a benign source succeeds; above scannerSuccess.
     * From 0.5 to 0.999.
     */
    benignSuccess?: number;
    /**
     * Probability that a first contact of a scanner succeeds; below benignSuccess.
     * From 0.001 to 0.5.
     */
    scannerSuccess?: number;
    /**
     * Accepted probability of calling a benign source a scanner. Thousands of sources a day are judged: 0.01 is
     * noise.
     * From 1e-7 to 0.1.
     */
    falsePositiveRate?: number;
    /**
     * Wanted probability of calling a scanner a scanner.
     * From 0.5 to 0.999999.
     */
    detectionRate?: number;
    /**
     * Separate minutes in which a contact must recur to be a habit rather than a probe.
     * From 2 to 60.
     */
    habitMinutes?: number;
    /**
     * Separate hours in which a contact must recur, over days, to be a habit.
     * From 2 to 72.
     */
    habitHours?: number;
    /**
     * Failed habits of one source beyond which they count as probes after all.
     * From 1 to 10000.
     */
    habitLimit?: number;
    /**
     * Distinct ports, and over them hosts, from which on a scan is a block scan.
     * From 2 to 1000.
     */
    blockMinimum?: number;
    /**
     * Other outside sources that complete contacts with a service before its answering a scanner is nothing special.
     * Higher raises more inbound findings.
     * From 1 to 1000.
     */
    publicServiceSources?: number;
    /**
     * Targets of an outside scanner, tried on ten ports or more, from which on it means us in particular.
     * From 5 to 100000.
     */
    broadTargets?: number;
    /**
     * Standard deviations above an inside source's own hourly fan-out from which on a finding says so. It never
     * decides.
     * From 1 to 100.
     */
    ownPastDeviations?: number;
    /**
     * Time past a record before silence means unanswered. Lower alerts sooner, and wrongly for late files. Seconds
     * of log time.
     * From 60 to 7200.
     */
    settleSeconds?: number;
    /**
     * Silence that ends a finding. Lower makes a slow scan many findings. Seconds of log time.
     * From 300 to 259200.
     */
    episodeGapSeconds?: number;
    /**
     * Pause after which a scan of other targets is a finding of its own. Seconds of log time.
     * From 60 to 86400.
     */
    targetSetGapSeconds?: number;
    /**
     * Distinct failed pairs of target and port in 5 minutes, where neither one target nor one port explains them.
     * Below 10 the noise of the internet shows.
     * From 3 to 10000.
     */
    pairsIn5Minutes?: number;
    /**
     * The same within one hour.
     * From 3 to 100000.
     */
    pairsIn1Hour?: number;
    /**
     * Distinct failed pairs of target and port in 24 hours.
     * From 3 to 100000.
     */
    pairsIn24Hours?: number;
    /**
     * Distinct failed pairs of target and port in 72 hours.
     * From 3 to 100000.
     */
    pairsIn72Hours?: number;
    /**
     * Distinct inside hosts that an inside source found open on one port in 5 minutes and left. Lower finds smaller
     * sweeps of open ports, and more jobs that run over all hosts.
     * From 3 to 10000.
     */
    openTargetsIn5Minutes?: number;
    /**
     * Distinct failed pairs of inside host and remote-access port in one hour, over three hosts and three ways in
     * (SSH, Telnet, SMB, RDP, VNC, WinRM). Lower finds a shorter look around, and inventory jobs with few hosts.
     * From 3 to 10000.
     */
    remoteAccessIn1Hour?: number;
    /**
     * The same within 24 hours.
     * From 3 to 10000.
     */
    remoteAccessIn24Hours?: number;
    /**
     * Outside sources that must divide the ports of one target between them within an hour, or inside hosts on one
     * port within three hours. Lower finds smaller campaigns, and takes chance for a plan.
     * From 4 to 10000.
     */
    campaignSources?: number;
    /**
     * Distinct ports of the target that a source must try to be a member. All of them but one must fail; further
     * ports may answer. The noise of the internet tries three at most.
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
     * Members that a port (or target) may have on average. Higher takes in unrelated sources.
     * From 1 to 4.
     */
    campaignOverlap?: number;
  };
  /**
   * Findings below it raise no alert: they are in the table and in the digest. Scans from outside are low, so with
   * the default they raise no alert.
   * @default "medium"
   */
  minSeverity: "informational" | "low" | "medium" | "high" | "critical";
  /**
   * Alerts that are sent one by one in five minutes, of each of five sorts: critical, high from inside, high from
   * outside, all others, and ends. What is over it is an alert storm: held for at most five minutes, and told in
   * one message, the worst first. Lower spares whoever reads; higher serves programs that want each finding.
   * From 1 to 500.
   * @default 50
   */
  alertsIn5Minutes: number;
  /**
   * Hour of day (UTC) of the daily digest of what raised no alert of its own; null sends none.
   * @default 6
   */
  digestHourUtc: number | null;
  /**
   * How long things are kept, in days.
   */
  retentionDays: {
    /**
     * Days that contact windows are kept; at least the longest horizon (72 h) and a day. More costs storage.
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
     * Days that the logs of the functions are kept; one of the numbers that CloudWatch Logs accepts.
     * @default 30
     */
    functionLogs: 1 | 3 | 5 | 7 | 14 | 30 | 60 | 90 | 120 | 150 | 180 | 365 | 400 | 545 | 731 | 1096 | 1827 | 2192 | 2557 | 2922 | 3288 | 3653;
  };
  /**
   * Ceilings that bound the bill under a flood: one unit used all month costs about 1.62 USD (0.625 USD a million
   * writes). AWS applies them on a best-effort basis, so writes may exceed them for moments. At the ceiling,
   * writes are tried again and files wait in the queue; outside sources with a few contacts are dropped first,
   * which raises an alarm.
   */
  maxWriteUnits: {
    /**
     * Write units a second of the windows table.
     * From 10 to 40000.
     * @default 500
     */
    windows: number;
    /**
     * Write units a second of the findings table, and again of each of its four indexes.
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
     * Memory of the ingest function in MiB. More also buys processor share (1769 is one core).
     * From 512 to 10240.
     * @default 1024
     */
    memoryMiB: number;
    /**
     * Files read at once. Higher catches up faster after an outage and leaves less for other functions.
     * From 2 to 1000.
     * @default 10
     */
    maxConcurrency: number;
  };
  /**
   * Column names, in order, of files that have no header line. Empty: the 14 default fields.
   * @default []
   */
  fields: string[];
  /**
   * What the functions log. DEBUG is billed by the gigabyte.
   * @default "INFO"
   */
  logLevel: "DEBUG" | "INFO" | "WARN" | "ERROR";
  /**
   * Whether tables, new bucket and new key outlive the stack. false deletes tables and key with it; the bucket
   * must be emptied first, since CloudFormation deletes no bucket that holds objects. A first deployment that
   * fails deletes all three in either case.
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

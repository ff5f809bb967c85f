/**
 * Tells by key and size alone which objects of a log bucket hold no flow log. AWS services that deliver to S3 share one
 * layout of keys, which names the service: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
 */

/**
 * `[prefix/]AWSLogs/[organization/]<account>/<service>/...`, plain or Hive-style. Of several AWSLogs folders the last
 * counts, as in a copy of a bucket within another. Transit Gateway writes `service=` where VPC writes `aws-service=`.
 */
const LAYOUT =
  /^(?:.*\/)?AWSLogs\/(?:o-[a-z0-9]{10,32}\/)?(?:aws-account-id=)?\d{12}\/(?:(?:aws-)?service=)?([^/]+)\/./s;
/** The folder of VPC and Transit Gateway flow logs. */
const FLOW_LOGS = 'vpcflowlogs';
/** Files by which services try whether they may write; they stand where no service folder is. */
const ACCESS_TEST =
  /(?:^|\/)(?:ELB\w*LogTestFile|ConfigWritabilityCheckFile|aws-programmatic-access-test-object)[^/]*$/;

/**
 * The service whose log an object is by AWS's layout of keys, such as `CloudTrail`; `vpcflowlogs` for VPC and Transit
 * Gateway flow logs. Undefined where the key does not follow the layout.
 */
export function serviceOf(key: string): string | undefined {
  return LAYOUT.exec(key)?.[1];
}

/** What is known of an object before it is read. */
export interface KnownObject {
  readonly key: string;
  /** Bytes, where known. */
  readonly size?: number | undefined;
}

/**
 * Why an object is not read: it holds no flow log by its key, or nothing at all. Undefined where it must be read: its
 * key is that of a flow log, or follows no layout of AWS, as with files that another program copied.
 */
export function whyIgnored({ key, size }: KnownObject): string | undefined {
  if (key.endsWith('/')) return 'a folder placeholder';
  const service = serviceOf(key);
  if (service !== undefined && service !== FLOW_LOGS) return `a log of ${service}`;
  if (ACCESS_TEST.test(key)) return 'a test of AWS whether it may write';
  return size === 0 ? 'an empty object' : undefined;
}

/** True for the key of a flow log in AWS's layout: the keys that `bucket.existing.flowLogsUnder` selects. */
export function isFlowLogKey(key: string): boolean {
  return serviceOf(key) === FLOW_LOGS;
}

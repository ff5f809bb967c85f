/**
 * Recognises objects of a log bucket without flow logs by key and size alone. AWS services that deliver to S3 share one
 * layout of keys, which names the service: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
 */

/**
 * `[prefix/]AWSLogs/[organization/]<account>/<service>/...`, plain or Hive-style. Of several AWSLogs folders the last
 * one counts, for instance in a copy of a bucket inside another. Transit Gateway writes `service=`, VPC writes
 * `aws-service=`.
 */
const LAYOUT =
  /^(?:.*\/)?AWSLogs\/(?:o-[a-z0-9]{10,32}\/)?(?:aws-account-id=)?\d{12}\/(?:(?:aws-)?service=)?([^/]+)\/./s;
/** The folder of VPC and Transit Gateway flow logs. */
const FLOW_LOGS = 'vpcflowlogs';
/** Files with which services test their write access. They are in the place of the service folder. */
const ACCESS_TEST =
  /(?:^|\/)(?:ELB\w*LogTestFile|ConfigWritabilityCheckFile|aws-programmatic-access-test-object)[^/]*$/;

/**
 * The service whose log an object is, such as `CloudTrail`, according to AWS's layout of keys. `vpcflowlogs` means VPC
 * and Transit Gateway flow logs. Undefined if the key does not follow the layout.
 */
export function serviceOf(key: string): string | undefined {
  return LAYOUT.exec(key)?.[1];
}

/** The properties of an object that are known before it is read. */
export interface KnownObject {
  readonly key: string;
  /** Bytes, where known. */
  readonly size?: number | undefined;
}

/**
 * Why an object is not read: its key belongs to another log, or it is empty. Undefined if it must be read: its key is
 * that of a flow log, or follows no AWS layout, as in a copy made by another program.
 */
export function whyIgnored({ key, size }: KnownObject): string | undefined {
  if (key.endsWith('/')) return 'a folder placeholder';
  const service = serviceOf(key);
  if (service !== undefined && service !== FLOW_LOGS) return `a log of ${service}`;
  if (ACCESS_TEST.test(key)) return 'a file with which AWS tests its write access';
  return size === 0 ? 'an empty object' : undefined;
}

/**
 * Whether the key is that of a flow log in AWS's layout. These are the keys that `bucket.existing.flowLogsUnder`
 * selects.
 */
export function isFlowLogKey(key: string): boolean {
  return serviceOf(key) === FLOW_LOGS;
}

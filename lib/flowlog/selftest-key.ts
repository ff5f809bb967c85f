/**
 * The keys of the files of `selftest`. No account has twelve zeros, and no flow log of AWS has this id, so that no real
 * log is taken for one.
 */

export const SELFTEST_ACCOUNT = '000000000000';
/** The VPC that the records name. */
export const SELFTEST_VPC = 'vpc-5e1f7e57';
/** Addresses for documentation (RFC 5737), which no network routes. Both count as inside in the file of a test. */
export const SELFTEST_NETWORKS = ['198.51.100.0/24', '203.0.113.0/24'];

const FLOW_LOG = 'fl-5e1f7e5700000000';
const NAME = new RegExp(
  `(?:^|/)AWSLogs/${SELFTEST_ACCOUNT}/vpcflowlogs/[a-z0-9-]+/\\d{4}/\\d{2}/\\d{2}/${SELFTEST_ACCOUNT}_vpcflowlogs_[a-z0-9-]+_${FLOW_LOG}_\\d{8}T\\d{4}Z_([0-9a-f]{8})\\.log\\.gz$`,
);

/**
 * The prefix for {@link selftestKey} with which a notification for keys that begin with `filter` covers the key. It is the
 * part of the filter before AWSLogs/, or the whole filter if that selects an organization or an account.
 */
export function selftestPrefix(filter: string): string {
  const start = filter.replace(/AWSLogs(\/.*)?$/s, '');
  return `${withSlash(start)}AWSLogs/${SELFTEST_ACCOUNT}/`.startsWith(filter) ? start : filter;
}

/** A key without the slash before AWSLogs would not be recognised as that of a test. */
const withSlash = (prefix: string): string => (prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`);

/** The key of the file of a run, as AWS names a file: eight hexadecimal digits name the run. */
export function selftestKey(prefix: string, region: string, run: string, epochSeconds: number): string {
  const stamp = new Date(Math.floor(epochSeconds / 300) * 300_000).toISOString();
  const day = stamp.slice(0, 10);
  const slot = `${day.replaceAll('-', '')}T${stamp.slice(11, 16).replace(':', '')}Z`;
  return `${withSlash(prefix)}AWSLogs/${SELFTEST_ACCOUNT}/vpcflowlogs/${region}/${day.replaceAll('-', '/')}/${SELFTEST_ACCOUNT}_vpcflowlogs_${region}_${FLOW_LOG}_${slot}_${run}.log.gz`;
}

/** The run that the file of a key belongs to. Undefined for any other key. */
export const selftestRunOf = (key: string): string | undefined => NAME.exec(key)?.[1];

/** The scope of the addresses in the file of a run. No account and no routing domain has such a name. */
export const selftestScope = (run: string): string => `selftest-${run}`;

/** Whether a scope is that of a test. */
export const isSelftestScope = (scope: string | undefined): boolean => /^selftest-[0-9a-f]{8}$/.test(scope ?? '');

/** What must hold (section "Budgets" of docs/performance.md): every limit in one place. */

export interface Budget {
  readonly part: string;
  readonly what: string;
  readonly limit: number;
  /** How values and the limit are written. */
  readonly unit: 'times' | 'MB' | 's' | 'KB';
  /** Hoped for, and told, but nobody promised it. */
  readonly isAim?: boolean;
}

const MEGABYTES = 1024 * 1024;
/** Resident memory of one worker, and of each further one. */
const ONE_WORKER = 256;
const FURTHER_WORKER = 48;

export const BUDGETS = {
  permuted: { part: 'layouts', what: '`detect` over gunzip alone, permuted columns', limit: 2, unit: 'times' },
  ipv6: { part: 'layouts', what: '`detect` over gunzip alone, IPv6', limit: 2, unit: 'times' },
  v7: { part: 'layouts', what: '`detect` over gunzip alone, v7', limit: 2, unit: 'times' },
  growthOrdinary: { part: 'growth', what: 'a record, when ordinary records double', limit: 1.05, unit: 'times' },
  growthScattered: { part: 'growth', what: 'a record, when scattered records double', limit: 1.05, unit: 'times' },
  memory: { part: 'memory', what: 'resident memory, one worker, any input', limit: ONE_WORKER, unit: 'MB' },
  overJsonParse: {
    part: 'signals',
    what: '`detect --audit` over JSON.parse of each line, start-up aside',
    limit: 2,
    unit: 'times',
  },
  auditMemory: { part: 'signals', what: 'resident memory, any audit log', limit: ONE_WORKER, unit: 'MB' },
  latency: { part: 'latency', what: 'object created to message received, p95', limit: 2, unit: 's' },
} as const satisfies Record<string, Budget>;

/**
 * Size limit of each function's bundle in bytes, checked by a test. A cold start reads and compiles all of it. Ingest and
 * settle judge signals, so both have the code that puts scripts together across deliveries and carries pods from day to
 * day (five KB and four). Both write or read version 6 of the windows and read versions 3 to 5 (five KB). Settle says in the
 * digest who was most active (two KB). Both weigh contacts with dark addresses as the command does, and scanners that
 * wait (two KB). Both ask whether the targets of a scan had contacted its source (one KB and a half), and
 * whether the source fell back to IPv4, or its pings are a router's errors (five KB). Both find loops through silent hosts,
 * and hosts that answer on every port above 1023 (one KB). Both ask what else the source
 * talks to on the port of its failures (one KB and two). Both know an inventory of addresses, which settle takes from EC2
 * (fourteen KB and twenty), and settle leaves out of the digest what look backs keep quiet.
 */
export const BUNDLE_BYTES = { Ingest: 1022 * 1024, Alert: 600 * 1024, Settle: 795 * 1024 } as const;

/** How `detect` may stand to others over a file of each format: both whole processes, start-up included. */
export const SPEED_LIMITS = { v2: { gunzip: 1.8, duckdb: 0.5 }, v5: { gunzip: 1.5, duckdb: 0.5 } } as const;

/** The budget of `detect` against another contestant over one workload. */
export const speedBudget = (
  workload: string,
  format: keyof typeof SPEED_LIMITS,
  other: keyof (typeof SPEED_LIMITS)['v2'],
): Budget => ({
  part: 'speed',
  what: `\`detect\` over ${other === 'duckdb' ? 'DuckDB' : 'gunzip alone'}, ${format}, ${workload} traffic`,
  limit: SPEED_LIMITS[format][other],
  unit: 'times',
  ...(other === 'duckdb' && { isAim: true }),
});

/** Megabytes that so many workers may hold. */
export const memoryLimit = (workers: number): number => ONE_WORKER + FURTHER_WORKER * (workers - 1);

export const megabytes = (bytes: number): number => bytes / MEGABYTES;

/** How a measured value stands to its budget, as a row of the table of budgets. */
export interface Verdict {
  readonly part: string;
  readonly cells: readonly string[];
}

export const VERDICT_HEADER = ['part', 'budget', 'limit', 'measured', 'state'] as const;

/** Undefined where it could not be measured. */
export function verdictOf({ part, what, limit, unit, isAim }: Budget, value: number | undefined): Verdict {
  const aim = isAim ? ' (aim)' : '';
  return {
    part,
    cells: [
      part,
      what,
      `${inUnit(limit, unit)}${aim}`,
      value === undefined ? '-' : inUnit(value, unit),
      stateOf(value, limit),
    ],
  };
}

function stateOf(value: number | undefined, limit: number): string {
  if (value === undefined) return 'not measured';
  return value <= limit ? 'met' : `missed by ${Math.ceil((value / limit - 1) * 100)} %`;
}

function inUnit(value: number, unit: Budget['unit']): string {
  const digits = unit === 'MB' || unit === 'KB' ? 0 : 2;
  return `${Number(value.toFixed(digits))} ${unit}`;
}

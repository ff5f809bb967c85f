/** The numbers that all detections share, each with default per sensitivity, range, meaning and trade-off. */

/** The word that selects a column of the defaults. */
export type Sensitivity = 'low' | 'medium' | 'high';

/** A number that users can override: its default per sensitivity, its range and its meaning. */
export interface Setting {
  readonly default: Readonly<Record<Sensitivity, number>>;
  /** Smallest and largest accepted value. */
  readonly range: readonly [number, number];
  /** A whole number, a share or ratio, or seconds of log time. */
  readonly unit: 'count' | 'share' | 'seconds';
  /** The decision that depends on it, and the cost of a lower value: the text of the settings page. */
  readonly means: string;
}

const always = (value: number) => ({ low: value, medium: value, high: value });

/**
 * `medium` requires eight distinct failures within five minutes and a false positive rate of one in ten thousand judged
 * sources. The 0.01 of the paper (Jung, Paxson, Berger, Balakrishnan: Fast Portscan Detection Using Sequential
 * Hypothesis Testing, IEEE S&P 2004) is too loose for thousands of sources per day.
 */
export const SHARED_SETTINGS = {
  failuresIn5Minutes: {
    default: { low: 25, medium: 8, high: 6 },
    range: [3, 10_000],
    unit: 'count',
    means:
      'Distinct failed ports of one target, or failed targets on one port, within 5 minutes that a ' +
      'scan needs. Lower finds more scans, and more harmless traffic.',
  },
  failuresIn1Hour: {
    default: { low: 40, medium: 16, high: 12 },
    range: [3, 100_000],
    unit: 'count',
    means: 'The same within one hour. At least failuresIn5Minutes.',
  },
  failuresIn24Hours: {
    default: { low: 60, medium: 25, high: 18 },
    range: [3, 100_000],
    unit: 'count',
    means:
      'Distinct failed ports of one target, or failed targets on one port, within 24 hours. Lower ' +
      'finds slower scans, and more misconfiguration.',
  },
  failuresIn72Hours: {
    default: { low: 60, medium: 25, high: 18 },
    range: [3, 100_000],
    unit: 'count',
    means: 'Distinct failed ports of one target, or failed targets on one port, within 72 hours.',
  },
  failuresPerSuccess: {
    default: always(3),
    range: [0.5, 100],
    unit: 'share',
    means:
      'Failures needed for each success among the contacts that are judged together. Lower also ' +
      'finds scanners that meet many open ports, and then crawlers and monitors.',
  },
  failuresPerSuccessSlow: {
    default: always(4),
    range: [0.5, 100],
    unit: 'share',
    means: 'The same for windows beyond an hour, in which a host also makes many other contacts.',
  },
  benignSuccess: {
    default: always(0.8),
    range: [0.5, 0.999],
    unit: 'share',
    means: 'Probability that a first contact of a benign source succeeds. Must be above ' + 'scannerSuccess.',
  },
  scannerSuccess: {
    default: always(0.2),
    range: [0.001, 0.5],
    unit: 'share',
    means: 'Probability that a first contact of a scanner succeeds. Must be below benignSuccess.',
  },
  falsePositiveRate: {
    default: { low: 0.00001, medium: 0.0001, high: 0.001 },
    range: [0.000_000_1, 0.1],
    unit: 'share',
    means:
      'Accepted probability of calling a benign source a scanner. Thousands of sources are judged ' +
      'per day, so 0.01 would give many false alerts.',
  },
  detectionRate: {
    default: always(0.999),
    range: [0.5, 0.999_999],
    unit: 'share',
    means: 'Required probability of recognising a scanner.',
  },
  habitMinutes: {
    default: always(3),
    range: [2, 60],
    unit: 'count',
    means: 'Separate minutes in which a contact must be made to count as recurring rather than as a ' + 'probe.',
  },
  habitHours: {
    default: always(3),
    range: [2, 72],
    unit: 'count',
    means: 'Separate hours, over days, in which a contact must be made to count as recurring.',
  },
  habitLimit: {
    default: { low: 128, medium: 64, high: 32 },
    range: [1, 10_000],
    unit: 'count',
    means: 'Failed recurring contacts that one source may have. If it has more, they count as probes.',
  },
  blockMinimum: {
    default: always(5),
    range: [2, 1000],
    unit: 'count',
    means: 'A scan of at least this many distinct ports and at least this many hosts is a block scan.',
  },
  publicServiceSources: {
    default: always(3),
    range: [1, 1000],
    unit: 'count',
    means:
      'If at least this many other outside sources complete contacts with a service, the service ' +
      'counts as public, and its answer to a scanner does not raise the severity. Higher raises the ' +
      'severity of more inbound findings.',
  },
  broadTargets: {
    default: always(50),
    range: [5, 100_000],
    unit: 'count',
    means:
      'If an outside scanner tries at least this many targets on ten ports or more, its scan ' +
      'counts as aimed at this network.',
  },
  ownPastDeviations: {
    default: always(4),
    range: [1, 100],
    unit: 'share',
    means:
      "A finding mentions it if an inside source's fan-out is at least this many standard deviations " +
      'above its own hourly average. It never decides whether there is a finding.',
  },
  settleSeconds: {
    default: always(600),
    range: [60, 7200],
    unit: 'seconds',
    means:
      'Time after a record before a missing answer counts as unanswered. Lower alerts sooner, ' +
      'but wrongly if files arrive late.',
  },
  episodeGapSeconds: {
    default: always(3600),
    range: [300, 259_200],
    unit: 'seconds',
    means: 'Silence that ends a finding. Lower splits a slow scan into many findings.',
  },
  targetSetGapSeconds: {
    default: always(60),
    range: [60, 86_400],
    unit: 'seconds',
    means: 'Pause after which a scan of other targets becomes a new finding.',
  },
} as const satisfies Record<string, Setting>;

/** The shared numbers of one deployment. */
export type ScanSettings = { readonly [Name in keyof typeof SHARED_SETTINGS]: number };

/** The number that a detection names. @throws Error if there is no such setting, which is a mistake in the registry. */
export function settingOf(settings: ScanSettings, name: string): number {
  const value = (settings as Readonly<Record<string, number>>)[name];
  if (value === undefined)
    throw new Error(`no setting is called ${name}: a detection names it, but no detection defines it`);
  return value;
}

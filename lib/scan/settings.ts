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
  /** What it decides, and the cost of a lower value: the text of the settings page. */
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
      'Distinct failed ports of one target, or targets on one port, in 5 minutes before a source can be a scanner. Lower finds more, and more that is harmless.',
  },
  failuresIn1Hour: {
    default: { low: 40, medium: 16, high: 12 },
    range: [3, 100_000],
    unit: 'count',
    means: 'The same within one hour; not below failuresIn5Minutes.',
  },
  failuresIn24Hours: {
    default: { low: 60, medium: 25, high: 18 },
    range: [3, 100_000],
    unit: 'count',
    means:
      'Distinct failed ports of one target, or targets on one port, in 24 hours. Lower finds slower scans, and more misconfiguration.',
  },
  failuresIn72Hours: {
    default: { low: 60, medium: 25, high: 18 },
    range: [3, 100_000],
    unit: 'count',
    means: 'Distinct failed ports of one target, or targets on one port, in 72 hours.',
  },
  failuresPerSuccess: {
    default: always(3),
    range: [0.5, 100],
    unit: 'share',
    means:
      'Failures needed for each success in the group that is judged. Lower catches scanners that find much open; crawlers and monitors are next.',
  },
  failuresPerSuccessSlow: {
    default: always(4),
    range: [0.5, 100],
    unit: 'share',
    means: 'The same beyond an hour, where a host has time to do much else.',
  },
  benignSuccess: {
    default: always(0.8),
    range: [0.5, 0.999],
    unit: 'share',
    means: 'Probability that a first contact of a benign source succeeds; above scannerSuccess.',
  },
  scannerSuccess: {
    default: always(0.2),
    range: [0.001, 0.5],
    unit: 'share',
    means: 'Probability that a first contact of a scanner succeeds; below benignSuccess.',
  },
  falsePositiveRate: {
    default: { low: 0.00001, medium: 0.0001, high: 0.001 },
    range: [0.000_000_1, 0.1],
    unit: 'share',
    means:
      'Accepted probability of calling a benign source a scanner. Thousands of sources a day are judged: 0.01 is noise.',
  },
  detectionRate: {
    default: always(0.999),
    range: [0.5, 0.999_999],
    unit: 'share',
    means: 'Wanted probability of calling a scanner a scanner.',
  },
  habitMinutes: {
    default: always(3),
    range: [2, 60],
    unit: 'count',
    means: 'Separate minutes in which a contact must recur to be a habit rather than a probe.',
  },
  habitHours: {
    default: always(3),
    range: [2, 72],
    unit: 'count',
    means: 'Separate hours in which a contact must recur, over days, to be a habit.',
  },
  habitLimit: {
    default: { low: 128, medium: 64, high: 32 },
    range: [1, 10_000],
    unit: 'count',
    means: 'Failed habits of one source beyond which they count as probes after all.',
  },
  blockMinimum: {
    default: always(5),
    range: [2, 1000],
    unit: 'count',
    means: 'Distinct ports, and over them hosts, from which on a scan is a block scan.',
  },
  publicServiceSources: {
    default: always(3),
    range: [1, 1000],
    unit: 'count',
    means:
      'Other outside sources that complete contacts with a service before its answering a scanner is nothing special. Higher raises more inbound findings.',
  },
  broadTargets: {
    default: always(50),
    range: [5, 100_000],
    unit: 'count',
    means: 'Targets of an outside scanner, tried on ten ports or more, from which on it means us in particular.',
  },
  ownPastDeviations: {
    default: always(4),
    range: [1, 100],
    unit: 'share',
    means:
      "Standard deviations above an inside source's own hourly fan-out from which on a finding says so. It never decides.",
  },
  settleSeconds: {
    default: always(600),
    range: [60, 7200],
    unit: 'seconds',
    means: 'Time past a record before silence means unanswered. Lower alerts sooner, and wrongly for late files.',
  },
  episodeGapSeconds: {
    default: always(3600),
    range: [300, 259_200],
    unit: 'seconds',
    means: 'Silence that ends a finding. Lower makes a slow scan many findings.',
  },
  targetSetGapSeconds: {
    default: always(60),
    range: [60, 86_400],
    unit: 'seconds',
    means: 'Pause after which a scan of other targets is a finding of its own.',
  },
} as const satisfies Record<string, Setting>;

/** The shared numbers of one deployment. */
export type ScanSettings = { readonly [Name in keyof typeof SHARED_SETTINGS]: number };

/** The number that a detection names. @throws Error if there is no such setting, which is a mistake in the registry. */
export function settingOf(settings: ScanSettings, name: string): number {
  const value = (settings as Readonly<Record<string, number>>)[name];
  if (value === undefined) throw new Error(`no setting is called ${name}: a detection names it, and none defines it`);
  return value;
}

/**
 * What the detector decides by: every number, its default for each sensitivity, and the trade-off it stands for.
 * Plain data without dependencies, so that the Lambda bundles stay small; `schema.ts` validates what users write.
 */

/** One word that picks a column of {@link detectionDefaults}. */
export type Sensitivity = 'low' | 'medium' | 'high';

/** The numbers a decision rests on. Times are seconds of log time, counts are distinct first contacts. */
export interface DetectionSettings {
  /** Distinct failed ports of one target, or targets on one port, in 5 minutes before a source can be a scanner. */
  failuresIn5Minutes: number;
  /** The same within one hour. */
  failuresIn1Hour: number;
  /**
   * Distinct failed pairs of target and port in 5 minutes, where neither one target nor one port explains them. Higher
   * than the above: the internet's noise tries a few ports on a few hosts.
   */
  pairsIn5Minutes: number;
  /** The same within one hour. */
  pairsIn1Hour: number;
  /** Distinct failed ports of one target, or targets on one port, in 24 hours, for scans too slow for the above. */
  failuresIn24Hours: number;
  /** Distinct failed pairs of target and port in 24 hours. */
  pairsIn24Hours: number;
  /** The same two within 72 hours. */
  failuresIn72Hours: number;
  pairsIn72Hours: number;
  /**
   * Distinct hosts of ours that an inside source found open on one port in 5 minutes, each contact fleeting: made for
   * once in three days, with nothing to speak of said.
   */
  openTargetsIn5Minutes: number;
  /** Outside sources that must share out one target's ports within an hour, or our hosts on one port within three. */
  campaignSources: number;
  /** Distinct failed ports of the target from which on a source can be a member; the internet's noise has three at most. */
  campaignPortsPerSource: number;
  /** The same for targets on the port. */
  campaignTargetsPerSource: number;
  /** Distinct failed ports of the target, and distinct targets on the port, that the members cover together. */
  campaignPorts: number;
  campaignTargets: number;
  /** How many members a port (or target) has on average at most: those who plan do not repeat each other. */
  campaignOverlap: number;
  /** Other outside sources that complete contacts with a service before its answering a scanner is nothing special. */
  publicServiceSources: number;
  /** Targets of an outside scanner, tried on ten ports or more, from which on it means us in particular. */
  broadTargets: number;
  /** Standard deviations above an inside source's own hourly fan-out from which on a finding says so. */
  ownPastDeviations: number;
  /** Failures needed for each success in the group (target, port or source) that is judged, up to one hour. */
  failuresPerSuccess: number;
  /** The same beyond an hour, where a host has time to do much else. */
  failuresPerSuccessSlow: number;
  /** Threshold random walk: probability that a first contact of a benign source succeeds (theta 0). */
  benignSuccess: number;
  /** Threshold random walk: probability that a first contact of a scanner succeeds (theta 1). */
  scannerSuccess: number;
  /** Threshold random walk: accepted probability of calling a benign source a scanner (alpha). */
  falsePositiveRate: number;
  /** Threshold random walk: wanted probability of calling a scanner a scanner (beta). */
  detectionRate: number;
  /** A contact seen in this many separate minutes is a habit (a poller, a stale configuration), not a probe. */
  habitMinutes: number;
  /** Over days, a contact that comes back in this many separate hours is a habit. */
  habitHours: number;
  /** Failed habits of one source beyond which they count as probes after all: a repeated scan is still a scan. */
  habitLimit: number;
  /** Distinct ports (and, over them, hosts) from which on a scan is called a block scan rather than one of its sides. */
  blockMinimum: number;
  /** Answer overdue: log time that must pass beyond a record before silence means `unanswered`. */
  settleSeconds: number;
  /** Silence in log time that ends a finding; a later scan by the same source is a new one. */
  episodeGapSeconds: number;
  /** A pause of this length followed by a scan of other targets makes a new finding. */
  targetSetGapSeconds: number;
}

const common = {
  campaignTargetsPerSource: 3,
  campaignOverlap: 1.5,
  publicServiceSources: 3,
  broadTargets: 50,
  ownPastDeviations: 4,
  failuresPerSuccess: 3,
  failuresPerSuccessSlow: 4,
  benignSuccess: 0.8,
  scannerSuccess: 0.2,
  detectionRate: 0.999,
  habitMinutes: 3,
  habitHours: 3,
  blockMinimum: 5,
  settleSeconds: 600,
  episodeGapSeconds: 3600,
  targetSetGapSeconds: 60,
} as const;

/**
 * Defaults by sensitivity. `medium` asks for eight distinct failures within five minutes and a false positive rate of
 * one in ten thousand judged sources; the paper's 0.01 (Jung, Paxson, Berger, Balakrishnan: Fast Portscan Detection
 * Using Sequential Hypothesis Testing, IEEE S&P 2004) is too loose for thousands of sources a day.
 */
export const detectionDefaults: Readonly<Record<Sensitivity, DetectionSettings>> = {
  low: {
    ...common,
    failuresIn5Minutes: 25,
    failuresIn1Hour: 40,
    pairsIn5Minutes: 40,
    pairsIn1Hour: 60,
    failuresIn24Hours: 60,
    pairsIn24Hours: 80,
    failuresIn72Hours: 60,
    pairsIn72Hours: 80,
    openTargetsIn5Minutes: 40,
    campaignSources: 24,
    campaignPortsPerSource: 6,
    campaignPorts: 100,
    campaignTargets: 100,
    falsePositiveRate: 0.00001,
    habitLimit: 128,
  },
  medium: {
    ...common,
    failuresIn5Minutes: 8,
    failuresIn1Hour: 16,
    pairsIn5Minutes: 10,
    pairsIn1Hour: 20,
    failuresIn24Hours: 25,
    pairsIn24Hours: 25,
    failuresIn72Hours: 25,
    pairsIn72Hours: 25,
    openTargetsIn5Minutes: 10,
    campaignSources: 12,
    campaignPortsPerSource: 4,
    campaignPorts: 48,
    campaignTargets: 48,
    falsePositiveRate: 0.0001,
    habitLimit: 64,
  },
  high: {
    ...common,
    failuresIn5Minutes: 6,
    failuresIn1Hour: 12,
    pairsIn5Minutes: 8,
    pairsIn1Hour: 14,
    failuresIn24Hours: 18,
    pairsIn24Hours: 20,
    failuresIn72Hours: 18,
    pairsIn72Hours: 20,
    openTargetsIn5Minutes: 8,
    campaignSources: 8,
    campaignPortsPerSource: 3,
    campaignPorts: 32,
    campaignTargets: 32,
    falsePositiveRate: 0.001,
    habitLimit: 32,
  },
};

/** The settings of a sensitivity with single numbers overridden. */
export function detectionSettings(
  sensitivity: Sensitivity = 'medium',
  overrides: Partial<DetectionSettings> = {},
): DetectionSettings {
  return { ...detectionDefaults[sensitivity], ...overrides };
}

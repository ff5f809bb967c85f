/** The ranges within which the detector's numbers can be overridden; what they mean is told in detection.ts. */
import { z } from 'zod';
import type { DetectionSettings } from './detection.ts';

const count = (min: number, max: number, description: string) =>
  z.int().min(min).max(max).optional().describe(description);
const share = (min: number, max: number, description: string) =>
  z.number().min(min).max(max).optional().describe(description);
const seconds = (min: number, max: number, description: string) =>
  z.int().min(min).max(max).optional().describe(`${description} Seconds of log time.`);

/** Overrides of single detection numbers; a name that the detector does not have is refused. */
export const detectionOverrides = z.strictObject({
  failuresIn5Minutes: count(
    3,
    10_000,
    'Distinct failed ports of one target, or targets on one port, in 5 minutes before a source can be a scanner. Lower finds more, and more that is harmless.',
  ),
  failuresIn1Hour: count(3, 100_000, 'The same within one hour; not below failuresIn5Minutes.'),
  pairsIn5Minutes: count(
    3,
    10_000,
    'Distinct failed pairs of target and port in 5 minutes, where neither one target nor one port explains them. Below 10 the noise of the internet shows.',
  ),
  pairsIn1Hour: count(3, 100_000, 'The same within one hour.'),
  failuresIn24Hours: count(
    3,
    100_000,
    'Distinct failed ports of one target, or targets on one port, in 24 hours. Lower finds slower scans, and more misconfiguration.',
  ),
  pairsIn24Hours: count(3, 100_000, 'Distinct failed pairs of target and port in 24 hours.'),
  failuresIn72Hours: count(3, 100_000, 'Distinct failed ports of one target, or targets on one port, in 72 hours.'),
  pairsIn72Hours: count(3, 100_000, 'Distinct failed pairs of target and port in 72 hours.'),
  openTargetsIn5Minutes: count(
    3,
    10_000,
    'Distinct inside hosts that an inside source found open on one port in 5 minutes and left. Lower finds smaller sweeps of open ports, and more jobs that run over all hosts.',
  ),
  campaignSources: count(
    4,
    10_000,
    'Outside sources that must share out the ports of one target within an hour, or our hosts on one port within three hours. Lower finds smaller campaigns, and takes chance for a plan.',
  ),
  campaignPortsPerSource: count(
    2,
    100,
    'Distinct failed ports of the target from which on a source counts as a member. The noise of the internet has three at most.',
  ),
  campaignTargetsPerSource: count(2, 100, 'The same for targets on the port.'),
  campaignPorts: count(8, 65_536, 'Distinct failed ports of one target that the members cover together.'),
  campaignTargets: count(8, 65_536, 'Distinct targets on one port that the members cover together.'),
  campaignOverlap: share(
    1,
    4,
    'Members that a port (or target) may have on average. Higher takes in unrelated sources.',
  ),
  publicServiceSources: count(
    1,
    1000,
    'Other outside sources that complete contacts with a service before its answering a scanner is nothing special. Higher raises more inbound findings.',
  ),
  broadTargets: count(
    5,
    100_000,
    'Targets of an outside scanner, tried on ten ports or more, from which on it means us in particular.',
  ),
  ownPastDeviations: share(
    1,
    100,
    "Standard deviations above an inside source's own hourly fan-out from which on a finding says so. It never decides.",
  ),
  failuresPerSuccess: share(
    0.5,
    100,
    'Failures needed for each success in the group that is judged. Lower catches scanners that find much open; crawlers and monitors are next.',
  ),
  failuresPerSuccessSlow: share(0.5, 100, 'The same beyond an hour, where a host has time to do much else.'),
  benignSuccess: share(
    0.5,
    0.999,
    'Probability that a first contact of a benign source succeeds; above scannerSuccess.',
  ),
  scannerSuccess: share(0.001, 0.5, 'Probability that a first contact of a scanner succeeds; below benignSuccess.'),
  falsePositiveRate: share(
    0.000_000_1,
    0.1,
    'Accepted probability of calling a benign source a scanner. Thousands of sources a day are judged: 0.01 is noise.',
  ),
  detectionRate: share(0.5, 0.999_999, 'Wanted probability of calling a scanner a scanner.'),
  habitMinutes: count(2, 60, 'Separate minutes in which a contact must recur to be a habit rather than a probe.'),
  habitHours: count(2, 72, 'Separate hours in which a contact must recur, over days, to be a habit.'),
  habitLimit: count(1, 10_000, 'Failed habits of one source beyond which they count as probes after all.'),
  blockMinimum: count(2, 1000, 'Distinct ports, and over them hosts, from which on a scan is a block scan.'),
  settleSeconds: seconds(
    60,
    7200,
    'Time past a record before silence means unanswered. Lower alerts sooner, and wrongly for late files.',
  ),
  episodeGapSeconds: seconds(300, 259_200, 'Silence that ends a finding. Lower makes a slow scan many findings.'),
  targetSetGapSeconds: seconds(60, 86_400, 'Pause after which a scan of other targets is a finding of its own.'),
} satisfies Record<keyof DetectionSettings, z.ZodType>);

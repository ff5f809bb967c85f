/** What would have kept a finding, or its alert, from being: for each test that fired the setting behind it, and the rule. */

import { type DetectionSettings, detectionDefaults } from '../lib/config/detection.ts';
import { detectionOverrides } from '../lib/config/detection-schema.ts';
import type { Finding, Reason } from '../lib/finding/model.ts';
import { scopeToSilence } from '../lib/notify/suppression.ts';

type Setting = keyof DetectionSettings;

/** The setting that a test goes by, if it has one. */
interface Knob {
  readonly setting?: Setting | ((finding: Finding) => Setting);
  /** Where the finding tells it, the value with which the test would not have fired. */
  readonly from?: (reason: Reason, finding: Finding) => number;
  /** The same of a setting to lower: the value below which. */
  readonly below?: (reason: Reason) => number;
  /** What the number does not say. */
  readonly note?: string;
}

const aboveValue = ({ value }: Reason) => value + 1;
const floor = (setting: Setting): Knob => ({ setting, from: aboveValue });
const OWN_SEVERITY = 'it decides the severity alone';

/**
 * The setting of every test that the detector has. A campaign's tests give the values with which it first sufficed; it
 * grew on, so that what it would have taken is what it grew to.
 */
const KNOBS: Readonly<Record<string, Knob>> = {
  'failed-ports-of-one-target-5m': floor('failuresIn5Minutes'),
  'failed-ports-of-one-target-1h': floor('failuresIn1Hour'),
  'failed-ports-of-one-target-24h': floor('failuresIn24Hours'),
  'failed-ports-of-one-target-72h': floor('failuresIn72Hours'),
  'failed-targets-on-one-port-5m': floor('failuresIn5Minutes'),
  'failed-targets-on-one-port-1h': floor('failuresIn1Hour'),
  'failed-targets-on-one-port-24h': floor('failuresIn24Hours'),
  'failed-targets-on-one-port-72h': floor('failuresIn72Hours'),
  'failed-target-port-pairs-5m': floor('pairsIn5Minutes'),
  'failed-target-port-pairs-1h': floor('pairsIn1Hour'),
  'failed-target-port-pairs-24h': floor('pairsIn24Hours'),
  'failed-target-port-pairs-72h': floor('pairsIn72Hours'),
  'fleeting-targets-on-one-port-5m': floor('openTargetsIn5Minutes'),
  'threshold-random-walk': {
    setting: 'falsePositiveRate',
    // The walk's bound is ln(detectionRate / falsePositiveRate); all sensitivities share the detection rate.
    below: ({ value }) => detectionDefaults.medium.detectionRate * Math.exp(-value),
  },
  'fan-out-above-own-past': { setting: 'ownPastDeviations', note: 'raised; it only adds a reason' },
  'probes-without-syn': { note: 'no setting; it only adds a reason' },
  'known-vulnerable-services': { note: 'no setting; it only adds a reason and a technique' },
  'answered-not-public': {
    setting: 'publicServiceSources',
    note: `lowered to how many other outside sources used what answered; ${OWN_SEVERITY}`,
  },
  'stayed-connected': {
    setting: 'publicServiceSources',
    note: `lowered to how many other outside sources used what it stayed connected to; ${OWN_SEVERITY}`,
  },
  'covers-many-targets': { ...floor('broadTargets'), note: OWN_SEVERITY },
  'campaign-sources-1h': { setting: 'campaignSources', from: (_, { sources }) => (sources?.count ?? 0) + 1 },
  'campaign-sources-3h': { setting: 'campaignSources', from: (_, { sources }) => (sources?.count ?? 0) + 1 },
  'campaign-ports-1h': { setting: 'campaignPorts', from: (_, { ports }) => ports.count + 1 },
  'campaign-targets-3h': { setting: 'campaignTargets', from: (_, { targets }) => targets.count + 1 },
  'campaign-overlap-1h': { setting: 'campaignOverlap', below: ({ value }) => value },
  'campaign-overlap-3h': { setting: 'campaignOverlap', below: ({ value }) => value },
  'failures-per-success': {
    setting: (finding) => (isOverDays(finding) ? 'failuresPerSuccessSlow' : 'failuresPerSuccess'),
    // Without any success there is nothing to weigh the failures against.
    from: ({ value }, { contacts }) => (contacts.established ? value + 0.01 : Number.POSITIVE_INFINITY),
  },
};

/** Lines that say what would have silenced a finding, for a person. */
export function whatSilences(finding: Finding): string[] {
  const scope = scopeToSilence(finding);
  const rule = scope && `--source ${scope.source}${scope.target ? ` --target ${scope.target}` : ''}`;
  const isByFloor = finding.reasons.some(({ test }) => test.startsWith('failed-'));
  return [
    ...finding.reasons.map((reason) => `${reason.test}: ${silencerOf(reason, finding)}`),
    ...(isByFloor
      ? ['(a floor is that of its horizon: longer ones, and pairs of target and port, have their own)']
      : []),
    rule ? `or the suppression ${rule}` : 'no single suppression: the targets have no network in common',
  ];
}

function silencerOf(reason: Reason, finding: Finding): string {
  const knob = KNOBS[reason.test];
  if (!knob) return 'this version knows no setting for it';
  const setting = typeof knob.setting === 'function' ? knob.setting(finding) : knob.setting;
  if (!setting) return knob.note ?? '';
  const note = knob.note ? `, ${knob.note}` : '';
  const from = knob.from?.(reason, finding);
  const below = knob.below?.(reason);
  if (!isAllowed(setting, from) || !isAllowed(setting, below && below * (1 - Number.EPSILON)))
    return `no value of detection.${setting} that is allowed`;
  if (from !== undefined) return `detection.${setting} from ${round(from)} on (it was ${reason.threshold})${note}`;
  return `detection.${setting}${below === undefined ? '' : ` below ${round(below)}`}${note}`;
}

/** Whether the strongest of the windows that fired, which the walk and the ratio are about, reaches beyond an hour. */
function isOverDays({ reasons }: Finding): boolean {
  const windows = reasons.filter(({ test }) => /^(failed|fleeting)-/.test(test));
  const [strongest] = windows.toSorted((a, b) => b.value - a.value);
  return strongest !== undefined && /-(24|72)h$/.test(strongest.test);
}

const isAllowed = (setting: Setting, value: number | undefined): boolean =>
  detectionOverrides.safeParse({ [setting]: value }).success;

/** Two decimals where that says anything, else two digits. */
const round = (value: number): number => (value >= 0.1 ? Math.round(value * 100) / 100 : Number(value.toPrecision(2)));

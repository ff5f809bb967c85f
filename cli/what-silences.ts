/**
 * Explains how a finding or its alert could have been prevented: the setting behind each test that fired, and the
 * suppression.
 */

import { detectionOverrides } from '../lib/config/detection-schema.ts';
import { detectionDefaults, type SettingName } from '../lib/detections/settings.ts';
import { TESTS } from '../lib/detections/tests.ts';
import { type Finding, type Reason, restsOnSignals } from '../lib/finding/model.ts';
import { scopeToSilence } from '../lib/notify/suppression.ts';
import { HORIZONS, isSourceDetection } from '../lib/scan/detection.ts';
import { shellWord } from '../lib/text/untrusted.ts';
import { grouped } from '../lib/text/wording.ts';

/** The setting behind a test, if there is one. */
interface Knob {
  readonly setting?: SettingName | ((finding: Finding) => SettingName);
  /** The value of the setting with which the test would not have fired, if the finding shows it. */
  readonly from?: (reason: Reason, finding: Finding) => number;
  /** The same for a setting to lower: the value to go below. */
  readonly below?: (reason: Reason) => number;
  /** A remark that the number alone does not express. */
  readonly note?: string;
}

const aboveValue = ({ value }: Reason) => value + 1;
const floor = (setting: SettingName): Knob => ({ setting, from: aboveValue });
/** Whether the detection behind a test uses several horizons. */
const hasHorizons = (test: string): boolean => {
  const detection = TESTS.get(test)?.detection;
  return detection !== undefined && isSourceDetection(detection) && detection.windows.length > 1;
};
const isFloor = ({ test }: Reason): boolean => TESTS.get(test)?.about === 'floor';
/** The test of a finding under a watch. */
const WATCHED = 'watched';
const OWN_SEVERITY = 'which only changes the severity';

/** The tests that all detections share, and those that only add a reason or decide the severity. */
const SHARED_KNOBS: Readonly<Record<string, Knob>> = {
  'threshold-random-walk': {
    setting: 'falsePositiveRate',
    // The walk's bound is ln(detectionRate / falsePositiveRate). All sensitivities share the detection rate.
    below: ({ value }) => detectionDefaults.medium.detectionRate * Math.exp(-value),
  },
  'fan-out-above-own-past': { setting: 'ownPastDeviations', note: 'raised, which only removes this reason' },
  'as-clients-do': { note: 'no setting, since this test only lowers the severity' },
  'fell-back-to-ipv4': { note: 'no setting, since this test only lowers the severity' },
  'targets-called-first': { note: 'no setting, since this test only lowers the severity' },
  'sizes-of-icmp-errors': { note: 'no setting, since this test only lowers the severity' },
  'signal-near-scan': { note: 'no setting, since this test only adds an actor' },
  contexts: { note: 'no setting, since this test only weighs the contacts' },
  'probes-without-syn': { note: 'no setting, since this test only adds a reason' },
  'known-vulnerable-services': { note: 'no setting, since this test only adds a reason and a technique' },
  'answered-not-public': {
    setting: 'publicServiceSources',
    note: `lowered to the number of other outside sources that used the service, ${OWN_SEVERITY}`,
  },
  'stayed-connected': {
    setting: 'publicServiceSources',
    note: `lowered to the number of other outside sources that used the service it stayed connected to, ${OWN_SEVERITY}`,
  },
  'covers-many-targets': { ...floor('broadTargets'), note: OWN_SEVERITY },
  'failures-per-success': {
    setting: (finding) => (isOverDays(finding) ? 'failuresPerSuccessSlow' : 'failuresPerSuccess'),
    // Without any success there is nothing to compare the failures with.
    from: ({ value }, { contacts }) => (contacts.established ? value + 0.01 : Number.POSITIVE_INFINITY),
  },
};

/**
 * The setting behind a test. A campaign's tests report the values with which it was first enough. The campaign kept
 * growing, so the setting would have to exceed the final values.
 */
function knobOf(test: string): Knob | undefined {
  const registered = TESTS.get(test);
  if (!registered) return SHARED_KNOBS[test];
  const { setting, about } = registered;
  if (about === 'floor') return floor(setting);
  if (about === 'sources') return { setting, from: (_, { sources }) => (sources?.count ?? 0) + 1 };
  if (about === 'overlap') return { setting, below: ({ value }) => value };
  if (about === 'pairs') return { setting, from: (_, { contacts }) => contacts.failed + contacts.established + 1 };
  return { setting, from: (_, finding) => finding[about].count + 1 };
}

/** Lines for a person that say what would have silenced a finding. */
export function whatSilences(finding: Finding): string[] {
  if (restsOnSignals(finding)) return signalSilencers(finding);
  const scope = scopeToSilence(finding);
  const rule = scope && `--source ${scope.source}${scope.target ? ` --target ${scope.target}` : ''}`;
  const hasOtherFloors = finding.reasons.some(({ test }) => hasHorizons(test));
  return [
    ...finding.reasons.map((reason) => `${reason.test}: ${silencerOf(reason, finding)}`),
    ...watchLines(finding),
    ...(hasOtherFloors
      ? ['Each threshold applies to one horizon. Longer horizons, and pairs of target and port, have their own.']
      : []),
    rule ? `or the suppression ${rule}` : 'no single suppression covers this finding: its targets share no network',
  ];
}

/** The rules about signals have no settings. A suppression names the actor. */
function signalSilencers({ kind, actor, reasons }: Finding): string[] {
  const named = [
    ['--namespace', actor?.namespace],
    ['--service-account', actor?.serviceAccount],
    ['--image', actor?.image],
    ['--user', actor?.user],
  ] as const;
  const parts = named.flatMap(([option, value]) => (value ? [`${option} ${shellWord(value)}`] : []));
  return [
    ...reasons.map(({ test, threshold }) =>
      threshold > 1
        ? `${test}: fewer than ${grouped(threshold)}. It has no setting`
        : `${test}: no setting, since one such event is enough`,
    ),
    parts.length
      ? `or the suppression ${parts.join(' ')} --kind ${kind}`
      : 'no suppression covers this finding: its events name no namespace, service account, image or user',
  ];
}

/** While a watch lasts, its numbers apply where they are more sensitive, so settings alone change nothing. */
const watchLines = ({ watchedBy, reasons }: Finding): string[] =>
  watchedBy !== undefined && reasons.some(({ test }) => test === WATCHED)
    ? ['While the watch lasts, its own numbers apply where they are more sensitive than the settings.']
    : [];

function silencerOf(reason: Reason, finding: Finding): string {
  if (reason.test === WATCHED)
    return reason.value ? 'no finding without the watch' : 'no setting, and a finding without the watch too';
  const knob = knobOf(reason.test);
  if (!knob) return 'this version has no setting for it';
  const setting = typeof knob.setting === 'function' ? knob.setting(finding) : knob.setting;
  if (!setting) return knob.note ?? '';
  const note = knob.note ? `, ${knob.note}` : '';
  const from = knob.from?.(reason, finding);
  const below = knob.below?.(reason);
  if (!isAllowed(setting, from) || !isAllowed(setting, below && below * (1 - Number.EPSILON)))
    return `no allowed value of detection.${setting}`;
  if (from !== undefined) return `detection.${setting} of at least ${round(from)} (was ${reason.threshold})${note}`;
  return `detection.${setting}${below === undefined ? '' : ` below ${round(below)}`}${note}`;
}

/**
 * Whether the strongest of the windows that fired reaches beyond an hour. The walk and the ratio are about that window.
 */
function isOverDays({ reasons }: Finding): boolean {
  const [strongest] = reasons.filter(isFloor).toSorted((a, b) => b.value - a.value);
  const test = strongest && TESTS.get(strongest.test);
  return test !== undefined && HORIZONS[test.horizon] > HORIZONS['1h'];
}

const isAllowed = (setting: SettingName, value: number | undefined): boolean =>
  detectionOverrides.safeParse({ [setting]: value }).success;

/** Rounds to two decimals if that is precise enough, otherwise to two digits. */
const round = (value: number): number => (value >= 0.1 ? Math.round(value * 100) / 100 : Number(value.toPrecision(2)));

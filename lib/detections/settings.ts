/** Every number that the detections decide by, collected from the registry: names, defaults per sensitivity, overrides. */
import { type Sensitivity, type Setting, SHARED_SETTINGS } from '../scan/settings.ts';
import { DETECTIONS, type Registry } from './index.ts';

export type { Sensitivity };

type NamesIn<Record> = Record extends { readonly settings: infer Own } ? keyof Own & string : never;

/** Name of a number that users can override. */
export type SettingName = keyof typeof SHARED_SETTINGS | NamesIn<Registry[number]>;

/** The numbers that a decision rests on. Times are seconds of log time, counts are distinct first contacts. */
export type DetectionSettings = { [Name in SettingName]: number };

/** All settings by name: the shared ones first, then each detection's own. */
export const SETTINGS = Object.assign(
  { ...SHARED_SETTINGS },
  ...DETECTIONS.map(({ settings }) => settings),
) as Readonly<Record<SettingName, Setting>>;

/** Names of all settings. */
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

const defaultsOf = (sensitivity: Sensitivity): DetectionSettings =>
  Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].default[sensitivity]])) as DetectionSettings;

export const detectionDefaults: Readonly<Record<Sensitivity, DetectionSettings>> = {
  low: defaultsOf('low'),
  medium: defaultsOf('medium'),
  high: defaultsOf('high'),
};

/**
 * The settings, with each number that depends on the sensitivity at least as sensitive as that of another sensitivity.
 * Numbers that are the same at all sensitivities, such as the gap that ends a finding, stay as they are.
 */
export function moreSensitive(settings: DetectionSettings, sensitivity: Sensitivity): DetectionSettings {
  const raised = SETTING_NAMES.map((name) => {
    const { low, high } = SETTINGS[name].default;
    const [own, other] = [settings[name], SETTINGS[name].default[sensitivity]];
    return [name, low === high ? own : low > high ? Math.min(own, other) : Math.max(own, other)];
  });
  return Object.fromEntries(raised) as DetectionSettings;
}

/** The settings of a sensitivity, with the given overrides. */
export function detectionSettings(
  sensitivity: Sensitivity = 'medium',
  overrides: Partial<DetectionSettings> = {},
): DetectionSettings {
  return { ...detectionDefaults[sensitivity], ...overrides };
}

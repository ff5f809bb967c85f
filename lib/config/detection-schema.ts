/** The ranges within which the detector's numbers can be overridden, derived from the settings of the detections. */
import { z } from 'zod';
import { SETTING_NAMES, SETTINGS, type SettingName } from '../detections/settings.ts';

function numberOf(name: SettingName) {
  const { range, unit, means } = SETTINGS[name];
  const number = unit === 'share' ? z.number() : z.int();
  return number
    .min(range[0])
    .max(range[1])
    .optional()
    .describe(unit === 'seconds' ? `${means} Seconds of log time.` : means);
}

type Overrides = Record<SettingName, ReturnType<typeof numberOf>>;

/** Overrides of single detection numbers. A name that the detector does not have is refused. */
export const detectionOverrides = z.strictObject(
  Object.fromEntries(SETTING_NAMES.map((name) => [name, numberOf(name)])) as Overrides,
);

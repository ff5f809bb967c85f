/** The day of a flow log file, from its key alone. */

/** Log delivery puts the time of a file into its name: `..._20261121T2215Z_....log.gz`. */
const IN_NAME = /_(\d{4})(\d{2})(\d{2})T\d{4}Z_[^/]*$/;
/** Folders of days, plain or Hive-style, perhaps with hours below. */
const IN_FOLDERS = /\/(?:year=)?(\d{4})\/(?:month=)?(\d{2})\/(?:day=)?(\d{2})\//;

/** The day (UTC) of a file, such as `2026-11-21`: by its name, or else by its folders. Undefined if neither has one. */
export function dayOfKey(key: string): string | undefined {
  const [, year, month, day] = IN_NAME.exec(key) ?? IN_FOLDERS.exec(key) ?? [];
  const text = `${year}-${month}-${day}`;
  return isDay(text) ? text : undefined;
}

/** Whether a text is a day of the calendar, such as `2026-11-21`. */
export function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

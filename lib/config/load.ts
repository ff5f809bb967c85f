/**
 * Reads the settings file. The result is validated settings with all defaults filled in, or one error that names every
 * problem.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { describeIssues } from './problems.ts';
import { type Settings, settingsSchema } from './schema.ts';

/** A settings file that cannot be used. The message has one line per problem, and each line starts with the file. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[]) {
    super(problems.map((problem) => `${file}: ${problem}`).join('\n'));
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

/**
 * The JSON schema of the settings file for editors (`input`), or of the settings with all defaults filled in
 * (`output`).
 */
export function settingsJsonSchema(io: 'input' | 'output' = 'input'): Record<string, unknown> {
  return { ...z.toJSONSchema(settingsSchema, { io }), title: 'Sweepwatch settings' };
}

/** Validates a parsed value. `file` is used only in error messages. Throws {@link SettingsError}. */
export function parseSettings(value: unknown, file = 'settings'): Settings {
  const result = settingsSchema.safeParse(value);
  if (result.success) return result.data;
  throw new SettingsError(file, describeIssues(result.error.issues, value, settingsJsonSchema()));
}

/**
 * Reads and validates a settings file. Throws {@link SettingsError} if it is missing, unreadable, not JSON, or invalid.
 */
export function loadSettings(file: string): Settings {
  return parseSettings(parseJson(file, readText(file)), file);
}

const readFailures: Record<string, string> = {
  ENOENT: 'does not exist: create it, or name another settings file',
  EISDIR: 'is a folder: name the settings file in it',
  EACCES: 'cannot be read: permission denied',
};

function readText(file: string): string {
  try {
    // Some editors begin a file with a byte order mark, which JSON.parse refuses.
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new SettingsError(file, [readFailures[code] ?? `cannot be read: ${(error as Error).message}`]);
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = (error as Error).message;
    if (text.trim() === '') throw new SettingsError(file, ['is empty: it must contain a JSON object, at least {}']);
    const reason = message.replace(/(, \.*".*| in JSON at position .*)$/s, '');
    throw new SettingsError(file, [`is not JSON: ${reason}, at ${locate(text, message)}`]);
  }
}

/** V8 gives line and column for some mistakes only. For an unexpected token they are found by parsing prefixes. */
function locate(text: string, message: string): string {
  const told = /\(line (\d+) column (\d+)\)/.exec(message);
  if (told !== null) return `line ${told[1]} column ${told[2]}`;
  let low = 0;
  let high = text.length;
  while (high - low > 1 && message.startsWith('Unexpected token')) {
    const middle = (low + high) >> 1;
    if (failsAtToken(text.slice(0, middle))) high = middle;
    else low = middle;
  }
  const before = text.slice(0, Math.max(0, high - 1)).split('\n');
  return `line ${before.length} column ${(before.at(-1) ?? '').length + 1}`;
}

function failsAtToken(prefix: string): boolean {
  try {
    JSON.parse(prefix);
    return false;
  } catch (error) {
    return (error as Error).message.startsWith('Unexpected token');
  }
}

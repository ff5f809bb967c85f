/** The settings file of a deployment, for commands that run without a deployment. */
import { loadSettings, SettingsError } from '../lib/config/load.ts';
import { type RuntimeSettings, toRuntimeSettings } from '../lib/config/runtime.ts';
import { UsageError } from './usage-error.ts';

/** The part of a settings file that the detector uses. @throws UsageError naming every problem in the file. */
export async function runtimeSettingsOf(path: string): Promise<RuntimeSettings> {
  try {
    return toRuntimeSettings(loadSettings(path));
  } catch (error) {
    throw error instanceof SettingsError ? new UsageError(error.message) : error;
  }
}

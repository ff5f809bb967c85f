/** The CDK app around the construct: one stack from one settings file, checked by cdk-nag at every synthesis. */
import { App, Stack } from 'aws-cdk-lib';
import { loadSettings, SettingsError } from '../lib/config/load.ts';
import type { Settings } from '../lib/config/schema.ts';
import { addNagChecks } from './nag-checks.ts';
import { ScanDetector } from './scan-detector.ts';

export const app = new App({ analyticsReporting: false });
const settings = settingsOrExit(app.node.tryGetContext('settings') ?? 'sweepwatch.config.json');
const stack = new Stack(app, settings.deploymentName, {
  description: 'Sweepwatch: finds network scans in VPC Flow Logs',
});
new ScanDetector(stack, 'Detector', { settings }).addOutputs();
addNagChecks(app);

/** A stack trace would bury the lines that say what to change. */
function settingsOrExit(file: string): Settings {
  try {
    return loadSettings(file);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

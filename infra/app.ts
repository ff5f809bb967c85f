/** The CDK app around the construct: one stack from one settings file, checked by cdk-nag at every synthesis. */
import { App, Stack } from 'aws-cdk-lib';
import { loadSettings, SettingsError } from '../lib/config/load.ts';
import { addNagChecks } from './nag-checks.ts';
import { ScanDetector } from './scan-detector.ts';

export const app = new App({ analyticsReporting: false });
const file = app.node.tryGetContext('settings') ?? 'sweepwatch.config.json';
const settings = orExit(() => loadSettings(file));
const stack = new Stack(app, settings.deploymentName, {
  description: 'Sweepwatch: finds network scans in VPC Flow Logs',
});
orExit(() => new ScanDetector(stack, 'Detector', { settings })).addOutputs();
addNagChecks(app);

/** A stack trace would hide the lines that say what to change. */
function orExit<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** Synthesizes a stack and counts what is in it that a bill charges. */
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ScanDetector } from '../../infra/index.ts';
import type { SettingsInput } from '../../lib/config/schema.ts';
import { countsOf, type Deployed } from './deployed.ts';

/** Synthesizes a stack with these settings, without bundles, and counts what is in it. */
export function deployed(input: SettingsInput = {}): Deployed {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
  const stack = new Stack(app, 'sweepwatch');
  const { settings } = new ScanDetector(stack, 'Detector', { settings: input });
  return countsOf(Template.fromStack(stack).toJSON(), settings);
}

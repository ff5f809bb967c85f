/** Runs the AwsSolutions and Serverless packs of cdk-nag at synthesis. A finding without an acceptance stops it. */
import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';

/** Registers both packs on the app. Synthesis throws if a rule fails without an acceptance. */
export function addNagChecks(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
}

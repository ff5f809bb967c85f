/** Runs the AwsSolutions and Serverless packs of cdk-nag at synthesis; a finding nobody accepted stops it. */
import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';

/** Registers both packs on the app; synthesis throws where a rule fails without an acceptance. */
export function addNagChecks(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
}

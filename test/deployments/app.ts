/** The app that tests synthesize: infra/app.ts as it is, and in the same synthesis the deployments of deployments.ts. */
import { Stack } from 'aws-cdk-lib';
import { app } from '../../infra/app.ts';
import { ScanDetector } from '../../infra/scan-detector.ts';
import { DEPLOYMENTS } from './deployments.ts';

for (const [name, settings] of Object.entries(DEPLOYMENTS))
  new ScanDetector(new Stack(app, name), 'Detector', { settings }).addOutputs();

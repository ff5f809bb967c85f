/** What a CDK app of yours imports: the construct, its props and the settings it takes. */
export type { Settings, SettingsInput } from '../lib/config/settings-types.ts';
export type { BucketOptions, ScanDetectorProps } from './props.ts';
export { ScanDetector } from './scan-detector.ts';

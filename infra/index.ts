/** The public exports for a CDK app: the construct, its props and its settings. */
export type { Settings, SettingsInput } from '../lib/config/settings-types.ts';
export type { BucketOptions, ScanDetectorProps } from './props.ts';
export { ScanDetector } from './scan-detector.ts';

/** What a CDK app of yours imports: the construct, its props and the settings it takes. */
export type { Settings, SettingsInput } from '../lib/config/schema.ts';
export { ScanDetector, type ScanDetectorProps } from './scan-detector.ts';

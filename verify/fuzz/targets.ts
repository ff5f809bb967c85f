/** All that is fuzzed. */
import type { Target } from './target.ts';
import { DETECTION } from './targets/detection.ts';
import { EVENTS } from './targets/events.ts';
import { FRAGMENTS } from './targets/fragments.ts';
import { GZIP } from './targets/gzip.ts';
import { HANDLER_TARGETS } from './targets/handlers.ts';
import { PARQUET } from './targets/parquet.ts';
import { SETTINGS_TARGETS } from './targets/settings.ts';
import { TEXT } from './targets/text.ts';

export const TARGETS: readonly Target[] = [
  ...TEXT,
  ...GZIP,
  ...PARQUET,
  ...EVENTS,
  ...FRAGMENTS,
  ...DETECTION,
  ...SETTINGS_TARGETS,
  ...HANDLER_TARGETS,
];

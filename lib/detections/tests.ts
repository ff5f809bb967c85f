/** The names of the tests in the reasons of findings, with the detection and the setting behind each. */
import { type Detection, type HorizonName, isSourceDetection } from '../scan/detection.ts';
import { DETECTIONS } from './index.ts';
import type { SettingName } from './settings.ts';

/** A test as a reason names it: `failed-ports-of-one-target-5m`. */
export const testName = (test: string, horizon: HorizonName): string => `${test}-${horizon}`;

/** A test that a detection of the registry makes. */
export interface RegisteredTest {
  readonly detection: Detection;
  readonly horizon: HorizonName;
  /** The setting that the value of the test is compared with. */
  readonly setting: SettingName;
  /**
   * `floor` for a single source. For a campaign: its sources, the ports, targets or pairs that they cover, or their
   * overlap.
   */
  readonly about: 'floor' | 'sources' | 'ports' | 'targets' | 'pairs' | 'overlap';
}

const COVERED = { target: 'ports', port: 'targets', source: 'pairs' } as const;

const testsOf = (detection: Detection): [string, RegisteredTest][] =>
  isSourceDetection(detection)
    ? detection.windows.map(({ horizon, floor }) => [
        testName(detection.test, horizon),
        { detection, horizon, setting: floor as SettingName, about: 'floor' },
      ])
    : detection.divides.flatMap(({ groupBy, horizon, cover, tests }) => {
        const test = (name: string, setting: string, about: RegisteredTest['about']): [string, RegisteredTest] => [
          testName(name, horizon),
          { detection, horizon, setting: setting as SettingName, about },
        ];
        return [
          test(tests.sources, detection.sources, 'sources'),
          test(tests.cover, cover, COVERED[groupBy]),
          test(tests.overlap, detection.overlap, 'overlap'),
        ];
      });

/** All tests of the registry by name. */
export const TESTS: ReadonlyMap<string, RegisteredTest> = new Map(DETECTIONS.flatMap(testsOf));

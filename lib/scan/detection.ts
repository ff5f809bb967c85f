/** The form of a detection: a record that the engine reads. Schema, reasons, alerts and docs are derived from it. */

import type { Direction } from './direction.ts';
import type { FirstContact } from './first-contact.ts';
import type { Setting, SHARED_SETTINGS } from './settings.ts';

/** How far back a window looks, in seconds of log time. */
export const HORIZONS = { '5m': 300, '1h': 3600, '3h': 10_800, '24h': 86_400, '72h': 259_200 } as const;
export type HorizonName = keyof typeof HORIZONS;

/** How far back the longest window of a single source looks, in seconds. */
export const LONGEST_SECONDS = HORIZONS['72h'];

/** The property that the contacts of a group share: a target, a port, or only their source. */
export type GroupBy = 'target' | 'port' | 'source';

/** The values of a window that the sentence about it uses. */
interface WindowFacts {
  /** Number of distinct contacts that indicate a scan, as text: `1,019`. */
  readonly count: string;
  /** The target or the port that they share. Empty if they share only their source. */
  readonly shared: string;
  /** The protocol's usual spelling: `TCP`. */
  readonly protocol: string;
}

interface Described {
  /** Kind of its findings, and name of its page in `docs/detections`. */
  readonly id: string;
  /** The name in alerts: `vertical scan`. */
  readonly name: string;
  /** The explanation of the name in alerts: `many ports of one target`. */
  readonly shape: string;
  /** The same for a protocol without ports. */
  readonly shapeOfPings?: string;
  /** Directions in which it looks. */
  readonly directions: readonly Direction[];
  /** The numbers that belong to this detection. */
  readonly settings: Readonly<Record<string, Setting>>;
  /** Ordinary causes to consider before acting, the likeliest first. Default: those of the direction. */
  readonly mayBe?: Partial<Readonly<Record<Direction, readonly string[]>>>;
}

/** A window of a detection: how far back it looks, and the setting for how many contacts are enough. */
export interface WindowRule {
  readonly horizon: HorizonName;
  readonly floor: string;
}

/** Recognises the scan of a single source by groups of its first contacts. */
export interface SourceDetection extends Described {
  readonly groupBy: GroupBy;
  /** The contacts that indicate a scan. All other answered contacts are evidence against it. */
  readonly counts: 'failures' | 'failures and touches' | 'failures, touches and visits';
  /** TCP ports to which it is limited. Default: contacts of any protocol and port. */
  readonly tcpPorts?: ReadonlySet<number>;
  /** Windows, the shortest first. Windows beyond an hour count each contact once in three days. */
  readonly windows: readonly WindowRule[];
  /** Setting for how many failed recurring contacts a group may have. Default: `habitLimit`. */
  readonly habitLimit?: string;
  /** A further condition on the contacts of a window that indicate a scan. */
  readonly requires?: (contacts: readonly FirstContact[]) => boolean;
  /** Whether a scan that only this detection found is named by its id. Otherwise the shape of the contacts names it. */
  readonly namesScan: boolean;
  /** Name of its test in a finding's reasons, without the horizon. */
  readonly test: string;
  /** The subject of the sentence in the reason: `12 distinct TCP ports of 10.0.0.1`. */
  readonly describe: (window: WindowFacts) => string;
}

/** Recognises what many sources do together. */
export interface CampaignDetection extends Described {
  /** Settings for the minimum number of members, and for the maximum average number of members per part. */
  readonly sources: string;
  readonly overlap: string;
  /**
   * The parts that members divide: ports of one target, targets on one port, or pairs of both. A member tries at least
   * `share` distinct parts. An outside member may find one of them open.
   */
  readonly divides: readonly {
    readonly groupBy: GroupBy;
    readonly horizon: HorizonName;
    /** Default: one part. */
    readonly share?: string;
    readonly cover: string;
    /** Whether the members are addresses of one outside network. Default: of any. */
    readonly isOfNetwork?: true;
    /** Names of the tests in a finding's reasons, without the horizon. */
    readonly tests: Readonly<Record<'sources' | 'cover' | 'overlap', string>>;
  }[];
}

export type Detection = SourceDetection | CampaignDetection;

/** Whether a detection looks at single sources. */
export const isSourceDetection = (detection: Detection): detection is SourceDetection => 'groupBy' in detection;

type FloorsIn<Own> = (keyof Own | keyof typeof SHARED_SETTINGS) & string;

/** A source detection whose windows name settings that exist. */
export const defineDetection = <const Id extends string, const Own extends Readonly<Record<string, Setting>>>(
  detection: Omit<SourceDetection, 'id' | 'settings' | 'windows' | 'habitLimit'> & {
    readonly id: Id;
    readonly settings: Own;
    readonly windows: readonly (WindowRule & { readonly floor: FloorsIn<Own> })[];
    readonly habitLimit?: FloorsIn<Own>;
  },
) => detection;

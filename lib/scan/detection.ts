/** The form of a detection: a record that the engine reads, and from which schema, reasons, alerts and docs are derived. */
import type { Direction, FirstContact } from './contacts.ts';
import type { Setting, SHARED_SETTINGS } from './settings.ts';

/** How far back a window looks, in seconds of log time. */
export const HORIZONS = { '5m': 300, '1h': 3600, '3h': 10_800, '24h': 86_400, '72h': 259_200 } as const;
export type HorizonName = keyof typeof HORIZONS;

/** How far back the longest window of a single source looks, in seconds. */
export const LONGEST_SECONDS = HORIZONS['72h'];

/** What the contacts of a group have in common: one target, one port, or only their source. */
export type GroupBy = 'target' | 'port' | 'source';

/** What a window saw, for the sentence about it. */
interface WindowFacts {
  /** Distinct contacts that speak for a scan, as text: `1,019`. */
  readonly count: string;
  /** The target, or the port, that they share; empty where they share their source only. */
  readonly shared: string;
  /** As people write it: `TCP`. */
  readonly protocol: string;
}

interface Described {
  /** Kind of its findings, and name of its page in `docs/detections`. */
  readonly id: string;
  /** As an alert calls it: `vertical scan`. */
  readonly name: string;
  /** As an alert explains the name: `many ports of one target`. */
  readonly shape: string;
  /** The same where the protocol has no ports. */
  readonly shapeOfPings?: string;
  /** Directions in which it looks. */
  readonly directions: readonly Direction[];
  /** Numbers of its own. */
  readonly settings: Readonly<Record<string, Setting>>;
  /** Ordinary causes to think of before acting, the likeliest first; by default those of the direction. */
  readonly mayBe?: Partial<Readonly<Record<Direction, readonly string[]>>>;
}

/** A window of a detection: how far back it looks, and the setting that says how many contacts are enough. */
export interface WindowRule {
  readonly horizon: HorizonName;
  readonly floor: string;
}

/** Recognises the scan of a single source by groups of its first contacts. */
export interface SourceDetection extends Described {
  readonly groupBy: GroupBy;
  /** What speaks for a scan; everything else that was answered speaks against it. */
  readonly counts: 'failures' | 'failures and touches';
  /** TCP ports to which it is limited; default: contacts of any protocol and port. */
  readonly tcpPorts?: ReadonlySet<number>;
  /** Windows, the shortest first; beyond an hour they look at each contact once in three days. */
  readonly windows: readonly WindowRule[];
  /** What else the contacts of a window that speak for a scan must show. */
  readonly requires?: (contacts: readonly FirstContact[]) => boolean;
  /** Whether a scan that only this detection found is called by its id; else the shape of the contacts names it. */
  readonly namesScan: boolean;
  /** Name of its test in a finding's reasons; the horizon is appended. */
  readonly test: string;
  /** The subject of the sentence in the reason: `12 distinct TCP ports of 10.0.0.1`. */
  readonly describe: (window: WindowFacts) => string;
}

/** Recognises what many outside sources do together. */
export interface CampaignDetection extends Described {
  /** Settings: the fewest members, and how many members each part has on average at most. */
  readonly sources: string;
  readonly overlap: string;
  /** What members divide between them. A member tries at least `share` distinct parts, of which at least `share - 1` fail. */
  readonly divides: readonly {
    readonly groupBy: 'target' | 'port';
    readonly horizon: HorizonName;
    readonly share: string;
    readonly cover: string;
    /** Names of the tests in a finding's reasons; the horizon is appended. */
    readonly tests: Readonly<Record<'sources' | 'cover' | 'overlap', string>>;
  }[];
}

export type Detection = SourceDetection | CampaignDetection;

/** Whether a detection looks at single sources. */
export const isSourceDetection = (detection: Detection): detection is SourceDetection => 'groupBy' in detection;

type FloorsIn<Own> = (keyof Own | keyof typeof SHARED_SETTINGS) & string;

/** A source detection whose windows name settings that exist. */
export const defineDetection = <const Id extends string, const Own extends Readonly<Record<string, Setting>>>(
  detection: Omit<SourceDetection, 'id' | 'settings' | 'windows'> & {
    readonly id: Id;
    readonly settings: Own;
    readonly windows: readonly (WindowRule & { readonly floor: FloorsIn<Own> })[];
  },
) => detection;

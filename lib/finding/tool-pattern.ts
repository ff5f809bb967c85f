/** What the probes of a tool have in common, and whether a scan has it. */
import type { Kind, Marks, SourcePorts } from './tool-marks.ts';

/** Bounds of a number, both included. */
interface Bounds {
  readonly least?: number;
  readonly most?: number;
}

/** What all probes of a tool have in common. A field that is absent is not asked. */
interface Pattern {
  readonly kind?: Kind;
  /** Bytes of a probe over IPv4: any of these. */
  readonly bytes?: readonly number[];
  readonly emptyShare?: Bounds;
  readonly family?: Marks['family'];
  readonly sourcePorts?: SourcePorts;
  /** Source ports are in one of these ranges, both ends included. */
  readonly from?: readonly (readonly [number, number])[];
  /** Source ports are not all in this range. */
  readonly beyond?: readonly [number, number];
  readonly oddShare?: Bounds;
  readonly targets?: Bounds;
  readonly portCount?: Bounds;
  /** Only this port is tried. */
  readonly port?: number;
  readonly isNmapsChoice?: boolean;
  /** Orders that the tool never has. */
  readonly never?: readonly NonNullable<Marks['ascending']>[];
  readonly isDense?: boolean;
  readonly isTriedOnce?: boolean;
  readonly perSecond?: Bounds;
  readonly discovered?: Bounds;
  /** `never`: a scan of telnet ports only does not match. */
  readonly telnetShare?: Bounds | 'never';
  /**
   * Whether all records had tcp-flags. Without them a SYN of forty bytes looks like the FIN, NULL or ACK of a stealth
   * scan.
   */
  readonly hasFlags?: boolean;
}

/** A row of the table. */
export interface Tool {
  /** Names the row. */
  readonly id: string;
  /** The program, as findings name it. */
  readonly name: string;
  /** From 50 to 100, by how many other programs leave the same marks. */
  readonly confidence: number;
  readonly marks: Pattern;
  /** Where the marks are documented, or how they were measured. */
  readonly source: string;
}

/** Bytes of a SYN over IPv4 without options, and with a maximum segment size only. connect() sends neither. */
export const BARE_SYN = 40;
export const MSS_SYN = 44;

/** Whether the marks of a scan are those of a row. */
export function matches({ marks: pattern }: Tool, marks: Marks, hasFlags: boolean): boolean {
  const { kind, bytes, family, sourcePorts, from, beyond, port, never, telnetShare } = pattern;
  return (
    (kind === undefined || kind === marks.kind) &&
    (bytes === undefined || (marks.bytes !== undefined && bytes.includes(marks.bytes))) &&
    (family === undefined || family === marks.family) &&
    (sourcePorts === undefined || sourcePorts === marks.sourcePorts) &&
    (from === undefined || from.some(marks.isFrom)) &&
    (beyond === undefined || !marks.isFrom(beyond)) &&
    (port === undefined || (marks.ports.size === 1 && marks.ports.has(port))) &&
    (telnetShare === 'never' ? marks.telnetShare === undefined : isWithin(telnetShare, marks.telnetShare)) &&
    isWithin(pattern.emptyShare, marks.emptyShare) &&
    isWithin(pattern.oddShare, marks.oddShare) &&
    isWithin(pattern.targets, marks.targets) &&
    isWithin(pattern.portCount, marks.ports.size) &&
    isWithin(pattern.perSecond, marks.perSecond) &&
    isWithin(pattern.discovered, marks.discovered) &&
    (pattern.isNmapsChoice === undefined || pattern.isNmapsChoice === marks.isNmapsChoice) &&
    (never === undefined || marks.ascending === undefined || !never.includes(marks.ascending)) &&
    (pattern.isDense === undefined || pattern.isDense === marks.isDense) &&
    (pattern.isTriedOnce === undefined || pattern.isTriedOnce === marks.isTriedOnce) &&
    (pattern.hasFlags === undefined || pattern.hasFlags === hasFlags)
  );
}

const isWithin = (bounds: Bounds | undefined, value: number | undefined): boolean =>
  bounds === undefined ||
  (value !== undefined &&
    value >= (bounds.least ?? Number.NEGATIVE_INFINITY) &&
    value <= (bounds.most ?? Number.POSITIVE_INFINITY));

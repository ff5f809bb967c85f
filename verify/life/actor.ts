/** One situation of ordinary network life. */
import type { Site } from './site.ts';

export interface Actor {
  /** Name that findings are counted under. */
  readonly name: string;
  /** Interfaces that it needs, least and most. Those of visitors are few. */
  readonly interfaces: readonly [number, number];
  /** How common it is beside the others. */
  readonly weight: number;
  /** A visitor talks to servers that others have built, so it comes last. */
  readonly isVisitor?: boolean;
  /** Builds it with about so many interfaces and plans what happens to it. */
  readonly build: (site: Site, size: number, actor: string) => void;
}

/** What a command, a script or an image says about a tool. */
export interface ToolMatch {
  /** The tool, by its name in the table. */
  readonly tool: string;
  /** What it was recognised by. `arguments` means that the file has another name. */
  readonly by: 'name' | 'product' | 'arguments' | 'script' | 'function' | 'image' | 'count';
  readonly severity: 'low' | 'medium' | 'high';
  /** Probability that the command scans, 0 to 100. */
  readonly confidence: number;
  /** Targets as written, at most 20. Untrusted text. */
  readonly targets: readonly string[];
}

/** Targets in a match. */
export const MOST_TARGETS = 20;

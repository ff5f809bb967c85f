/** Where a command writes: data to stdout, everything else to stderr; replaced in tests. */

export interface Terminal {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Whether a person watches stderr: progress is drawn then and never otherwise. */
  readonly isInteractive: boolean;
}

/** The terminal of this process. */
export const processTerminal: Terminal = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  isInteractive: process.stderr.isTTY === true,
};

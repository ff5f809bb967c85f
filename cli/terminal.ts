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

/** Text of untrusted origin made safe for a terminal: control characters become "?". */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes.
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '?');

/** The error that means "the command was called wrongly": exit code 2, message and a pointer to --help. */

export class UsageError extends Error {
  override name = 'UsageError';
  /** The command whose help says more. Undefined for the command that runs. */
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}

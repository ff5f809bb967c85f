/** The one error that means "the command was called wrongly": exit code 2, message and a pointer to --help. */

export class UsageError extends Error {
  override name = 'UsageError';
}

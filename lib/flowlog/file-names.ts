/** Names of files that file managers leave beside others. They are not flow logs, whatever their ending says. */

/** Folder of resource forks that macOS puts into zip archives. */
const RESOURCE_FORKS = '__MACOSX';

/**
 * Whether a part of a path or key is hidden (`._flow.log.gz`, `.DS_Store`, `.git`) or was made by macOS for itself. The
 * part that the user asked for is not looked at.
 */
export const isHidden = (path: string): boolean =>
  path.split('/').some((part) => part === RESOURCE_FORKS || (part.startsWith('.') && part !== '.' && part !== '..'));

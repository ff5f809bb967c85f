/** Names of files that file managers leave beside others: they are no flow logs, whatever their ending says. */

/** Folder of resource forks that macOS puts into zip archives. */
const RESOURCE_FORKS = '__MACOSX';

/**
 * Whether a part of a path or key, behind what was asked for, is hidden (`._flow.log.gz`, `.DS_Store`, `.git`) or made by
 * macOS for itself.
 */
export const isHidden = (path: string): boolean =>
  path.split('/').some((part) => part === RESOURCE_FORKS || (part.startsWith('.') && part !== '.' && part !== '..'));

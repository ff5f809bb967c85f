/** Compares text with patterns in which a star stands for any characters. */

/** True when `pattern` covers all of `text`; `?` stands for one character only where `hasQuestionMarks`. */
export function matchesWildcard(pattern: string, text: string, hasQuestionMarks = false): boolean {
  const source = pattern
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('\\?', hasQuestionMarks ? '.' : '\\?');
  return new RegExp(`^${source}$`, 's').test(text);
}

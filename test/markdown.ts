/** What the tests of documents read in Markdown: prose, headings, links. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The text without fenced blocks. */
export const prose = (text: string): string => text.replace(/^( *)```[\s\S]*?^\1```$/gm, '');

/** The anchor that a heading gets. */
export const slugOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

/**
 * Links of a document, by its path in the repository, that lead to no file or no heading. Links to the web are skipped.
 */
export function deadLinksOf(document: string): string[] {
  const links = [...prose(read(document)).matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1]!);
  return links.filter((link) => !/^https:/.test(link) && !leadsSomewhere(document, link));
}

function leadsSomewhere(document: string, link: string): boolean {
  const [path, anchor] = link.split('#') as [string, string?];
  const target = path ? join(dirname(document), path) : document;
  if (!existsSync(join(ROOT, target))) return false;
  return !anchor || [...prose(read(target)).matchAll(/^#+ (.+)$/gm)].some((match) => slugOf(match[1]!) === anchor);
}

/** Which lines of the shipped sources were run, out of what V8 counted in all threads. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ScriptCoverage } from './worker.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Lines of a file that hold code, and those of them that were never run, by number from 1. */
export interface FileCoverage {
  readonly file: string;
  readonly lines: number;
  readonly missed: readonly number[];
}

/** The sources in files and folders, named from the root. */
function sourcesIn(paths: readonly string[]): string[] {
  const files = paths.flatMap((path) => {
    const full = join(ROOT, path);
    if (!statSync(full).isDirectory()) return [path];
    return readdirSync(full)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(path, name));
  });
  return [...new Set(files)].sort();
}

/**
 * The coverage of sources. A line counts if it contains a letter or digit outside types and comments. It was run if any
 * of those was run. Files that no thread loaded count as missed, unless they contain only types.
 */
export function coverageOf(paths: readonly string[], scripts: readonly ScriptCoverage[]): FileCoverage[] {
  return sourcesIn(paths)
    .map((file) => {
      const source = readFileSync(join(ROOT, file), 'utf8');
      const url = pathToFileURL(join(ROOT, file)).href;
      const own = scripts.filter((script) => script.url === url).map((script) => ranBy(script, source.length));
      const lines: number[] = [];
      const missed: number[] = [];
      let at = 0;
      for (const [index, line] of codeOf(source).split('\n').entries()) {
        const places = [...line.matchAll(/\w/g)].map(({ index: column }) => at + column);
        if (places.length) {
          lines.push(index + 1);
          if (!own.some((ran) => places.some((place) => ran[place]))) missed.push(index + 1);
        }
        at += line.length + 1;
      }
      return { file: relative(ROOT, join(ROOT, file)), lines: lines.length, missed };
    })
    .filter(({ lines }) => lines > 0);
}

/** For each character whether it was run. V8's ranges are nested, the outer before the inner. */
function ranBy({ functions }: ScriptCoverage, length: number): Uint8Array {
  const ran = new Uint8Array(length);
  const ranges = functions.flatMap((each) => each.ranges);
  const outerFirst = ranges.toSorted((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  for (const { startOffset, endOffset, count } of outerFirst) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  return ran;
}

/** The source without types, comments and imports, all blanked out, so that each character stays where it is. */
function codeOf(source: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ');
  return stripTypeScriptTypes(source)
    .replace(/^import[^;]*;/gm, blank)
    .replace(/^export \{[^;]*;/gm, blank)
    .replace(/\/\*.*?\*\//gs, blank)
    .replace(/(^|\s)\/\/.*$/gm, blank);
}

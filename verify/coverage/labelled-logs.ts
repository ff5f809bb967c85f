/** Folders of labelled logs anywhere, in one of two layouts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Label, Shape } from './shapes.ts';

/** A label as far as it tells which program made the scan. */
export interface ToolLabel extends Label {
  /** The program, or how the scan was made: `nmap -sS`, `Python connect scanner`, `synthetic`. */
  readonly tool?: string;
  readonly command?: string;
}

/** A label as it is written. Labels of captures have the number of distinct contacts under what was measured. */
type WrittenLabel = ToolLabel & { readonly measured?: { readonly distinct_target_port?: number } };

/** One log of one format. */
export interface LabelledLog extends Pick<Shape, 'name' | 'format' | 'path'> {
  readonly labels: readonly ToolLabel[];
}

export const FORMATS = ['v5', 'v2'] as const;

/**
 * The logs below a folder, in two layouts: `NAME/labels.json` with `flow-v5.log.gz` and `flow-v2.log.gz`, or
 * `NAME.json` with `NAME.log.gz` and `NAME.v2.log.gz`.
 */
export function labelledLogs(root: string): LabelledLog[] {
  if (existsSync(join(root, 'labels.json')))
    return FORMATS.map((format) => ({ format, path: join(root, `flow-${format}.log.gz`) }))
      .filter(({ path }) => existsSync(path))
      .map((log) => ({ ...log, name: basename(root), labels: labelsOf(join(root, 'labels.json')) }));
  const entries = readdirSync(root, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(root, entry.name);
    if (entry.isDirectory()) return labelledLogs(path);
    if (!entry.name.endsWith('.json') || !existsSync(path.replace(/\.json$/, '.log.gz'))) return [];
    return FORMATS.map((format) => ({
      format,
      path: path.replace(/\.json$/, format === 'v2' ? '.v2.log.gz' : '.log.gz'),
    }))
      .filter(({ path: log }) => existsSync(log))
      .map((log) => ({ ...log, name: basename(path, '.json'), labels: labelsOf(path) }));
  });
}

function labelsOf(path: string): ToolLabel[] {
  const { labels } = JSON.parse(readFileSync(path, 'utf8')) as { labels: WrittenLabel[] };
  return labels.map((label) => {
    const contacts = label.contacts ?? label.measured?.distinct_target_port;
    return contacts === undefined ? label : { ...label, contacts };
  });
}

/** Where a command writes: data to stdout, everything else to stderr. Tests replace it. */
import { once } from 'node:events';
import { styleText } from 'node:util';

/** Styles by the names of `styleText`. */
export type Style = Parameters<typeof styleText>[0];

export interface Terminal {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Waits until a slow reader of stdout has taken most of what was written. Without it nothing waits. */
  readonly taken?: () => Promise<void>;
  /** Whether a person watches stderr. Only then progress is drawn. */
  readonly isInteractive: boolean;
  /** Text for stdout in a style, where stdout shows colours. Without it nothing is painted. */
  readonly paint?: (style: Style, text: string) => string;
  /** Whether stdout shows more than ASCII. Default: no. */
  readonly hasUnicode?: boolean;
}

/** The terminal of this process. It paints what a terminal shows, unless `NO_COLOR` is set. */
export const processTerminal: Terminal = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  taken: async () => {
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
  },
  isInteractive: process.stderr.isTTY === true,
  paint: (style, text) => styleText(style, text, { stream: process.stdout }),
  hasUnicode: showsUnicode(process.env),
};

/** Whether the variables of a terminal promise UTF-8. A dumb terminal may lack the characters. */
export function showsUnicode({ TERM, LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  return TERM !== 'dumb' && /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}

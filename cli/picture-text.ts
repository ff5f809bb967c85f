/** The picture of a finding as text: a sparkline for its time, and letters for what targets did on ports. */
import type { Outcome } from '../lib/evidence/seen.ts';
import { isoTime } from '../lib/finding/model.ts';
import type { Grid, Picture, Timeline } from '../lib/finding/picture.ts';
import { printable } from '../lib/text/untrusted.ts';
import { countOf } from '../lib/text/wording.ts';

/** What fits on a terminal of 80 columns. */
export const PICTURE_SIZE = { columns: 60, targets: 12, ports: 12 };

const BLOCKS = '▁▂▃▄▅▆▇█';
/** For terminals that show only ASCII. */
const ASCII = '.:-=+*#@';

const LETTERS: Readonly<Record<Outcome, string>> = {
  rejected: 'x',
  reset: 'r',
  unanswered: '-',
  established: 'O',
  unresolved: '?',
};

/** The text. @param hasUnicode whether block characters are shown. */
export function pictureText({ contacts, timeline, grid, isSampled }: Picture, hasUnicode: boolean): string {
  const note = isSampled ? ' It is a sample of them.' : '';
  return [
    `TIMELINE (${countOf(contacts, 'contact')} that the source began in this time and direction, ordinary ones too.${note})`,
    ...timelineLines(timeline, hasUnicode),
    '',
    'TARGETS BY PORT',
    ...gridLines(grid),
  ]
    .map((line) => `${printable(line)}\n`)
    .join('');
}

function timelineLines({ from, step, failed, answered, signals }: Timeline, hasUnicode: boolean): string[] {
  const most = Math.max(...failed, ...answered);
  const line = (name: string, counts: readonly number[]) =>
    `  ${name.padEnd(9)}${counts.map((count) => glyph(count, most, hasUnicode)).join('')}`;
  const end = from + step * failed.length;
  const marks = signals.map((count) => (count ? '^' : ' ')).join('');
  return [
    line('failed', failed),
    line('answered', answered),
    ...(signals.some(Boolean) ? [`  ${'signals'.padEnd(9)}${marks.trimEnd()}`] : []),
    `  ${isoTime(from)} to ${isoTime(end)}, ${step < 60 ? countOf(step, 'second') : countOf(step / 60, 'minute')} each, at most ${countOf(most, 'contact')}`,
  ];
}

function glyph(count: number, most: number, hasUnicode: boolean): string {
  if (!count) return ' ';
  const levels = hasUnicode ? BLOCKS : ASCII;
  return levels[Math.ceil((count / most) * levels.length) - 1]!;
}

function gridLines({ ports, rows, moreTargets, morePorts }: Grid): string[] {
  const width = Math.max(...rows.map(({ target }) => target.length));
  const widths = ports.map((port) => String(port).length);
  const row = (name: string, cells: readonly string[], end: string) =>
    `  ${name.padEnd(width)}  ${cells.map((cell, at) => cell.padStart(widths[at]!)).join(' ')}  ${end}`.trimEnd();
  const more = [
    ...(moreTargets ? [countOf(moreTargets, 'more target')] : []),
    ...(morePorts ? [countOf(morePorts, 'more port')] : []),
  ];
  return [
    row('', ports.map(String), 'failed/answered'),
    ...rows.map(({ target, outcomes, failed, answered }) =>
      row(
        target,
        outcomes.map((outcome) => (outcome ? LETTERS[outcome] : ' ')),
        `${failed}/${answered}`,
      ),
    ),
    ...(more.length ? [`  and ${more.join(', ')}`] : []),
    '  O answered, x rejected, r reset, - no answer, ? initiator unknown',
  ];
}

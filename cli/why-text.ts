/** What the evidence says of a source, as text for people. */
import type { ExplainedWindow, Explanation, WeighedContext } from '../lib/finding/why.ts';
import type { Lack } from '../lib/scan/nearest.ts';
import { printable } from '../lib/text/untrusted.ts';
import { countOf, grouped } from '../lib/text/wording.ts';
import { alignedTable, type Paint } from './table.ts';

const LACKS: Readonly<Record<Lack, string>> = {
  failures: 'failures',
  ratio: 'failures per success',
  walk: 'the walk',
  condition: 'the condition of the detection',
  sequel: 'too many successes right after it',
};

const MOST = 12;

/** The text, with the nearest windows. */
export function whyText(explanation: Explanation, paint?: Paint): string {
  const { source, inside, contacts, windows, scans, isSampled, dataQuality } = explanation;
  const { failed, answered, recurring, waiting } = contacts;
  const shown = windows.slice(0, MOST);
  const nearest = windows[0];
  const lines = [
    `${source.address} (${inside ? `inside, scope ${source.scope}` : 'outside'}) from ${explanation.from} to ${explanation.to}`,
    `${countOf(contacts.begun, 'contact')}, ${grouped(contacts.first)} of them first contacts: ${grouped(failed)} failed, ${grouped(answered)} answered`,
    ...(recurring ? [`${countOf(recurring, 'first contact')} recurred`] : []),
    ...(waiting ? [`${countOf(waiting, 'contact')} may still be answered and count for nothing yet`] : []),
    ...(isSampled ? ['its contacts are a sample, so all numbers here are lower bounds'] : []),
    '',
    verdictOf(explanation),
  ].map(printable);
  const table = nearest ? `\n${windowTable(shown, paint)}` : '';
  const rest = windows.length - shown.length;
  const tail = [
    ...(rest > 0 ? [`${countOf(rest, 'window')} further away. --format json has them`] : []),
    ...(nearest
      ? [
          '',
          `WHAT WEIGHED IN THE NEAREST WINDOW (${nearest.test}${nearest.shared ? `, ${nearest.shared}` : ''})`,
          ...nearest.contexts.map((context) => `  ${contextLine(context)}`),
          ...recurringLines(nearest),
        ]
      : []),
    ...(scans.length ? ['', 'SCANS THAT THIS EVIDENCE SHOWS BY ITSELF'] : []),
    ...scans.map(
      ({ id, kind, severity, direction, firstSeen, lastSeen }) =>
        `  ${severity} ${direction ?? ''} ${kind} from ${firstSeen} to ${lastSeen}, id ${id}`,
    ),
    ...(dataQuality.length ? ['', 'NOT VISIBLE', ...dataQuality.map((text) => `  ${text}`)] : []),
  ].map(printable);
  return `${lines.join('\n')}\n${table}${tail.length ? `${tail.join('\n')}\n` : ''}`;
}

function verdictOf({ windows, scans, contacts }: Explanation): string {
  const met = windows.filter(({ lacks }) => !lacks.length).length;
  if (!windows.length)
    return contacts.first
      ? 'No contact speaks for a scan: nothing failed, and nothing was tried once and left.'
      : 'No contact is decided yet, so no detection could look at any.';
  if (!met) return 'No threshold was met. The nearest first:';
  return scans.length
    ? `${countOf(met, 'threshold')} met. The nearest first:`
    : `${countOf(met, 'threshold')} met, but all by contacts that clients of dead servers leave too, over days. That is no finding.`;
}

function windowTable(windows: readonly ExplainedWindow[], paint?: Paint): string {
  const headings = ['TEST', 'DIRECTION', 'SHARED', 'FROM', 'TO', 'FAILURES', 'PER SUCCESS', 'WALK', 'LACKS'];
  return alignedTable(
    headings,
    windows.map((window) => {
      const { lacks, shared, perSuccess } = window;
      const isLacking = (lack: Lack) => (lacks.includes(lack) ? ('yellow' as const) : undefined);
      return [
        { text: printable(window.test), style: lacks.length ? undefined : ('red' as const) },
        { text: window.direction },
        { text: printable(shared ?? '-') },
        { text: window.from },
        { text: window.to.slice(0, 10) === window.from.slice(0, 10) ? window.to.slice(11) : window.to },
        { text: against(window.failures), style: isLacking('failures') },
        { text: `${perSuccess.value ?? 'no success'} of ${perSuccess.threshold}`, style: isLacking('ratio') },
        { text: against(window.walk), style: isLacking('walk') },
        { text: lacks.length ? lacks.map((lack) => LACKS[lack]).join(', ') : 'nothing' },
      ];
    }),
    paint,
  );
}

function recurringLines({ recurring: { value, threshold } }: ExplainedWindow): string[] {
  if (!value) return [];
  const what =
    value > threshold ? 'counted, because there are more than' : 'not counted, because there are not more than';
  return [`  ${countOf(value, 'recurring failure')}: ${what} ${grouped(threshold)}`];
}

const against = ({ value, threshold }: { readonly value: number; readonly threshold: number }): string =>
  `${grouped(value)} of ${grouped(threshold)}`;

function contextLine({ context, contacts, failure, success, atMost }: WeighedContext): string {
  const ceiling = atMost ? `, at most severity ${atMost}` : '';
  const what = failure
    ? `for a scan, each ${failure}${ceiling}`
    : success
      ? `against a scan, each ${success}${ceiling}`
      : 'neither for nor against';
  return `${countOf(contacts, 'contact')} "${context}": ${what}`;
}

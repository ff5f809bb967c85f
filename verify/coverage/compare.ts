/** Holds new tables against the document that was committed: what got worse, and what merely changed. */

import { printTable, type Rows, rowsByName, type Table } from '../../bench/table.ts';
import { FOUND, OURS, SILENT, TITLES } from './coverage.ts';
import { parseDuration } from './duration.ts';

/** Why a new row is worse than the old one. Empty if it is not. */
type Judge = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) => string[];

const WORSE: Readonly<Record<string, Judge>> = {
  [TITLES.scans]: (before, after) => {
    if (before.get('result') !== FOUND) return [];
    if (after.get('result') !== FOUND) return ['found before, missed now'];
    const [contactsBefore, contactsAfter] = [before, after].map((row) => Number(row.get('contacts')));
    return [
      ...(contactsAfter! > contactsBefore! ? [`took ${contactsBefore} contacts, takes ${contactsAfter} now`] : []),
      ...(isWrong(after) && !isWrong(before) ? [`was ${before.get('kind')}, is ${after.get('kind')} now`] : []),
    ];
  },
  [TITLES.silence]: (before, after) =>
    alarmsIn(after) > alarmsIn(before) ? [`${before.get('result')} before, ${after.get('result')} now`] : [],
  [TITLES.sensitivity]: (before, after) => [
    ...(numberIn(after, 'scans found') < numberIn(before, 'scans found')
      ? [`${before.get('scans found')} found before, ${after.get('scans found')} now`]
      : []),
    ...(numberIn(after, 'alarms') > numberIn(before, 'alarms')
      ? [`${before.get('alarms')} alarms before, ${after.get('alarms')} now`]
      : []),
  ],
  [TITLES.slowest]: (before, after) =>
    parseDuration(after.get(OURS)!) < parseDuration(before.get(OURS)!)
      ? [`one probe in ${before.get(OURS)} was found, one in ${after.get(OURS)} is now`]
      : [],
};

const isWrong = (row: ReadonlyMap<string, string>): boolean => row.get('kind')!.endsWith('(wrong)');
const alarmsIn = (row: ReadonlyMap<string, string>): number =>
  row.get('result') === SILENT ? 0 : Number.parseInt(row.get('result')!, 10);

const numberIn = (row: ReadonlyMap<string, string>, column: string): number => Number.parseInt(row.get(column)!, 10);

/** One line for each row of the committed tables that the new ones make worse or lack. */
export const whatGotWorse = (before: readonly Table[], after: readonly Table[]): string[] =>
  pairs(before, after).flatMap(({ title, old, now }) =>
    [...old].flatMap(([name, row]) => {
      const judge = WORSE[title];
      const next = now.get(name);
      if (!judge) return [];
      return (next ? judge(row, next) : ['the line is gone']).map((why) => `${title}: ${name}: ${why}`);
    }),
  );

/** The lines that differ, old ones with a minus and new ones with a plus. */
export const whatChanged = (before: readonly Table[], after: readonly Table[]): string[] =>
  after.flatMap((table) => {
    const committed = before.find(({ title }) => title === table.title);
    const old = committed ? printTable(committed).split('\n') : [];
    const now = printTable(table).split('\n');
    return [
      ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
      ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
    ];
  });

function pairs(before: readonly Table[], after: readonly Table[]): { title: string; old: Rows; now: Rows }[] {
  return after.map((table) => {
    const committed = before.find(({ title }) => title === table.title);
    return { title: table.title, old: committed ? rowsByName(committed) : new Map(), now: rowsByName(table) };
  });
}

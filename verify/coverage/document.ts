/** The text of docs/coverage.md around its tables. */

import { printTable, type Table } from '../../bench/table.ts';
import { TITLES } from './coverage.ts';
import { LONGEST, MOST_CONTACTS } from './synthetic.ts';

const HOUR = 3600;

const INTRODUCTION = `# Coverage

\`npm run coverage\` generates this page. Do not edit it. The command replays the logs in \`test/data\` through the detector with its defaults,
and through the default rules of other systems. \`npm run coverage -- --check\` fails if a line gets worse or this page is out of date.
\`npm test\` checks the first two tables.

The logs in \`test/data/lab\` are captures of real scanners among real traffic, in a lab of network namespaces. The logs in \`test/data/shapes\`
are synthetic, made for this purpose, with internet noise around the scans. The project chose the shapes. So the totals compare the
systems on these shapes, and do not say how often a system is right in your network.`;

const TEXTS: Readonly<Record<string, string>> = {
  [TITLES.scans]: `One line for each scan and log format (\`v5\` has flags and packet addresses, \`v2\` is the default format). *contacts* is how many first
contacts were enough. *seconds* is log time from the first probe to the end of the deciding record. Records of one interval share their
times, so up to a minute of it is the aggregation. *test* is the finding's first reason. A scan from inside counts as found only from
medium severity on. Scans that a log cannot show are not listed.`,
  [TITLES.silence]: `Findings about sources that no label names. An alarm is a finding of medium severity or above.`,
  [TITLES.sensitivity]: `The logs in \`test/data\` under each value of \`sensitivity\`. *contacts* and *seconds* are medians over the scans that all three find:
first contacts that were enough, and log time from the first probe to the end of the deciding record. \`npm run coverage -- --sensitivity FOLDER\`
prints this table for other labelled logs, with each miss and each alarm. *slowest* is the longest interval between two probes of one host by
an inside source that is still found.`,
  [TITLES.contexts]: `The [contexts](detections/README.md#what-all-of-them-share) in which contacts are weighed, and what they change in the logs in
\`test/data\`. *contacts* counts the first contacts of all sources that the detector examines, to two digits. Without a context, its contacts are
weighed like any other failure (\`failed\`) or any other answer (\`answered\`). The last two columns name the logs in which a scan is then missed, or
ordinary traffic alarms. \`npm run coverage -- --contexts FOLDER\` prints this table for other labelled logs, with each effect.
The logs come without an [inventory](inventory.md), so the contexts of dark addresses are empty.`,
  [TITLES.peersScans]: `The rules are re-implementations from public thresholds, in \`verify/peers/\`. The header of each file names its source and its
approximations. They are not the products. A rule finds a distributed scan if it alarms about any one member. Only logs with flags are
used, because most of the rules need flags. \`npm run peers -- FOLDER\` compares the rules with the results of the published defaults on 22
captured scans.`,
  [TITLES.peersSilence]: `Sources that no label names and that cause at least one alarm, at any severity of the rule. For ${'`sweepwatch`'}, at medium severity or
above.`,
  [TITLES.slowest]: `The longest interval between two probes at which a synthetic scan is still found. The scan consists of rejected TCP probes, and the log
holds nothing else. It ends after ${MOST_CONTACTS.toLocaleString('en')} contacts or ${LONGEST / HOUR} hours. Longer intervals are missed. A block scan changes
host and port with each probe. Rules that read stored files (silk-rwscan-trw, sigwood) see all ${LONGEST / HOUR} hours at once. The longest interval
that is tried is ${'`12 h`'}.`,
  [TITLES.atomic]: `The tests of Network Service Discovery and of the container techniques, as records of auditd and script blocks of PowerShell. Tests
without a signal say why. *remark* also names what else shows a test, and what it needs.`,
};

/** The whole document. */
export const documentOf = (tables: readonly Table[]): string =>
  `${[INTRODUCTION, ...tables.map((table) => `## ${table.title}\n\n${TEXTS[table.title]}\n\n${printTable(table)}`)].join('\n\n')}\n`;

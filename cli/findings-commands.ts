/** `sweepwatch findings`, declared: the commands that look up findings and explain them. */
import { type Command, Option } from 'commander';
import { VERDICTS } from '../lib/finding/review.ts';
import { after, type Perform, shareOptions } from './declared-command.ts';
import { DIRECTIONS, STATUSES, VERDICT_FILTERS } from './finding-filters.ts';
import { FORMATS } from './formats.ts';
import {
  addOptions,
  deploymentOptions,
  formatOption,
  portOption,
  reportOption,
  secondsOption,
  severityOption,
} from './options.ts';
import type { Terminal } from './terminal.ts';

/** Declares `sweepwatch findings`. */
export function addFindings(program: Command, terminal: Terminal, perform: Perform): void {
  const findings = program
    .command('findings')
    .summary('list, export, explain and judge the findings of a deployment')
    .description('Looks up the findings of a deployment, and keeps what people say of them.');
  addList(findings, terminal, perform);
  addShow(findings, terminal, perform);
  addExport(findings, terminal, perform);
  addWatch(findings, terminal, perform);
  addReview(findings, terminal, perform);
  addWhy(findings, terminal, perform);
  addStats(findings, terminal, perform);
  shareOptions(findings);
}

/** Where evidence is, without a stack. */
const windowsTableOption = (): Option =>
  new Option('--windows-table <NAME>', 'windows table to use instead of that of a stack (default: none)');

/** The options that choose findings. */
const filterOptions = (since = '7d'): Option[] => [
  new Option(
    '--since <TIME>',
    'last probe at or after a date (2026-11-21), a time (2026-11-21T08:00:00Z), or a span back from now in minutes, hours or days (90m, 6h, 7d)',
  ).default(since),
  new Option('--until <TIME>', 'first probe at or before a date, a time or a span back from now (default: now)'),
  new Option('--source <ADDRESS>', 'findings about this source address (default: any)'),
  new Option('--scope <NAME>', 'scope of --source: an account id, a routing domain or "internet" (default: any)'),
  new Option('--target <ADDRESS>', 'findings whose scan reached this target address (default: any)'),
  portOption('--port <PORT>', 'findings that name this port. Of many ports a finding names 20 (default: any)'),
  severityOption('--severity <LEVEL>', 'findings of this severity or above, default any'),
  new Option('--direction <DIRECTION>', 'findings of this direction, default any').choices(DIRECTIONS),
  new Option('--kind <KIND>', 'findings of this kind, such as vertical-scan (default: any)'),
  new Option('--account <ID>', 'findings whose source belongs to this account (default: any)'),
  new Option('--vpc <ID>', 'findings whose source is in this VPC (default: any)'),
  new Option('--actor <TEXT>', 'findings whose actor contains this text: user, pod, namespace (default: any)'),
  new Option(
    '--status <STATUS>',
    'open, closed, or closed for this reason: ended, refuted, merged, analyst (default: any)',
  ).choices(STATUSES),
  new Option('--verdict <VERDICT>', 'findings with this verdict, or with none, default any').choices(VERDICT_FILTERS),
  new Option('--watched', 'findings that were judged under a watch (default: others too)'),
  new Option('--watched-by <ID>', 'findings that were judged under this watch of "watch list" (default: any)'),
  new Option('--open', 'the same as --status open (default: closed ones too)'),
];

function addList(findings: Command, terminal: Terminal, perform: Perform): void {
  const list = findings
    .command('list')
    .summary('list findings, the oldest detection first')
    .description('Lists the findings of a deployment, the oldest detection first.');
  addOptions(list, ...filterOptions(), reportOption(), formatOption(), ...deploymentOptions());
  after(list, [
    'findings list --since 24h --severity high --stack sweepwatch',
    'findings list --target 10.0.12.30 --stack sweepwatch',
    'findings list --direction lateral --port 445 --status open --stack sweepwatch',
  ]).action((options) => perform(async () => (await import('./commands/findings.ts')).listFindings(options, terminal)));
}

function addExport(findings: Command, terminal: Terminal, perform: Perform): void {
  const command = findings
    .command('export')
    .summary('write findings to a file, or to a page for people')
    .description(
      'Writes the findings that "findings list" with the same options would list, the oldest detection first. With --report and neither --output nor --format it writes only the page.',
    );
  addOptions(
    command,
    ...filterOptions(),
    new Option('--output <FILE>', 'file to write, replaced when all of it is written (default: stdout)'),
    new Option(
      '--format <FORMAT>',
      'format of the file. ndjson and ocsf (OCSF 1.8, or the version named) have one finding per line, default ndjson',
    ).choices(FORMATS),
    reportOption(),
    ...deploymentOptions(),
  );
  after(command, [
    'findings export --since 30d --format csv --output findings.csv --stack sweepwatch',
    'findings export --since 7d --report findings.html --stack sweepwatch',
  ]).action((options) =>
    perform(async () => (await import('./commands/findings.ts')).exportFindings(options, terminal)),
  );
}

function addShow(findings: Command, terminal: Terminal, perform: Perform): void {
  const show = findings
    .command('show')
    .summary('explain one finding')
    .description(
      'Explains one finding: a timeline and its targets by port while the evidence is kept, the source, the targets, why it fired, what the log could not show, how to respond, and which setting or suppression would have prevented it.',
    )
    .argument('<ID>', 'id from "findings list" or an alert');
  addOptions(show, formatOption(), windowsTableOption(), ...deploymentOptions());
  after(show, ['findings show 3f1c0a9b52d7e8640a1b2c3d --stack sweepwatch']).action((id, options) =>
    perform(async () => (await import('./commands/findings.ts')).showFinding(id, options, terminal)),
  );
}

const byOption = (): Option => new Option('--by <NAME>', 'person or team who says so (required)').makeOptionMandatory();
const noteOption = (): Option => new Option('--note <TEXT>', 'a note, of at most 500 characters (default: none)');

function addReview(findings: Command, terminal: Terminal, perform: Perform): void {
  const ack = findings
    .command('ack')
    .summary('say that you look at a finding')
    .description(
      'Says that you look at a finding, so that others need not. Lists, the page and OCSF show it. With --note it adds a note. A finding holds 20.',
    )
    .argument('<ID>', 'id from "findings list" or an alert');
  addOptions(ack, byOption(), noteOption(), ...deploymentOptions());
  after(ack, ['findings ack 3f1c0a9b52d7e8640a1b2c3d --by alice --note "asked the owner" --stack sweepwatch']).action(
    (id, options) => perform(async () => (await import('./commands/review.ts')).acknowledge(id, options, terminal)),
  );
  const close = findings
    .command('close')
    .summary('close a finding with a verdict')
    .description(
      'Closes a finding with a verdict: "true" for a scan as reported, "benign" for one that is no matter, "tuned" for one that a setting or suppression shall prevent from now on. If people were alerted, they hear of the close within minutes. The finding stays closed while its scan goes on, unless its severity rises. A new scan by the same source is a finding of its own and alerts as usual. "findings stats" counts verdicts.',
    )
    .argument('<ID>', 'id from "findings list" or an alert');
  addOptions(
    close,
    byOption(),
    new Option('--verdict <VERDICT>', 'your verdict (required)').choices(VERDICTS).makeOptionMandatory(),
    noteOption(),
    ...deploymentOptions(),
  );
  after(close, [
    'findings close 3f1c0a9b52d7e8640a1b2c3d --by alice --verdict benign --note "weekly inventory" --stack sweepwatch',
  ]).action((id, options) =>
    perform(async () => (await import('./commands/review.ts')).closeFinding(id, options, terminal)),
  );
}

function addStats(findings: Command, terminal: Terminal, perform: Perform): void {
  const stats = findings
    .command('stats')
    .summary('count findings and verdicts of each kind')
    .description(
      'Counts findings and verdicts of each kind, with the precision: the share of verdicts that are "true", and the interval in which it lies. Without verdicts it is unknown. Takes the filters of "findings list".',
    );
  addOptions(
    stats,
    ...filterOptions('30d'),
    new Option('--format <FORMAT>', 'output format. ndjson prints one kind per line')
      .choices(['table', 'ndjson', 'json'])
      .default('table'),
    ...deploymentOptions(),
  );
  after(stats, [
    'findings stats --stack sweepwatch',
    'findings stats --since 90d --severity high --format json --stack sweepwatch',
  ]).action((options) => perform(async () => (await import('./commands/stats.ts')).printStats(options, terminal)));
}

function addWhy(findings: Command, terminal: Terminal, perform: Perform): void {
  const why = findings
    .command('why')
    .summary('say how far an address was from each threshold, or why a finding was reported')
    .description(
      `Reads the evidence about a source and says for each detection and horizon which window came nearest: failures, failures per success and walk, each beside its threshold, and which contexts weighed for and against. It also names the findings about the source in that time. It works for sources that were never reported. Evidence is kept for days (retentionDays.windows).

With the id of a finding it explains that finding. A scan is explained by the evidence of its source. Of a campaign it shows what the members divided, each threshold and by how much it was met, and the share of each member, with the threshold that it came nearest to alone. Of a finding of signals alone it shows the rules that matched and the events. Of both it says what would have prevented the finding.

For an address, campaigns are only named, and what the traffic of others says is not part of it.`,
    )
    .argument('<SOURCE>', 'address of the source, or id of a finding');
  addOptions(
    why,
    new Option(
      '--since <TIME>',
      'contacts at or after a date, a time, or a span back from now in minutes, hours or days (90m, 6h, 7d) (default: 3d)',
    ),
    new Option('--until <TIME>', 'contacts at or before a date, a time or a span back from now (default: now)'),
    new Option(
      '--scope <NAME>',
      'scope of the address: an account id, a routing domain or "internet" (default: all in which it may be)',
    ),
    new Option('--format <FORMAT>', 'output format. ndjson prints one scope per line, and json has every window')
      .choices(['table', 'ndjson', 'json'])
      .default('table'),
    new Option('--config <FILE>', 'settings file to compare with (default: the settings of the deployment)'),
    windowsTableOption(),
    ...deploymentOptions(),
  );
  after(
    why,
    [
      'findings why 10.0.3.22 --stack sweepwatch',
      'findings why 198.51.100.7 --since 24h --format json --stack sweepwatch',
      'findings why 9d0ab14e681bdf08386e67fe --stack sweepwatch',
    ],
    `The command needs these permissions: dynamodb:Query on both tables and their indexes,
cloudformation:DescribeStacks and lambda:GetFunctionConfiguration with --stack.`,
  ).action((source, options) =>
    perform(async () => (await import('./commands/why.ts')).explain(source, options, terminal)),
  );
}

function addWatch(findings: Command, terminal: Terminal, perform: Perform): void {
  const watch = findings
    .command('watch')
    .summary('follow new and changed findings until Ctrl-C')
    .description(
      'Prints the findings of the last hour, then each new one and each that changed, until Ctrl-C. Takes the filters of "findings list". Each look reads the index by day, so do not make them more often than you need.',
    );
  addOptions(
    watch,
    ...filterOptions('1h').filter(({ long }) => long !== '--until'),
    secondsOption('--every <SECONDS>', 'seconds between two looks, 5 to 3600').default(15),
    new Option('--format <FORMAT>', 'table has a line for each change, ndjson the whole finding')
      .choices(['table', 'ndjson'])
      .default('table'),
    ...deploymentOptions(),
  );
  after(watch, [
    'findings watch --stack sweepwatch',
    'findings watch --direction lateral --severity medium --format ndjson --stack sweepwatch',
  ]).action((options) =>
    perform(async () => {
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      return (await import('./commands/watch-findings.ts')).watchFindings(options, terminal, stop.signal);
    }),
  );
}

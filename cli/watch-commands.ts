/** `sweepwatch watch`, declared: the commands that raise sensitivity for a time. */
import { type Command, Option } from 'commander';
import { WATCH_SENSITIVITIES } from '../lib/notify/watch.ts';
import { after, type Perform } from './declared-command.ts';
import { addOptions, deploymentOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

const byOption = (): Option =>
  new Option('--by <NAME>', 'who makes this change, for "watch history" (default: name of the login)');
const jsonOption = (): Option => new Option('--json', 'print the result as one JSON document');

/** Declares `sweepwatch watch`. */
export function addWatch(program: Command, terminal: Terminal, perform: Perform): void {
  const watch = program
    .command('watch')
    .summary('raise sensitivity for a source or a target for a time')
    .description(
      `Raises sensitivity for what may be scanning, or for what must not be scanned, until a given time. Less evidence is then enough for a finding. Findings under a watch name it in watchedBy and in a reason, which also says whether they would be findings without it.

All parts that are given must fit. A source is watched by its network, its instance, its subnet or its account, as far as flow logs name them, or by the namespace of its pod, as far as signals do. With --target alone, whoever contacts these targets is judged more closely there.

The time of the probes counts, not that of the judgement. A scan is under a watch if any of its probes is in the time of the watch, and then all of them count. A scan that was found under a watch stays a finding after the end.`,
    );
  addAdd(watch, terminal, perform);
  const list = watch
    .command('list')
    .summary('list the watches, those that end last first')
    .description(
      'Lists the watches, those that end last first. Each line has these tab-separated columns: id, state (active, ended or void), scope, sensitivity, start, end, owner, reason. A void watch is invalid and raises nothing. One that ended is kept for up to 94 days, because what was found under it may be judged again.',
    );
  addOptions(list, jsonOption(), ...deploymentOptions());
  after(list, ['watch list --stack sweepwatch', 'watch list --json --stack sweepwatch']).action((options) =>
    perform(async () => (await import('./commands/watch.ts')).listWatches(options, terminal)),
  );
  const remove = watch
    .command('remove')
    .summary('end a watch now')
    .description(
      'Ends a watch. Findings under it stay, and a scan that has begun is judged as before until it is over. Later scans need as much evidence as without the watch.',
    )
    .argument('<ID>', 'id from "watch list"');
  addOptions(remove, byOption(), ...deploymentOptions());
  after(remove, ['watch remove 1f3a5c7e --stack sweepwatch']).action((id, options) =>
    perform(async () => (await import('./commands/watch.ts')).removeWatch(id, options, terminal)),
  );
  const history = watch
    .command('history')
    .summary('list who added and ended watches, and when')
    .description(
      'Lists the changes of the last three years in order of time. Each line has these tab-separated columns: time, change (added or removed), name, access key, id, scope, sensitivity, start, end, owner, reason. CloudTrail tells whose the access key was.',
    );
  addOptions(history, jsonOption(), ...deploymentOptions());
  after(history, ['watch history --stack sweepwatch']).action((options) =>
    perform(async () => (await import('./commands/watch.ts')).listWatchChanges(options, terminal)),
  );
}

function addAdd(watch: Command, terminal: Terminal, perform: Perform): void {
  const add = watch
    .command('add')
    .summary('add a watch, and print its id')
    .description(
      'Adds a watch, and prints its id. It works within a minute, for evidence that arrives from then on. Earlier evidence counts when its source is next judged. Nothing is judged again because of the watch alone.',
    );
  addOptions(
    add,
    new Option(
      '--source <CIDR>',
      'sources to watch, such as 10.0.3.22/32, at most a /16 or an IPv6 /48 (default: any)',
    ),
    new Option('--target <CIDR>', 'targets to watch, such as 10.0.9.0/24, as wide at most (default: any)'),
    new Option(
      '--instance <ID>',
      'EC2 instance of the source or of its node, such as i-0a1b2c3d4e5f60718 (default: any)',
    ),
    new Option('--subnet <ID>', 'subnet of the source, such as subnet-0a1b2c3d4e5f60718 (default: any)'),
    new Option('--account <ID>', 'account of the source, beside another part, such as 123456789012 (default: any)'),
    new Option(
      '--namespace <NAME>',
      'Kubernetes namespace of the source, for deployments that read signals (default: any)',
    ),
    new Option('--sensitivity <LEVEL>', 'sensitivity to raise to').choices(WATCH_SENSITIVITIES).default('high'),
    new Option(
      '--for <SPAN>',
      'how long the watch lasts, such as 12h or 7d, at most 30d (required if --until is not given)',
    ),
    new Option('--until <TIME>', 'when it ends instead, in UTC: 2026-12-01 or 2026-12-01T18:00:00Z').conflicts('for'),
    new Option(
      '--since <TIME>',
      'also watch scans that had probes at or after a time or a span back, at most 3d (default: now)',
    ),
    new Option('--owner <NAME>', 'person or team responsible for the watch (required)').makeOptionMandatory(),
    new Option('--reason <TEXT>', 'why sensitivity is raised (required)').makeOptionMandatory(),
    byOption(),
    jsonOption(),
    ...deploymentOptions(),
  );
  after(add, [
    'watch add --source 10.0.7.105/32 --for 7d --owner you --reason "incident 4711" --stack sweepwatch',
    'watch add --target 10.0.9.0/24 --until 2026-12-01 --owner you --reason "payment hosts" --stack sweepwatch',
  ]).action((options) => perform(async () => (await import('./commands/watch.ts')).addWatchRule(options, terminal)));
}

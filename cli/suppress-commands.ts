/** `sweepwatch suppress`, declared: the commands that silence alerts about approved scanners. */
import { type Command, Option } from 'commander';
import { after, type Perform, shareOptions } from './declared-command.ts';
import { addOptions, deploymentOptions, repeatable } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Declares `sweepwatch suppress`. */
export function addSuppress(program: Command, terminal: Terminal, perform: Perform): void {
  const suppress = program
    .command('suppress')
    .summary('silence the alerts about approved scanners')
    .description(
      `Silences alerts about approved scanners until a given day. Findings are still recorded and counted, and name the rule in suppressedBy.

A rule covers a finding when every source that the finding names lies in --source. With --target, every target that it names must also lie in --target. A scanner that leaves its approved range alerts again. A campaign has many sources, so silence it by its target: --source 0.0.0.0/0 or ::/0 is allowed only with --target.

--instance, --interface and --ecs-service go by what sent the packets. An address that is only behind an interface (a pod, a host behind a NAT gateway) is not covered by it. Findings with signals name an actor. --namespace, --service-account, --image and --user go by that. Each part that is given must fit. A star stands for any text in the service and in the parts of the actor.

--ports and --kind limit a rule further: a scanner that tries another port, or scans in another way, alerts again. --weekly limits it to times of the week. The time of the probes counts, since log files come later, and the clock on the wall of the time zone, in summer and in winter. All probes of a finding must be in such a time.

A scanner that changes alerts once although a rule covers it: ports or networks that it had not tried in the 35 days before, or ten times its highest rate. What the rule covered before is the measure, so the first scan of a source never counts as a change.`,
    );
  addAdd(suppress, terminal, perform);
  addTest(suppress, terminal, perform);
  const list = suppress
    .command('list')
    .summary('list the rules in order of expiry')
    .description(
      'Lists the rules in order of expiry. Each line has these tab-separated columns: id, state (active, expired or void), scope, expiry, owner, reason. A void rule is invalid and silences nothing.',
    );
  addOptions(list, ...deploymentOptions());
  after(list, ['suppress list --stack sweepwatch']).action((options) =>
    perform(async () => (await import('./commands/suppress.ts')).listRules(options, terminal)),
  );
  const remove = suppress
    .command('remove')
    .summary('remove a rule')
    .description('Removes a rule, so that the scans it covered raise alerts again.')
    .argument('<ID>', 'id from "suppress list"');
  addOptions(remove, byOption(), ...deploymentOptions());
  after(remove, ['suppress remove 1f3a5c7e --stack sweepwatch']).action((id, options) =>
    perform(async () => (await import('./commands/suppress.ts')).removeRule(id, options, terminal)),
  );
  const history = suppress
    .command('history')
    .summary('list who added and removed rules, and when')
    .description(
      'Lists the changes of the last three years in order of time. Each line has these tab-separated columns: time, change (added or removed), name, access key, id, scope, expiry, owner, reason. CloudTrail tells whose the access key was. A rule that expires is no change. One that was written into the table by hand is missing here.',
    );
  addOptions(
    history,
    new Option('--format <FORMAT>', 'output format').choices(['table', 'json']).default('table'),
    ...deploymentOptions(),
  );
  after(history, ['suppress history --stack sweepwatch']).action((options) =>
    perform(async () => (await import('./commands/suppress-history.ts')).listChanges(options, terminal)),
  );
  shareOptions(suppress);
}

/** Who makes a change. */
const byOption = (): Option =>
  new Option('--by <NAME>', 'who makes this change, for "suppress history" (default: name of the login)');

/** The options that say what a rule covers. */
const ruleOptions = (): Option[] => [
  new Option('--source <CIDR>', 'sources to silence, such as 10.0.3.22/32 (required if no other part says who scans)'),
  new Option('--instance <ID>', 'EC2 instance that scans, such as i-0a1b2c3d4e5f60718 (default: any)'),
  new Option('--interface <ID>', 'network interface that scans, such as eni-0a1b2c3d4e5f60718 (default: any)'),
  new Option(
    '--ecs-service <NAME>',
    'ECS service that scans, such as scanner or "prod/scan*" with its cluster (default: any)',
  ),
  new Option('--target <CIDR>', 'targets that they may scan, such as 10.0.9.0/24 (default: all)'),
  new Option('--ports <LIST>', 'ports that they may scan, such as 22,443,8000-8100 (default: all)'),
  new Option('--kind <KIND>', 'kind of scan, such as horizontal-scan (default: any)'),
  repeatable(
    '--weekly <TIME>',
    'time of the week in which they may scan, such as "Sat 02:00-06:00" or "Mon-Fri 22:00-04:00" (default: any time)',
  ),
  new Option('--time-zone <NAME>', 'time zone of --weekly, such as Europe/Berlin (default: UTC)'),
  new Option('--namespace <NAME>', 'Kubernetes namespace of the actor (default: any)'),
  new Option('--service-account <NAME>', 'service account of the actor, such as ci/runner (default: any)'),
  new Option('--image <NAME>', 'image of the actor, such as "registry.example.com/scanner:*" (default: any)'),
  new Option('--user <NAME>', 'user behind the actor, such as "arn:aws:sts::*:assumed-role/Scanner/*" (default: any)'),
];

function addAdd(suppress: Command, terminal: Terminal, perform: Perform): void {
  const add = suppress
    .command('add')
    .summary('add a rule, and print its id')
    .description(
      'Adds a rule that silences alerts, and prints its id. It names the rules in force that cover some or all of the same findings. A rule that covers more than a /24 (IPv6: a /64) or lasts longer than 30 days is told to the operations topic, if you may publish there (sns:Publish).',
    );
  addOptions(
    add,
    ...ruleOptions(),
    new Option('--owner <NAME>', 'person or team responsible for the rule (required)').makeOptionMandatory(),
    new Option('--reason <TEXT>', 'why the scans are approved (required)').makeOptionMandatory(),
    new Option(
      '--expires <DATE>',
      'when the rule ends, in UTC, at most 90 days ahead: 2027-01-31 or 2027-01-31T18:00:00Z (required)',
    ).makeOptionMandatory(),
    new Option('--long', 'allow an end up to 366 days ahead'),
    new Option('--ignore-changes', 'stay silent when the scanner changes its ports, its targets or its rate'),
    byOption(),
    ...deploymentOptions(),
  );
  after(add, [
    'suppress add --source 10.0.3.22/32 --owner you \\\n      --reason "weekly Nessus" --expires 2027-01-31 --stack sweepwatch',
    'suppress add --namespace ci --image "registry.example.com/scanner:*" --owner you \\\n      --reason "image scan" --expires 2027-01-31 --stack sweepwatch',
    'suppress add --instance i-0a1b2c3d4e5f60718 --ports 443,8000-8100 --kind horizontal-scan --owner you \\\n      --reason "port inventory" --expires 2027-01-31 --stack sweepwatch',
    'suppress add --source 10.0.3.22/32 --weekly "Sat 02:00-06:00" --time-zone Europe/Berlin --owner you \\\n      --reason "weekly Nessus" --expires 2027-01-31 --stack sweepwatch',
  ]).action((options) => perform(async () => (await import('./commands/suppress.ts')).addRule(options, terminal)));
}

function addTest(suppress: Command, terminal: Terminal, perform: Perform): void {
  const test = suppress
    .command('test')
    .summary('show what a rule would have silenced')
    .description(
      'Shows which findings of the last days a rule would have covered, by severity, and which alerts would not have been sent. It adds nothing and only reads the findings table.',
    );
  addOptions(
    test,
    ...ruleOptions(),
    new Option('--since <TIME>', 'findings with a probe at or after a date, a time, or a span back from now').default(
      '30d',
    ),
    new Option('--format <FORMAT>', 'output format').choices(['table', 'json']).default('table'),
    ...deploymentOptions(),
  );
  after(test, [
    'suppress test --source 10.0.3.22/32 --target 10.0.12.0/24 --stack sweepwatch',
    'suppress test --ecs-service prod/scanner --since 7d --format json --stack sweepwatch',
  ]).action((options) =>
    perform(async () => (await import('./commands/suppress-test.ts')).testRule(options, terminal)),
  );
}

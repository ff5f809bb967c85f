/**
 * The command line, declared once: commands, options, choices and defaults. Help and completion are derived from it.
 */
import { Argument, type Command, Option } from 'commander';
import { DeclaredCommand, refuseOptionsAsValues, shareOptions } from './declared-command.ts';
import {
  addOptions,
  connectionOptions,
  deploymentOptions,
  formatOption,
  repeatable,
  reportOption,
  severityOption,
  stackOptions,
} from './options.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

/** Runs the work of a command once its arguments are read, and keeps its exit code. */
export type Perform = (work: () => Promise<number>) => Promise<void>;

const RUN = 'npx --no-install sweepwatch';

/**
 * Declares the whole command line. Commands are loaded when they run, so that `detect` does not load the AWS clients
 * and no other command loads the local cloud.
 * @param terminal where help and commands write.
 * @param perform runs the work of the chosen command.
 */
export function createProgram(terminal: Terminal, perform: Perform): Command {
  const program = new DeclaredCommand('sweepwatch');
  program
    .usage('COMMAND [options]')
    .description('Finds network scans in AWS VPC Flow Logs.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .configureOutput({ writeOut: terminal.stdout, writeErr: terminal.stderr })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .exitOverride()
    .hook('preAction', (_, command) => refuseOptionsAsValues(command))
    .addHelpText(
      'after',
      `
"sweepwatch COMMAND --help" explains a command and its options.
Data goes to stdout, everything else to stderr.
Exit codes: 0 done, 1 an input could not be read in full or the work failed,
2 wrong usage.`,
    );
  addDetect(program, terminal, perform);
  addFindings(program, terminal, perform);
  addSuppress(program, terminal, perform);
  addRedrive(program, terminal, perform);
  addDemo(program, terminal, perform);
  addCompletion(program, terminal, perform);
  return program;
}

function addDetect(program: Command, terminal: Terminal, perform: Perform): void {
  const detect = program
    .command('detect')
    .summary('find scans in flow log files, folders, stdin or s3://')
    .description(
      `Finds scans in VPC Flow Log files. No deployment is needed.

Files may be gzip, plain text or Parquet, recognised by content. Text may be UTF-16, CSV (Athena, Logs Insights, CloudWatch console) or lines that begin with a time (CloudWatch export, "aws logs tail"). All files are judged together, in any order. Equal private addresses are distinguished by account, or by the routingDomains of --config.

With --audit and --endpoint, logs of orchestrators and hosts are read too, or alone. A scan by a pod then names the pod, the user and the command. Their formats are recognised by content.

In folders and under S3 prefixes, logs of other AWS services are listed and not opened. Hidden files are counted and not opened.`,
    )
    .argument('[PATH...]', 'a file, a folder, "-" for stdin, or s3://bucket/prefix');
  addOptions(
    detect,
    formatOption(),
    severityOption('--min-severity <LEVEL>', 'print findings of this severity or above').default('informational'),
    new Option('--sensitivity <LEVEL>', 'how little evidence is enough, default medium (high needs the least)').choices(
      ['low', 'medium', 'high'],
    ),
    repeatable('--internal <CIDR>', 'public network of yours, such as 198.51.100.0/24 (private ones are known)'),
    new Option(
      '--fields <FIELDS>',
      `columns of files without a header line: their names, or the log format, "\${srcaddr} ..." (default: the 14 fields of the default format)`,
    ),
    new Option('--config <FILE>', 'settings file of a deployment, overridden by the options above (default: none)'),
    repeatable('--audit <PATH>', 'events of an orchestrator: Kubernetes audit, CloudTrail, ECS, Docker, Podman'),
    repeatable('--endpoint <PATH>', 'process records of hosts: auditd, Falco, Tetragon, Sysmon, PowerShell'),
    repeatable('--rules <DIR>', 'Sigma rules of yours for --endpoint and --audit'),
    reportOption(),
    ...connectionOptions(),
  );
  after(
    detect,
    [
      'detect path/to/logs/ more.log.gz',
      'detect s3://my-bucket/AWSLogs/ --region eu-central-1 --format ndjson',
      'detect flow.parquet --internal 198.51.100.0/24 --min-severity medium',
      'detect path/to/logs/ --audit audit.ndjson --endpoint /var/log/audit/',
      'detect path/to/logs/ --report report.html',
    ],
    `The same input gives the same finding ids in every run. A deployment gives other
ids, because it keys them with its own secret.
Exit codes: 0 done, even if lines were skipped and counted, 1 a file could not be
read, was cut short or is another service's log (the findings of the rest are
printed), 2 wrong usage.`,
  ).action((paths, options) =>
    perform(async () => (await import('./commands/detect.ts')).detectCommand(paths, options, terminal)),
  );
}

function addFindings(program: Command, terminal: Terminal, perform: Perform): void {
  const findings = program
    .command('findings')
    .summary('list and explain the findings of a deployment')
    .description('Looks up the findings of a deployment.');
  const list = findings
    .command('list')
    .summary('list findings, the oldest detection first')
    .description('Lists the findings of a deployment, the oldest detection first.');
  addOptions(
    list,
    new Option(
      '--since <TIME>',
      'last probe at or after a date (2026-11-21), a time (2026-11-21T08:00:00Z), or a span back from now in minutes, hours or days (90m, 6h, 7d)',
    ).default('7d'),
    new Option('--source <ADDRESS>', 'findings about this source address (default: any)'),
    new Option('--scope <NAME>', 'scope of --source: an account id, a routing domain or "internet" (default: any)'),
    new Option('--target <ADDRESS>', 'findings whose scan reached this target address (default: any)'),
    severityOption('--severity <LEVEL>', 'findings of this severity or above, default any'),
    new Option('--kind <KIND>', 'findings of this kind, such as vertical-scan (default: any)'),
    new Option('--actor <TEXT>', 'findings whose actor contains this text: user, pod, namespace (default: any)'),
    new Option('--open', 'only findings that are open (default: closed ones too)'),
    reportOption(),
    formatOption(),
    ...deploymentOptions(),
  );
  after(list, [
    'findings list --since 24h --severity high --stack sweepwatch',
    'findings list --target 10.0.12.30 --stack sweepwatch',
  ]).action((options) => perform(async () => (await import('./commands/findings.ts')).listFindings(options, terminal)));
  const show = findings
    .command('show')
    .summary('explain one finding')
    .description(
      'Explains one finding: the source, the targets, why it fired, what the log could not show, how to respond, and which setting or suppression would have prevented it.',
    )
    .argument('<ID>', 'id from "findings list" or an alert');
  addOptions(show, formatOption(), ...deploymentOptions());
  after(show, ['findings show 3f1c0a9b52d7e8640a1b2c3d --stack sweepwatch']).action((id, options) =>
    perform(async () => (await import('./commands/findings.ts')).showFinding(id, options, terminal)),
  );
  shareOptions(findings);
}

function addSuppress(program: Command, terminal: Terminal, perform: Perform): void {
  const suppress = program
    .command('suppress')
    .summary('silence the alerts about approved scanners')
    .description(
      `Silences alerts about approved scanners until a given day. Findings are still recorded and counted, and name the rule in suppressedBy.

A rule covers a finding when every source that the finding names lies in --source. With --target, every target that it names must also lie in --target. A scanner that leaves its approved range alerts again. A campaign has many sources, so silence it by its target: --source 0.0.0.0/0 or ::/0 is allowed only with --target.

Findings with signals name an actor. --namespace, --service-account, --image and --user silence by it, together with --source or without. Each that is given must fit the actor of the finding. A star stands for any text.`,
    );
  const add = suppress
    .command('add')
    .summary('add a rule, and print its id')
    .description('Adds a rule that silences alerts, and prints its id.');
  addOptions(
    add,
    new Option('--source <CIDR>', 'sources to silence, such as 10.0.3.22/32 (required without an actor)'),
    new Option('--target <CIDR>', 'targets that they may scan, such as 10.0.9.0/24 (default: all)'),
    new Option('--namespace <NAME>', 'Kubernetes namespace of the actor (default: any)'),
    new Option('--service-account <NAME>', 'service account of the actor, such as ci/runner (default: any)'),
    new Option('--image <NAME>', 'image of the actor, such as "registry.example.com/scanner:*" (default: any)'),
    new Option(
      '--user <NAME>',
      'user behind the actor, such as "arn:aws:sts::*:assumed-role/Scanner/*" (default: any)',
    ),
    new Option('--owner <NAME>', 'person or team responsible for the rule (required)').makeOptionMandatory(),
    new Option('--reason <TEXT>', 'why the scans are approved (required)').makeOptionMandatory(),
    new Option(
      '--expires <DATE>',
      'when the rule ends, in UTC: 2027-01-31 or 2027-01-31T18:00:00Z (required)',
    ).makeOptionMandatory(),
    ...deploymentOptions(),
  );
  after(add, [
    'suppress add --source 10.0.3.22/32 --owner you \\\n      --reason "weekly Nessus" --expires 2027-01-31 --stack sweepwatch',
    'suppress add --namespace ci --image "registry.example.com/scanner:*" --owner you \\\n      --reason "image scan" --expires 2027-01-31 --stack sweepwatch',
  ]).action((options) => perform(async () => (await import('./commands/suppress.ts')).addRule(options, terminal)));
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
  addOptions(remove, ...deploymentOptions());
  after(remove, ['suppress remove 1f3a5c7e --stack sweepwatch']).action((id, options) =>
    perform(async () => (await import('./commands/suppress.ts')).removeRule(id, options, terminal)),
  );
  shareOptions(suppress);
}

function addRedrive(program: Command, terminal: Terminal, perform: Perform): void {
  const redrive = program
    .command('redrive')
    .summary('retry the messages in the dead-letter queues')
    .description(
      `Moves the messages in the dead-letter queues of a deployment back to the queues they came from. They stand for files that could not be read and findings that could not be announced.

Fix the cause first. The log of the function shows it. A message that fails again returns to the dead-letter queue after its retries. Reading a file or announcing a finding twice does no harm.`,
    );
  addOptions(
    redrive,
    repeatable(
      '--queue <QUEUE>',
      'dead-letter queue by name, ARN or URL (default: those in the stack outputs AlertDeadLetters and IngestDeadLetters)',
    ).conflicts(['stack', 'detector']),
    new Option('--dry-run', 'print the messages without moving them'),
    ...stackOptions(),
  );
  after(
    redrive,
    ['redrive --stack sweepwatch --dry-run', 'redrive --stack sweepwatch'],
    `Prints a line for each queue: its name and the number of messages moved. With
--dry-run, prints a line for each message: queue, time sent, subject, cause.

The command needs these permissions:
  with --stack: cloudformation:DescribeStacks
  always:       sqs:GetQueueUrl, GetQueueAttributes, ListDeadLetterSourceQueues
                and ReceiveMessage
  to move:      sqs:StartMessageMoveTask, ListMessageMoveTasks and DeleteMessage
                on the dead-letter queues, SendMessage on their destinations
  --dry-run:    sqs:ChangeMessageVisibility

Exit codes: 0 moved or nothing to move, 1 a move failed, 2 wrong usage or no such
queue.`,
  ).action((options) => perform(async () => (await import('./commands/redrive.ts')).redriveCommand(options, terminal)));
}

function addDemo(program: Command, terminal: Terminal, perform: Perform): void {
  const demo = program
    .command('demo')
    .summary('run the whole pipeline on this machine, with captured logs')
    .description(
      `Runs the whole pipeline on this machine, without an AWS account.

It synthesizes the stack and runs it on local servers that speak the protocols of S3, SQS, SNS, DynamoDB and the Lambda Runtime API. It delivers flow logs that contain a real scan, reports each step, and prints the alert and the findings table.`,
    );
  addOptions(
    demo,
    new Option('--keep', 'keep the local cloud running until Ctrl-C, for commands with --local'),
    new Option('--assembly <FOLDER>', 'synthesized assembly (cdk.out) to run (default: synthesize one)'),
  );
  after(
    demo,
    ['demo', 'demo --keep'],
    `If AWS_ENDPOINT_URL names another emulator, that emulator serves S3, SQS and SNS.
Alerts and mail then stay in it.

Exit codes: 0 the alert passed through every part, 1 it did not (the message names
the part that failed).`,
  ).action((options) => perform(async () => (await import('./commands/demo.ts')).demoCommand(options, terminal)));
}

function addCompletion(program: Command, terminal: Terminal, perform: Perform): void {
  program
    .command('completion')
    .summary('print a completion script for bash, zsh or fish')
    .description(
      'Prints a script that completes commands, options and values of "sweepwatch" in your shell. If you run the command through npx, first define a function of that name, as shown below.',
    )
    .addArgument(new Argument('<SHELL>', 'shell that reads the script').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
In ~/.bashrc, or in ~/.zshrc after compinit and with "zsh" for "bash":
  sweepwatch() {
    ${RUN} "$@"
  }
  source <(sweepwatch completion bash)

In ~/.config/fish/config.fish:
  function sweepwatch
    ${RUN} $argv
  end
  sweepwatch completion fish | source`,
    )
    .action((shell) =>
      perform(async () => {
        terminal.stdout((await import('./completion.ts')).completionScript(program, shell));
        return 0;
      }),
    );
}

/** Adds examples below the options of a command, then other paragraphs. */
function after(command: Command, examples: readonly string[], ...paragraphs: readonly string[]): Command {
  const lines = ['Examples:', ...examples.map((example) => `  ${RUN} ${example}`)].join('\n');
  return command.addHelpText('after', `\n${[lines, ...paragraphs].join('\n\n')}`);
}

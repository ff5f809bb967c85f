/**
 * The command line, declared once: commands, options, choices and defaults. Help and completion are derived from it.
 */
import { Argument, type Command, Option } from 'commander';
import { after, DeclaredCommand, type Perform, RUN, refuseOptionsAsValues } from './declared-command.ts';
import { addRedrive } from './deployment-commands.ts';
import { addFindings } from './findings-commands.ts';
import { addDoctor, addSelftest } from './health-commands.ts';
import { addBackfill, addBacktest } from './look-back-commands.ts';
import { addOptions, connectionOptions, formatOption, repeatable, reportOption, severityOption } from './options.ts';
import { addSetup } from './setup-commands.ts';
import { addSuppress } from './suppress-commands.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';
import { addWatch } from './watch-commands.ts';

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
  addBacktest(program, terminal, perform);
  addFindings(program, terminal, perform);
  addSuppress(program, terminal, perform);
  addWatch(program, terminal, perform);
  addBackfill(program, terminal, perform);
  addRedrive(program, terminal, perform);
  addSetup(program, terminal, perform);
  addDoctor(program, terminal, perform);
  addSelftest(program, terminal, perform);
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

With --inventory, failed contacts with addresses that no interface has held for three days are weighed as such. The files are what "aws ec2 describe-network-interfaces" and "aws ec2 describe-subnets" print. docs/inventory.md says how to collect them.

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
    repeatable('--watch <CIDR>', 'network whose sources and targets are judged at high sensitivity, at most a /16'),
    repeatable('--internal <CIDR>', 'public network of yours, such as 198.51.100.0/24 (private ones are known)'),
    new Option(
      '--fields <FIELDS>',
      `columns of files without a header line: their names, or the log format, "\${srcaddr} ..." (default: the 14 fields of the default format)`,
    ),
    new Option('--config <FILE>', 'settings file of a deployment, overridden by the options above (default: none)'),
    repeatable(
      '--inventory <PATH>',
      'snapshots of interfaces and subnets, FILE or FILE@TIME, which show dark addresses',
    ),
    repeatable('--audit <PATH>', 'events of an orchestrator: Kubernetes audit, CloudTrail, ECS, Docker, Podman'),
    repeatable('--endpoint <PATH>', 'process records of hosts: auditd, Falco, Tetragon, Sysmon, PowerShell'),
    repeatable('--rules <DIR>', 'Sigma rules of yours for --endpoint and --audit'),
    reportOption(),
    new Option(
      '--why <SOURCE>',
      'instead of findings, say how far this address was from each threshold, or why the finding with this id was reported (default: none)',
    ).conflicts(['report', 'audit', 'endpoint', 'rules', 'watch']),
    ...connectionOptions(),
  );
  after(
    detect,
    [
      'detect path/to/logs/ more.log.gz',
      'detect s3://my-bucket/AWSLogs/ --region eu-central-1 --format ndjson',
      'detect flow.parquet --internal 198.51.100.0/24 --min-severity medium',
      'detect path/to/logs/ --watch 10.0.9.0/24',
      'detect path/to/logs/ --audit audit.ndjson --endpoint /var/log/audit/',
      'detect path/to/logs/ --inventory inventory/',
      'detect path/to/logs/ --report report.html',
      'detect path/to/logs/ --why 10.0.3.22',
      'detect path/to/logs/ --why 2f7c0f0d3a5b4c1e9a8b7c6d',
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

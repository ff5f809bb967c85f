/** Options that several commands share, each with one description, one default and one set of choices. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SEVERITIES } from '../lib/finding/model.ts';
import { FORMATS } from './formats.ts';

/** The options that choose an AWS account and Region. */
export const connectionOptions = (): Option[] => [
  new Option('--profile <NAME>', 'profile of the AWS configuration (default: that of the environment)'),
  new Option('--region <REGION>', 'AWS Region (default: that of the profile or the environment)'),
];

/** The options that choose a stack. */
export const stackOptions = (): Option[] => [
  new Option('--stack <NAME>', 'stack of the deployment, the setting deploymentName (default: $SWEEPWATCH_STACK)'),
  new Option('--detector <PREFIX>', 'prefix of the outputs of a further detector in the stack (default: no prefix)'),
  ...connectionOptions(),
  new Option('--local', 'use the local cloud that "sweepwatch demo --keep" left running'),
];

/** The options that choose a findings table. */
export const deploymentOptions = (): Option[] => [
  ...stackOptions(),
  new Option(
    '--table <NAME>',
    'findings table to use instead of a stack (default: $SWEEPWATCH_FINDINGS_TABLE)',
  ).conflicts(['stack', 'detector', 'local']),
];

/** Also writes the findings as a page. */
export const reportOption = (): Option =>
  new Option('--report <FILE>', 'also write the findings as one HTML page that loads nothing (default: none)');

/** How findings are printed. */
export const formatOption = (): Option =>
  new Option(
    '--format <FORMAT>',
    'output format. ndjson and ocsf (OCSF 1.8, or the version named) print one finding per line, csv one per row',
  )
    .choices(FORMATS)
    .default('table');

/** An option that takes a severity. */
export const severityOption = (flags: string, description: string): Option =>
  new Option(flags, description).choices(SEVERITIES);

/** An option that takes a port. */
export const portOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((value: string) => {
    const port = Number(value);
    if (/^\d+$/.test(value) && port <= 65_535) return port;
    throw new InvalidArgumentError('Expected a number from 0 to 65535.');
  });

/** An option that takes a number of seconds between two looks. */
export const secondsOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((value: string) => {
    const seconds = Number(value);
    if (/^\d+$/.test(value) && seconds >= 5 && seconds <= 3600) return seconds;
    throw new InvalidArgumentError('Expected a number of seconds from 5 to 3600.');
  });

/** An option that may be repeated. Its values keep their order. */
export const repeatable = (flags: string, description: string): Option =>
  new Option(flags, `${description} (repeatable)`).argParser((value: string, previous: readonly string[] = []) => [
    ...previous,
    value,
  ]);

/** Adds options to a command, in the order in which its help lists them. */
export function addOptions(command: Command, ...options: readonly Option[]): Command {
  for (const option of options) command.addOption(option);
  return command;
}

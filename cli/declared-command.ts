/**
 * A commander command whose mistakes are {@link UsageError}s, with rules that the program needs beyond commander's own.
 */
import { Command, type ErrorOptions, Option } from 'commander';
import { UsageError } from './usage-error.ts';

/** Runs the work of a command once its arguments are read, and keeps its exit code. */
export type Perform = (work: () => Promise<number>) => Promise<void>;

/** How help and examples call the program. */
export const RUN = 'npx --no-install sweepwatch';

/** A command that throws where commander would write to stderr and end the process. */
export class DeclaredCommand extends Command {
  override createCommand(name?: string): DeclaredCommand {
    return new DeclaredCommand(name);
  }

  /** Reports wrong usage of this command, with a pointer to its help. @throws UsageError always. */
  override error(message: string, { code }: ErrorOptions = {}): never {
    const missing = code === 'commander.missingArgument' ? `: ${this.registeredArguments[0]?.description}` : '';
    throw new UsageError(`${message.replace(/^error: /, '').trimEnd()}${missing}`, pathOf(this));
  }
}

/** The words that call a command, such as `sweepwatch findings list`. */
export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/**
 * Lets each command of a group accept the options of all, hidden and without effect where they do not apply. Groups
 * used to be one command with one set of options, and scripts may still pass one too many.
 */
export function shareOptions(group: Command): void {
  const flags = new Map(group.commands.flatMap(({ options }) => options.map((option) => [option.long, option.flags])));
  for (const command of group.commands)
    for (const [long, text] of flags)
      if (!command.options.some((option) => option.long === long)) command.addOption(new Option(text).hideHelp());
}

/** Moves the second command in front of its options: `findings --local list` becomes `findings list --local`. */
export function commandsFirst(program: Command, argv: readonly string[]): string[] {
  const [name, ...rest] = argv;
  const group = program.commands.find((command) => command.name() === name);
  const options = group?.commands.flatMap((command) => command.options) ?? [];
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!;
    if (group?.commands.some((command) => command.name() === word))
      return [name!, word, ...rest.slice(0, at), ...rest.slice(at + 1)];
    if (!word.startsWith('-')) break;
    if (options.some((option) => option.long === word && option.required)) at++;
  }
  return [...argv];
}

/**
 * Refuses `--owner --reason x`, which commander reads as the owner "--reason". @throws UsageError naming both options.
 */
export function refuseOptionsAsValues(command: Command): void {
  for (const option of command.options)
    for (const value of [command.getOptionValue(option.attributeName())].flat())
      if (command.options.some((other) => other.long === value))
        command.error(
          `option '${option.flags}' needs a value, got the option ${value}. If that is the value, write ${option.long}=${value}`,
        );
}

/** Adds examples below the options of a command, then other paragraphs. */
export function after(command: Command, examples: readonly string[], ...paragraphs: readonly string[]): Command {
  const lines = ['Examples:', ...examples.map((example) => `  ${RUN} ${example}`)].join('\n');
  return command.addHelpText('after', `\n${[lines, ...paragraphs].join('\n\n')}`);
}

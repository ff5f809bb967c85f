/** Completion scripts for bash, zsh and fish, written from the declarations of the command line. */
import type { Argument, Command, Option } from 'commander';

/** The possible next words: one of several words, a file, or a value that only the user knows. */
type Values = readonly string[] | 'file' | 'unknown';

interface CompletedOption {
  /** The names with their dashes. */
  readonly names: readonly string[];
  readonly summary: string;
  /** Undefined for an option without a value. */
  readonly values: Values | undefined;
}

/** A command with what may follow it. */
interface Place {
  /** The words that call the command, without the program's name. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly CompletedOption[];
  readonly argument: Values | undefined;
}

const WRITERS: Readonly<Record<string, (places: readonly Place[]) => string>> = { bash, zsh, fish };

/** The script that completes a command line in a shell: bash, zsh or fish. */
export function completionScript(program: Command, shell: string): string {
  return WRITERS[shell]!(placesOf(program));
}

function placesOf(command: Command, path: readonly string[] = []): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const place = {
    path,
    commands: commands.map((each) => ({ name: each.name(), summary: each.summary() || each.description() })),
    options: help.visibleOptions(command).map(completed),
    argument: command.registeredArguments.map(valuesOf)[0],
  };
  const below = commands.flatMap((each) => placesOf(each, [...path, each.name()]));
  // The help command accepts the name of any command beside it.
  const names = command.commands.map((each) => each.name());
  return [place, ...below.map((each) => (isHelpIn(path, each) ? { ...each, argument: names } : each))];
}

const isHelpIn = (path: readonly string[], place: Place): boolean =>
  place.path.length === path.length + 1 && place.path.at(-1) === 'help';

function completed(option: Option): CompletedOption {
  return {
    names: [option.short, option.long].filter((name) => name !== undefined),
    summary: option.description.replace(/( \(|[:;,] ).*/, ''),
    values: option.required ? valuesOf(option) : undefined,
  };
}

/** Files are recognised by the name of the value in the help, such as `<FILE>`. */
function valuesOf(declared: Option | Argument): Values {
  if (declared.argChoices) return declared.argChoices;
  const name = 'flags' in declared ? declared.flags : declared.name();
  return /\b(FILE|FOLDER|PATH)\b/.test(name) ? 'file' : 'unknown';
}

const isList = (values: Values | undefined): values is readonly string[] => Array.isArray(values);

function bash(places: readonly Place[]): string {
  const withValue = [
    ...new Set(places.flatMap(({ options }) => options.filter(({ values }) => values)).flatMap(namesOf)),
  ];
  const pathOf = ({ path }: Place) => path.map((word) => ` ${word}`).join('');
  const known = places.slice(1).map((place) => `'${pathOf(place)}'`);
  const cases = places.map((place) => {
    const options = place.options
      .filter(({ values }) => values)
      .map(({ names, values }) => {
        const action = isList(values) ? `words='${values.join(' ')}' ` : values === 'file' ? 'files=yes ' : '';
        return `        ${names.join('|')}) ${action};;\n`;
      });
    const words = [...place.commands.map(({ name }) => name), ...(isList(place.argument) ? place.argument : [])];
    return `    '${pathOf(place)}')
      case "$before" in
${options.join('')}        *) options='${place.options.flatMap(namesOf).join(' ')}' words='${words.join(' ')}'${place.argument === 'file' ? ' files=yes' : ''} ;;
      esac ;;
`;
  });
  return `# Completion of sweepwatch for bash. Load it: source <(sweepwatch completion bash)
_sweepwatch() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path= options= words= files= at line
  # bash takes the "=" of --name=value for a word of its own.
  if [[ $word == = ]]; then word=
  elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      ${withValue.join('|')}) ((at++)); continue ;;
    esac
    case "$path \${COMP_WORDS[at]}" in
      ${known.join('|')}) path+=" \${COMP_WORDS[at]}" ;;
    esac
  done
  case "$path" in
${cases.join('')}  esac
  [[ $word == -* ]] && words=$options files=
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [[ $files ]]; then
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _sweepwatch sweepwatch
`;
}

function zsh(places: readonly Place[]): string {
  const nameOf = (path: readonly string[]) => ['_sweepwatch', ...path].join('_');
  const values = (each: Values) =>
    isList(each) ? `:value:(${each.join(' ')})` : each === 'file' ? ':file:_files' : ':value: ';
  const functions = places.map(({ path, commands, options, argument }) => {
    const specs = options.flatMap(({ names, summary, values: of }) =>
      names.map(
        (name) => `'*${name}${of && name.startsWith('--') ? '=' : ''}[${zshText(summary)}]${of ? values(of) : ''}'`,
      ),
    );
    if (!commands.length) {
      const rest = argument ? [`'*${values(argument)}'`] : [];
      return `${nameOf(path)}() {\n  _arguments ${[...specs, ...rest].join(' \\\n    ')}\n}\n`;
    }
    const described = commands.map(({ name, summary }) => `'${name}:${zshText(summary)}'`);
    const calls = commands.map(({ name }) => `        ${name}) ${nameOf([...path, name])} ;;\n`);
    return `${nameOf(path)}() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(${described.join('\n    ')})
  _arguments -C ${[...specs, "'1: :->command'", "'*:: :->rest'"].join(' \\\n    ')}
  case $state in
    command) _describe command commands ;;
    rest)
      case $words[1] in
${calls.join('')}      esac ;;
  esac
}
`;
  });
  return `#compdef sweepwatch
# Completion of sweepwatch for zsh. Load it after compinit: source <(sweepwatch completion zsh)
${functions.join('')}if [[ $funcstack[1] == _sweepwatch ]]; then _sweepwatch "$@"; else compdef _sweepwatch sweepwatch; fi
`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options, argument }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const names = commands.map(({ name }) => name).join(' ');
    const isHere = [...seen, ...(names ? [`not __fish_seen_subcommand_from ${names}`] : [])].join('; and ');
    const complete = (rest: string) => `complete -c sweepwatch -n '${isHere}' ${rest}`;
    const follows = (values: Values) =>
      isList(values) ? `-x -a '${values.join(' ')}'` : values === 'file' ? '-r -F' : '-x';
    return [
      ...commands.map(({ name, summary }) => complete(`-a ${name} -d '${shellText(summary)}'`)),
      ...options.map(({ names: flags, summary, values }) => {
        const switches = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
        return complete(`${switches.join(' ')} ${values ? `${follows(values)} ` : ''}-d '${shellText(summary)}'`);
      }),
      ...(isList(argument) ? [complete(`-a '${argument.join(' ')}'`)] : argument === 'file' ? [complete('-F')] : []),
    ];
  });
  return `# Completion of sweepwatch for fish. Load it: sweepwatch completion fish | source
complete -c sweepwatch -f
${lines.join('\n')}
`;
}

const namesOf = ({ names }: CompletedOption): readonly string[] => names;

const shellText = (text: string): string => text.replaceAll('\\', '').replaceAll("'", '');

/** Brackets and colons end a description in zsh. */
const zshText = (text: string): string => shellText(text).replace(/[[\]:]/g, '\\$&');

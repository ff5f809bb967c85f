/** The words of a command that an event holds as one text. */

const SHELL = /^(?:\S*\/)?(?:ba|da|a|z|k)?sh$/;

/**
 * Splits at blanks. Docker and ECS join the words of a command and lose their quotes, so that the script after `-c` is
 * everything behind it.
 */
export function commandWords(text: string): string[] {
  const words = text.trim().split(/\s+/).filter(Boolean);
  const at = words.findIndex((word) => /^-[a-z]*c$/.test(word));
  if (at < 1 || !SHELL.test(words[at - 1]!.replace(/^-.*/, words[0]!))) return words;
  const script = text.trim().match(new RegExp(`^(?:\\S+\\s+){${at + 1}}([\\s\\S]*)$`))?.[1] ?? '';
  return [...words.slice(0, at + 1), unquoted(script)];
}

/** A script that kept the quotes around it. */
function unquoted(text: string): string {
  const match = /^(["'])([\s\S]*)\1$/.exec(text);
  return match && !match[2]!.includes(match[1]!) ? match[2]! : text;
}

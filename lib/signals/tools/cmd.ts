/** Scripts of `cmd.exe`, written as a shell script, so that one reader serves both. */

/**
 * The same commands for a POSIX shell: `for /L %i in (1,1,254) do ping 10.0.0.%i` becomes
 * `for i in {1..254}; do ping 10.0.0.$i; done`. Paths get slashes, since a shell's backslash hides the next character.
 */
export function shellOfCmd(line: string): string {
  const text = line
    .slice(0, 32_768)
    .replaceAll('\\', '/')
    .replace(/%%?([a-z])\b/gi, '$$$1');
  let loops = 0;
  const script = text
    .replace(
      /\bfor[ \t]{1,5}\/l[ \t]{1,5}\$([a-z])[ \t]{1,5}in[ \t]{0,5}\(([^()]{1,60})\)[ \t]{0,5}do\b/gi,
      (_, name, range) => {
        const [first, , last] = String(range)
          .split(/[\s,]+/)
          .filter((word) => word !== '');
        loops += 1;
        return `for ${name} in {${first}..${last}}; do`;
      },
    )
    .replace(
      /\bfor[ \t]{1,5}(?:\/f[^$]{0,60})?\$([a-z])[ \t]{1,5}in[ \t]{0,5}\(([^()]{1,2000})\)[ \t]{0,5}do\b/gi,
      (_, name, list) => {
        loops += 1;
        return `for ${name} in ${String(list).replace(/[,;]/g, ' ')}; do`;
      },
    );
  return script.replaceAll('@', '') + '; done'.repeat(loops);
}

/** What is built for the package: the construct as CommonJS, the command as ES modules, the bundles of the functions. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { type Bundle, bundle, bundleOf, FUNCTIONS, ROOT } from '../bundle.ts';
import { PEERS } from '../checks.ts';

/** Files of the package by path, and the bundles that they are made of. */
export interface Outputs {
  readonly files: ReadonlyMap<string, Uint8Array | string>;
  readonly bundles: readonly Bundle[];
}

/** Files of the checkout that the package has in another form. */
const REPLACED: Readonly<Record<string, string>> = {
  'infra/function-code.ts': 'supply/package/prebuilt-code.ts',
  'cli/commands/demo.ts': 'supply/package/demo.ts',
  'cli/version.ts': 'supply/package/version.ts',
};

const COMMON = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  keepNames: true,
  mainFields: ['module', 'main'],
  external: [...PEERS],
  // The names of chunks go by the paths of what is in them, which must not be those of this machine.
  preserveSymlinks: true,
  logLevel: 'warning',
  metafile: true,
  write: false,
} satisfies BuildOptions;

/** The type of {@link main}, for both kinds of module. */
const COMMAND_TYPES = `/**
 * Runs the command line: \`main(['detect', 'flow.log.gz'])\`. Data goes to stdout, everything else to stderr.
 * @returns the exit code: 0 done, 1 something could not be read or failed, 2 wrong usage.
 */
export declare function main(args: readonly string[]): Promise<number>;
`;

/**
 * Builds all code of the package.
 * @param root the repository, or a copy of it.
 * @throws esbuild's errors.
 */
export async function buildOutputs(root = ROOT): Promise<Outputs> {
  const files = new Map<string, Uint8Array | string>();
  const functions = await Promise.all(FUNCTIONS.map((name) => bundle(name, undefined, root)));
  for (const { name, code } of functions) files.set(`dist/functions/${name}/index.mjs`, code);
  const common = { ...COMMON, absWorkingDir: root, plugins: [replacements(root)] };
  const construct = await build({
    ...common,
    entryPoints: ['infra/index.ts'],
    format: 'cjs',
    // Names are kept, so that stack traces of a synthesis are readable. Comments with paths are removed.
    minifyWhitespace: true,
    outfile: 'index.cjs',
    define: { 'import.meta.dirname': '__dirname' },
  });
  const command = await build({
    ...common,
    entryPoints: ['cli/main.ts', 'cli/read-worker.ts'],
    inject: ['supply/package/old-node.ts'],
    format: 'esm',
    minify: true,
    splitting: true,
    outdir: '.',
    outExtension: { '.js': '.mjs' },
  });
  for (const { path, contents } of construct.outputFiles) files.set(`dist/construct/${basename(path)}`, contents);
  for (const { path, contents } of command.outputFiles) files.set(`dist/command/${basename(path)}`, contents);
  files.set('dist/command/sweepwatch.mjs', readFileSync(join(root, 'cli/sweepwatch.mjs')));
  files.set('dist/command/main.d.mts', COMMAND_TYPES);
  files.set('dist/command/main.d.cts', COMMAND_TYPES);
  files.set('dist/command/main.cjs', "exports.main = async (args) => (await import('./main.mjs')).main(args);\n");
  const bundles = [...functions, bundleOf('command', command, root), bundleOf('construct', construct, root)];
  return { files, bundles };
}

function replacements(root: string): Plugin {
  return {
    name: 'replacements',
    setup({ onLoad, onResolve }) {
      for (const [file, other] of Object.entries(REPLACED)) {
        const name = basename(file);
        onResolve({ filter: new RegExp(`/${name.replace('.', '\\.')}$`) }, ({ path, resolveDir }) =>
          join(resolveDir, path) === join(root, file) ? { path: join(root, other) } : undefined,
        );
        // Were it resolved by another way, the package would hold the checkout's form without a word.
        onLoad({ filter: new RegExp(`${file.replaceAll('.', '\\.')}$`) }, () => ({
          errors: [{ text: `${file} must not be in the package` }],
        }));
      }
    },
  };
}

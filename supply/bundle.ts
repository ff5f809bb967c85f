/** A function's bundle as the stack builds it, with its inputs. A test compares the bytes with those of the stack. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type BuildResult, build } from 'esbuild';
import { bundleOptions } from '../infra/function-code.ts';

export const ROOT = resolve(import.meta.dirname, '..');
export const FUNCTIONS = ['ingest', 'alert', 'settle', 'signals', 'forward'] as const;

/** What is compiled into the kernel, which our own sources hold as bytes: esbuild sees nothing of it. */
const COMPILED_IN = 'node_modules/assemblyscript';
const KERNEL = 'lib/kernel/kernel-bytes.ts';

/** The code of a function, and where it comes from. Paths are relative to the repository, with slashes. */
export interface Bundle {
  readonly name: string;
  readonly code: Uint8Array;
  /** Our own files in it. */
  readonly own: readonly string[];
  /** Folders of the npm packages in it. */
  readonly packages: readonly string[];
  /** Comments that claim a copyright in files of packages, by file: code that came from elsewhere, and lost its comments. */
  readonly copyrights: ReadonlyMap<string, string>;
  /** What it loads when it runs: built into Node, or missing in Lambda. */
  readonly imports: readonly string[];
}

/** A package as it is installed. */
export interface Package {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Texts of its licence and notice files, by name. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Bundles a function as the stack does.
 * @param entry another file to bundle under its name.
 * @param root the repository, or a copy of it.
 * @throws esbuild's errors.
 */
export async function bundle(name: string, entry?: string, root = ROOT): Promise<Bundle> {
  const options = bundleOptions(name, root);
  const built = await build({
    ...options,
    ...(entry !== undefined && { entryPoints: [entry] }),
    outfile: 'index.mjs',
    write: false,
    metafile: true,
  });
  return bundleOf(name, built, root);
}

/** What esbuild put into its output files, taken as one bundle. */
export function bundleOf(
  name: string,
  { metafile, outputFiles }: BuildResult<{ write: false; metafile: true }>,
  root = ROOT,
): Bundle {
  const outputs = Object.entries(metafile.outputs);
  const inputs = new Set(
    outputs.flatMap(([, output]) =>
      Object.entries(output.inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([path]) => path),
    ),
  );
  const own = [...inputs].filter((path) => !path.includes('node_modules/')).sort();
  const packages = new Set([...inputs].flatMap((path) => folderOf(path) ?? []));
  if (own.includes(KERNEL)) packages.add(COMPILED_IN);
  const imports = outputs.flatMap(([, output]) => output.imports).filter(({ path }) => !(path in metafile.outputs));
  return {
    name,
    code: Buffer.concat(outputFiles.map(({ contents }) => contents)),
    own,
    packages: [...packages].sort(),
    copyrights: new Map([...inputs].flatMap((path) => copyrightIn(root, path))),
    imports: [...new Set(imports.map(({ path }) => path))].sort(),
  };
}

/** The folder of the package that a file belongs to. Undefined for files of the project. */
function folderOf(path: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

function copyrightIn(root: string, path: string): [string, string][] {
  if (!folderOf(path)) return [];
  const comments = readFileSync(join(root, path), 'utf8').match(/\/\*[\s\S]*?\*\//g) ?? [];
  const claims = comments.filter((comment) => /copyright/i.test(comment));
  return claims.length ? [[path, claims.join('\n')]] : [];
}

/** Reads a package. @throws when it is not installed, or says no licence. */
export function packageAt(folder: string): Package {
  const place = join(ROOT, folder);
  const file = join(place, 'package.json');
  if (!existsSync(file)) throw new Error(`${relative(ROOT, file)} is missing; npm ci installs it`);
  const { name, version, license } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  if (typeof name !== 'string' || typeof version !== 'string' || typeof license !== 'string')
    throw new Error(`${relative(ROOT, file)} must tell name, version and license as texts, got license ${license}`);
  const texts = readdirSync(place)
    .filter((entry) => /^(licen[cs]e|notice|copying)/i.test(entry))
    .sort()
    .map((entry) => [entry, readFileSync(join(place, entry), 'utf8')] as const);
  return { folder, name, version, license, texts: new Map(texts) };
}

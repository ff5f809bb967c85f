/**
 * The code of a function, bundled from the sources. In the package, `supply/package/prebuilt-code.ts` replaces this
 * file.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type BuildOptions, buildSync } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');

/** How esbuild bundles a function: one self-contained file with the same bytes on every machine. */
export function bundleOptions(name: string, root = ROOT) {
  return {
    absWorkingDir: root,
    entryPoints: [`functions/${name}.ts`],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minify: true,
    // Without `keepNames` error classes would be logged by their minified names.
    keepNames: true,
    mainFields: ['module', 'main'],
    logLevel: 'warning',
  } satisfies BuildOptions;
}

/** A file beside the bundle of a function. */
export interface FunctionFile {
  readonly name: string;
  readonly text: string;
}

/** The code of a function: its bundle, built when the stack is synthesized, with a file beside it if one is given. */
export function functionCode(name: string, file?: FunctionFile): Code {
  return Code.fromAsset(join(ROOT, 'functions'), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The CDK would run this image if the bundle could not be built here. A failure of esbuild throws instead.
      image: DockerImage.fromRegistry('scratch'),
      // Distinguishes the functions for the CDK, which builds equal assets only once.
      command: [name, ...(file ? [createHash('sha256').update(file.text).digest('hex')] : [])],
      local: {
        tryBundle(folder) {
          buildSync({ ...bundleOptions(name), outfile: join(folder, 'index.mjs') });
          if (file) writeFileSync(join(folder, file.name), file.text);
          return true;
        },
      },
    },
  });
}

/** The types of the construct: what the compiler declares of it, without what only our own files see. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { ROOT } from '../bundle.ts';

const ENTRY = 'infra/index';

/**
 * The declarations of `infra/index.ts` and of the files that they name, side by side, by file name.
 * @param root the repository, or a copy of it.
 * @throws what the compiler says, or the names of two files that would be one.
 */
export function declarations(root = ROOT): Map<string, string> {
  const folder = mkdtempSync(join(root, '.types-'));
  try {
    compile(root, folder);
    const files = new Map<string, string>();
    const paths = new Set([join(folder, `${ENTRY}.d.ts`)]);
    // A set also yields what is added while it is walked.
    for (const path of paths) {
      const name = basename(path).replace(/\.d\.ts$/, '.d.cts');
      if (files.has(name)) throw new Error(`two files of the package would be ${name}`);
      const text = readFileSync(path, 'utf8').replace(/from '(\.[^']*)\.ts'/g, (_, to: string) => {
        paths.add(join(dirname(path), `${to}.d.ts`));
        return `from './${basename(to)}.cjs'`;
      });
      files.set(name, text);
    }
    return files;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compile(root: string, folder: string): void {
  const config = join(folder, 'tsconfig.json');
  const options = { noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: folder, rootDir: root };
  const extended = relative(folder, join(root, 'tsconfig.json'));
  writeFileSync(
    config,
    // Types that are declared for the whole program, such as those of WebAssembly, are named by no import.
    JSON.stringify({
      ...{ extends: `./${extended}`, compilerOptions: options },
      ...{ files: [`../${ENTRY}.ts`], include: ['../lib/**/*.d.ts'] },
    }),
  );
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', config],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`the compiler could not declare the construct: ${stdout}${stderr}`);
}

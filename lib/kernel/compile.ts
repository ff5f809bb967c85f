/** Compiles the kernel's sources (AssemblyScript) into `kernel-bytes.ts`: `npm run kernel`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = join(import.meta.dirname, 'assembly');
/** The file with the compiled kernel. A test compares it with the output for the current sources. */
export const COMPILED = join(import.meta.dirname, 'kernel-bytes.ts');

const OPTIONS = '-O3 --noAssert --runtime stub --enable simd --enable bulk-memory --initialMemory 1'.split(' ');

/** The text of {@link COMPILED} for the current sources. @throws the compiler's messages if the sources are invalid. */
export function compileKernel(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kernel-'));
  try {
    const compiler = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'));
    const binary = join(folder, 'kernel.wasm');
    execFileSync(process.execPath, [compiler, 'index.ts', '--outFile', binary, ...OPTIONS], { cwd: SOURCES });
    const text = readFileSync(binary).toString('base64');
    return `/** The compiled kernel, from the sources in \`assembly/\`: made by \`npm run kernel\`, not by hand. */\n// biome-ignore format: one long text\nexport const KERNEL = '${text}';\n`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) writeFileSync(COMPILED, compileKernel());

/** The jest transform: TypeScript to JavaScript of the same module system, nothing else. */
import { createHash } from 'node:crypto';
import { transformSync } from 'esbuild';

export default {
  process(source, path) {
    const { code, map } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node22',
      sourcefile: path,
      sourcemap: true,
    });
    return { code, map };
  },
  getCacheKey: (source, path) => createHash('sha256').update(source).update(path).digest('hex'),
};

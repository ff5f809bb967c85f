/**
 * The check for unused code and dependencies. `knip` counts tests among the users. `knip --production` does not, and so
 * finds code that only tests use: it belongs into test/, or is dead.
 */
import type { KnipConfig } from 'knip';

/** Entries and files of programs. In production mode knip reads the patterns that end in an exclamation mark. */
const config: KnipConfig = {
  entry: [
    'functions/{ingest,alert,settle,signals,forward}.ts!',
    'infra/{app,index}.ts!',
    'cli/main.ts!',
    'local/functions/bootstrap.mjs!',
    // The kernel's sources in AssemblyScript import them too.
    'lib/kernel/{rows,seen-bits}.ts!',
    // Programs that npm scripts, packages or other programs start.
    '{lib,bench,supply,verify}/**/{main,compile,make-log,write-schemas,reproduce,sbom}.ts!',
    'supply/package/{demo,old-node,prebuilt-code,version}.ts!',
    'bench/speed/{report-peak.mjs,rival.ts}!',
    'verify/fuzz/corpus.ts!',
    '{test,verify}/**/*.test.ts',
    'verify/jest.config.mjs',
    'test/deployments/{app.ts,setup.mjs,teardown.mjs}',
  ],
  project: [
    '{bench,cli,functions,infra,lib,local,supply,verify}/**/*.{ts,mjs}!',
    'test/**/*.{ts,mjs}',
    '!lib/kernel/assembly/**',
    '!lib/kernel/assembly/**!',
  ],
  ignoreDependencies: ['jest', 'publint', '@arethetypeswrong/cli'],
  ignoreBinaries: ['mawk'],
  // A test may call a part of a file directly, as long as the file itself uses that part.
  ignoreExportsUsedInFile: process.argv.includes('--production'),
};

export default config;

/** The package.json of the package, made from that of the checkout: what its users install, and nothing that builds it. */

/** The parts of the checkout's package.json that the package takes over. */
export interface CheckoutManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const CONSTRUCT = './dist/construct/index';
const COMMAND = './dist/command/main';

/** Compatible with the version that is tested, and never a second copy: tokens and `instanceof` go by the app's own. */
const PEER_RANGE = (version: string | undefined) => `^${version}`;

/** The text of the package.json of the package. */
export function packageManifest({ name, version, description, license, dependencies }: CheckoutManifest): string {
  const manifest = {
    name,
    version,
    description,
    // Stays until the package has a scope to be published under.
    private: true,
    license,
    keywords: ['aws-cdk', 'cdk', 'vpc-flow-logs', 'network-security', 'port-scan', 'intrusion-detection'],
    type: 'module',
    // Node 20.19 is the first that lets CommonJS apps require ES modules, and the oldest that the command is tried on.
    engines: { node: '>=20.19' },
    sideEffects: false,
    bin: { sweepwatch: './dist/command/sweepwatch.mjs' },
    // For compilers that do not read `exports` (TypeScript's node10 resolution).
    main: `${CONSTRUCT}.cjs`,
    types: `${CONSTRUCT}.d.cts`,
    typesVersions: { '*': { command: [`${COMMAND}.d.cts`] } },
    exports: {
      '.': { types: `${CONSTRUCT}.d.cts`, default: `${CONSTRUCT}.cjs` },
      './command': {
        import: { types: `${COMMAND}.d.mts`, default: `${COMMAND}.mjs` },
        require: { types: `${COMMAND}.d.cts`, default: `${COMMAND}.cjs` },
      },
      './package.json': './package.json',
    },
    files: [
      'dist/command',
      'dist/construct',
      'dist/functions',
      'docs',
      '!docs/*.png',
      '!docs/*.svg',
      'THIRD-PARTY-NOTICES',
    ],
    peerDependencies: {
      'aws-cdk-lib': PEER_RANGE(dependencies['aws-cdk-lib']),
      // The oldest that this aws-cdk-lib takes.
      constructs: '^10.5.0',
    },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

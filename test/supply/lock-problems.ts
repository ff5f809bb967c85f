/** What must hold of package.json and the lockfile: exact versions, integrity, no registry, no scripts at installation. */
import type { Lockfile } from '../../supply/lockfile.ts';

/** The parts of package.json that name versions. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
}

/** Packages that may run a script at installation, each with its reason. None of them is deployed. */
export const INSTALL_SCRIPTS: Readonly<Record<string, string>> = {
  esbuild: 'checks that the binary of its platform package fits; everything works without',
  'unrs-resolver': 'looks for the binary of its platform package, which the lockfile brings anyway',
  'classic-level':
    'compiles LevelDB where none of the built ones in it fits; the embedded DynamoDB keeps its data in memory',
  '@parcel/watcher': 'does nothing unless npm is told to build from source; nothing here watches files',
};

const EXACT = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/** Every violation as one line that names the place. Empty if there is no violation. */
export function lockProblems(manifest: Manifest, lock: Lockfile, accepted = INSTALL_SCRIPTS): string[] {
  const problems: string[] = [];
  for (const part of ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'] as const)
    for (const [name, version] of Object.entries(manifest[part] ?? {}))
      if (!EXACT.test(version)) problems.push(`package.json: ${part}.${name} must be an exact version, got ${version}`);
  if (lock.lockfileVersion !== 3)
    problems.push(`package-lock.json: lockfileVersion must be 3, got ${lock.lockfileVersion}`);
  const scripted = new Set<string>();
  for (const [path, of] of Object.entries(lock.packages)) {
    if (path === '') continue;
    const place = `package-lock.json: ${path}`;
    if (of.link) problems.push(`${place} must be a package, got a link`);
    if (of.resolved !== undefined)
      problems.push(`${place} must not say where it was downloaded: everyone has a registry of their own`);
    if (!of.inBundle && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(of.integrity ?? ''))
      problems.push(`${place} must have a sha512 integrity, got ${of.integrity ?? 'none'}`);
    if (!of.hasInstallScript) continue;
    const name = path.split('node_modules/').at(-1)!;
    scripted.add(name);
    if (!of.dev) problems.push(`${place} runs a script at installation and is not for development only`);
    else if (!accepted[name]) problems.push(`${place} runs a script at installation, which nobody accepted`);
  }
  for (const name of Object.keys(accepted))
    if (!scripted.has(name)) problems.push(`${name} is accepted to run a script at installation and has none`);
  return problems;
}

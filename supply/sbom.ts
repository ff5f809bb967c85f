/**
 * `npm run sbom`: the bill of materials of a deployment, as CycloneDX on stdout.
 *
 * npm creates it from the lockfile for all packages, and this program leaves out the packages for development only.
 * `npm sbom --omit dev` is not enough: it also leaves out packages that a development dependency happens to need, such
 * as the AWS clients.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, FUNCTIONS, ROOT } from './bundle.ts';
import type { Lockfile } from './lockfile.ts';

interface Property {
  readonly name: string;
  readonly value: string;
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly properties?: readonly Property[];
}

/** The parts of a CycloneDX document that are looked at. */
export interface Sbom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

const DEVELOPMENT = 'cdx:npm:package:development';
const BUNDLED = 'sweepwatch:bundled-into';

/**
 * A document without the packages for development only. Packages in a bundle are marked with the functions that contain
 * them.
 * @param bundled names of functions by `name@version`.
 * @throws if it and the lockfile do not name the same packages.
 */
export function deployedOnly<T extends Sbom>(
  sbom: T,
  lock: Lockfile,
  bundled: ReadonlyMap<string, readonly string[]>,
): T {
  const isNeeded = (component: Component) =>
    bundled.has(nameOf(component)) || !component.properties?.some(({ name }) => name === DEVELOPMENT);
  const components = sbom.components.filter(isNeeded).map((component) => {
    const functions = bundled.get(nameOf(component));
    const mark = functions ? [{ name: BUNDLED, value: functions.join(' ') }] : [];
    return { ...component, properties: [...(component.properties ?? []), ...mark] };
  });
  const told = new Set(components.map(nameOf));
  const locked = new Set([...productionOf(lock), ...bundled.keys()]);
  const different = [...told].filter((name) => !locked.has(name)).concat([...locked].filter((name) => !told.has(name)));
  if (different.length) throw new Error(`npm's list and the lockfile differ in ${different.sort().join(', ')}`);
  const refs = new Set([sbom.metadata.component['bom-ref'], ...components.map((component) => component['bom-ref'])]);
  return {
    ...sbom,
    // npm calls the project after its folder.
    metadata: { ...sbom.metadata, component: { ...sbom.metadata.component, name: 'sweepwatch' } },
    components,
    dependencies: sbom.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
  };
}

const nameOf = ({ name, version }: Pick<Component, 'name' | 'version'>): string => `${name}@${version}`;

const productionOf = ({ packages }: Lockfile): string[] =>
  Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`);

/** What npm says, from the lockfile alone: no network. @throws with npm's words. */
export function npmSbom(): Sbom {
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'];
  // Under `npm run`, npm provides its path. Running the command by name would need a shell on Windows.
  const npm = process.env.npm_execpath;
  const { stdout, stderr, status, error } = spawnSync(npm ? process.execPath : 'npm', npm ? [npm, ...args] : args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`npm sbom failed: ${error?.message ?? stderr}`);
  return JSON.parse(stdout) as Sbom;
}

/** The functions that hold a package, by `name@version`. */
async function bundledPackages(lock: Lockfile): Promise<Map<string, string[]>> {
  const held = new Map<string, string[]>();
  for (const name of FUNCTIONS)
    for (const folder of (await bundle(name)).packages) {
      const key = `${folder.split('node_modules/').at(-1)}@${lock.packages[folder]?.version}`;
      held.set(key, [...(held.get(key) ?? []), name]);
    }
  return held;
}

if (import.meta.main) {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile;
  process.stdout.write(`${JSON.stringify(deployedOnly(npmSbom(), lock, await bundledPackages(lock)), null, 2)}\n`);
}

/** What may be in a bundle: our own rooms, packages for production under known licences, and nothing of the machine. */
import { isBuiltin } from 'node:module';
import type { Bundle, Package } from './bundle.ts';
import type { Lockfile } from './lockfile.ts';

/** Licences that allow what we do: change, compile in, pass on, with their text or notice beside (THIRD-PARTY-NOTICES). */
export const LICENSES: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
];

/** What is compiled into our own sources is there for development only, and yet in the bundle. */
const COMPILERS: readonly string[] = ['node_modules/assemblyscript'];

/** The packages that an app brings to the construct, since there may be one copy of each. */
export const PEERS: readonly string[] = ['aws-cdk-lib', 'constructs'];

/** What a bundle may be made of and what it may load beside modules of Node, and how a problem words it. */
interface Rule {
  readonly rooms: readonly string[];
  readonly loads: readonly string[];
  readonly place: string;
}

const LAMBDA: Rule = { rooms: ['functions', 'lib'], loads: [], place: 'Lambda does not have' };
const RULES: Readonly<Record<string, Rule>> = {
  command: { rooms: ['cli', 'lib', 'supply/package'], loads: [], place: 'the package does not bring' },
  construct: { rooms: ['infra', 'lib', 'supply/package'], loads: PEERS, place: 'the package does not bring' },
};

/** Begin secrets of kinds that have a form: AWS access keys, private keys, tokens of npm and GitHub. */
const SECRETS =
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bnpm_[A-Za-z0-9]{36}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b/;

/** What of the machine that builds must not be in a bundle. */
export interface Machine {
  /** Folders: of the repository, of the user. */
  readonly folders: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Values shorter than this are words that any code may hold. */
const TELLING = 12;

/** Every violation as one line that names the bundle. Empty if there is no violation. */
export function bundleProblems(
  { name, code, own, packages, imports }: Bundle,
  read: (folder: string) => Package,
  lock: Lockfile,
  machine: Machine,
): string[] {
  const problems: string[] = [];
  const { rooms, loads, place } = RULES[name] ?? LAMBDA;
  for (const file of own)
    if (!rooms.some((room) => file.startsWith(`${room}/`)))
      problems.push(`${name} holds ${file}, which is not of ${rooms.join(' or ')}`);
  for (const folder of packages) {
    const { version, license } = read(folder);
    const locked = lock.packages[folder];
    if (!locked) problems.push(`${name} holds ${folder}, which the lockfile does not name`);
    else if (locked.version !== version)
      problems.push(`${name} holds ${folder} ${version}, and the lockfile names ${locked.version}`);
    if (locked?.dev && !COMPILERS.includes(folder)) problems.push(`${name} holds ${folder}, which is for development`);
    if (/node_modules\/aws-sdk$/.test(folder)) problems.push(`${name} holds version 2 of the AWS SDK`);
    if (!LICENSES.includes(license))
      problems.push(`${name} holds ${folder} under ${license}, which is not on the list`);
  }
  for (const path of imports)
    if (!isBuiltin(path) && !loads.some((peer) => path === peer || path.startsWith(`${peer}/`)))
      problems.push(`${name} loads ${path}, which ${place}`);
  return [...problems, ...textProblems(name, new TextDecoder().decode(code), machine)];
}

function textProblems(name: string, text: string, { folders, environment }: Machine): string[] {
  const problems: string[] = [];
  for (const folder of folders)
    if (folder.length > 1 && text.includes(`${folder}/`)) problems.push(`${name} names a folder of this machine`);
  if (/[#@]\s?sourceMappingURL=/.test(text)) problems.push(`${name} has a source map`);
  const secret = SECRETS.exec(text);
  if (secret) problems.push(`${name} holds what looks like a secret at character ${secret.index}`);
  for (const [variable, value] of Object.entries(environment))
    if (value && value.length >= TELLING && isPrivate(variable) && text.includes(value))
      problems.push(`${name} holds the value of the environment variable ${variable}`);
  return problems;
}

/** Variables whose values are private. Those of npm and the like contain words such as `node`. */
const isPrivate = (variable: string): boolean =>
  /KEY|TOKEN|SECRET|PASS|CREDENTIAL|^HOME$|^USER|^HOSTNAME$/i.test(variable);

/** Keeps who changes suppressions and watches. */
import { userInfo } from 'node:os';
import { type ChangeKind, RuleChanges } from '../lib/store/rule-changes.ts';
import type { Deployment, DeploymentOptions } from './deployment.ts';

/** The options of a command that changes rules, as the program reads them. */
export interface ChangeOptions extends DeploymentOptions {
  /** Who changes the rules. */
  readonly by?: string;
}

/** Keeps who changes a rule. Called first, so that no change is without its entry. */
export async function keepChange(
  of: 'suppressions' | 'watches',
  change: ChangeKind,
  rule: { readonly id: string },
  options: ChangeOptions,
  { client, table }: Deployment,
): Promise<void> {
  const { accessKeyId } = await client.config.credentials();
  const at = new Date().toISOString();
  const entry = { change, at, by: changerOf(options), accessKey: accessKeyId, rule };
  await new RuleChanges(client, table, of).keep(entry);
}

/** The name that was given, or that of the login. A container may have none. */
export function changerOf({ by }: ChangeOptions): string {
  if (by !== undefined) return by;
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

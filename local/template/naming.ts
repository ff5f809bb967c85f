/** Physical names for resources that the template leaves unnamed: readable, stable, within the service's limits. */
import { createHash } from 'node:crypto';

/** The rules of a service for names. */
export interface NameRules {
  maxLength: number;
  lowercase?: boolean;
}

/** `<stack>-<logicalId>-<hash>`, shortened in the middle if the service allows less. The same at each start. */
export function physicalName(stackName: string, logicalId: string, rules: NameRules): string {
  const hash = createHash('sha256').update(`${stackName}/${logicalId}`).digest('hex').slice(0, 8);
  const stem = `${stackName}-${logicalId}`.replace(/[^A-Za-z0-9-]/g, '-').slice(0, rules.maxLength - hash.length - 1);
  const name = `${stem.replace(/-+$/, '')}-${hash}`;
  return rules.lowercase ? name.toLowerCase() : name;
}

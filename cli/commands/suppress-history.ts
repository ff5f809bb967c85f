/** `sweepwatch suppress history`: who added and removed rules, and when. */
import type { Suppression } from '../../lib/notify/suppression.ts';
import { RuleChanges } from '../../lib/store/rule-changes.ts';
import { jsonText, printable } from '../../lib/text/untrusted.ts';
import { type DeploymentOptions, openDeployment } from '../deployment.ts';
import { scopeText } from '../rule-text.ts';
import type { Terminal } from '../terminal.ts';

/** The options of `suppress history`, as the program reads them. */
export interface HistoryOptions extends DeploymentOptions {
  readonly format: 'table' | 'json';
}

/** Runs `suppress history` and returns the exit code. */
export async function listChanges(options: HistoryOptions, terminal: Terminal): Promise<number> {
  const { client, table } = await openDeployment(options);
  const changes = await new RuleChanges<Suppression>(client, table, 'suppressions').list();
  if (options.format === 'json') terminal.stdout(`${jsonText(changes, 2)}\n`);
  else
    for (const { at, change, by, accessKey, rule } of changes) {
      const columns = [at, change, by, accessKey, rule.id, scopeText(rule), rule.expires, rule.owner, rule.reason];
      terminal.stdout(`${columns.map((text) => printable(String(text))).join('\t')}\n`);
    }
  return 0;
}

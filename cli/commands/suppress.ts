/** `sweepwatch suppress`: silence the alerts of approved scanners, scoped, attributed and expiring. */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Suppression, type SuppressionScope, suppressionFault } from '../../lib/notify/suppression.ts';
import { SuppressionsStore } from '../../lib/store/suppressions-store.ts';
import { printable } from '../../lib/text/untrusted.ts';
import { DEPLOYMENT_HELP, deploymentOptions, openDeployment } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const HELP = `Usage: sweepwatch suppress add --source CIDR [--target CIDR] --owner NAME --reason TEXT --expires DATE [OPTIONS]
       sweepwatch suppress list [OPTIONS]
       sweepwatch suppress remove ID [OPTIONS]

Silences alerts about scans; findings are still made and counted, and name the rule in suppressedBy. A rule covers a
finding when all sources that the finding names lie in --source and, where given, all targets that it names lie in
--target, and neither are more than would fit: a scanner that leaves its approved range alerts again. A campaign, which
has many sources, goes by its target: --source 0.0.0.0/0 (or ::/0) is allowed with a --target only.

Options:
  --source CIDR           sources to silence, such as 10.0.3.22/32
  --target CIDR           what they may scan, such as 10.0.9.0/24; default: everything
  --owner NAME            who answers for the rule
  --reason TEXT           why
  --expires DATE          from then on the rule is void, such as 2027-01-31 or 2027-01-31T18:00:00Z
${DEPLOYMENT_HELP}
  --help                  this text
`;

/** Runs `suppress`; returns the exit code. */
export async function suppressCommand(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...deploymentOptions,
      source: { type: 'string' },
      target: { type: 'string' },
      owner: { type: 'string' },
      reason: { type: 'string' },
      expires: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    terminal.stdout(HELP);
    return 0;
  }
  const [verb, id] = positionals;
  if (verb !== 'add' && verb !== 'list' && verb !== 'remove')
    throw new UsageError(`expected "suppress add", "suppress list" or "suppress remove ID", got "${verb ?? ''}"`);
  const { source = '', target, owner = '', reason = '', expires = '' } = values;
  const suppression = {
    id: randomUUID().slice(0, 8),
    source,
    ...(target !== undefined && { target }),
    owner,
    reason,
    expires,
  };
  const fault = verb === 'add' ? suppressionFault(suppression, Date.now() / 1000) : undefined;
  if (fault) throw new UsageError(fault);
  if (verb === 'remove' && !id) throw new UsageError('no ID given; "suppress list" shows the ids');
  const deployment = await openDeployment(values);
  const store = new SuppressionsStore(deployment.client, deployment.table);
  if (verb === 'add') {
    await store.add(suppression);
    terminal.stdout(`${suppression.id}\n`);
    terminal.stderr(
      `alerts about ${scopeText(suppression)} are silent until ${printable(expires)}; undo: npx --no-install sweepwatch suppress remove ${suppression.id} ${deployment.again}\n`,
    );
    return 0;
  }
  if (verb === 'list') {
    const now = Date.now() / 1000;
    for (const rule of (await store.list()).toSorted((a, b) => (a.expires < b.expires ? -1 : 1))) {
      const columns = [rule.id, stateOf(rule, now), scopeText(rule), rule.expires, rule.owner, rule.reason];
      terminal.stdout(`${columns.map(printable).join('\t')}\n`);
    }
    return 0;
  }
  if (await store.remove(id!)) return 0;
  terminal.stderr(
    `no suppression ${printable(id!)} in ${printable(deployment.table)}; "suppress list" shows the ids\n`,
  );
  return 1;
}

const scopeText = ({ source, target }: SuppressionScope): string => (target ? `${source} to ${target}` : source);

/** Rules that somebody put there by hand may have any fault: the alert function goes by none of them. */
function stateOf(rule: Suppression, now: number): 'active' | 'expired' | 'void' {
  // What is no time at all counts as expired.
  if (!(Date.parse(rule.expires) / 1000 > now)) return 'expired';
  return suppressionFault(rule, now) ? 'void' : 'active';
}

/** Whether VPCs that are logged share a scope although they use the same addresses. */
import { mergedOverlaps } from '../../lib/config/routing-domains.ts';
import { Scopes } from '../../lib/evidence/scope.ts';
import type { VpcFacts } from '../../lib/store/health/facts.ts';
import { countOf } from '../../lib/text/wording.ts';
import { ok, skip, type Verdict, warn } from './check.ts';

/** Overlaps that are named. */
const MOST = 5;

/** A verdict for each overlap, of which the first are named, or one if nothing overlaps. */
export function judgeScopes(
  vpcs: readonly VpcFacts[],
  loggedIds: readonly string[],
  routingDomains: Readonly<Record<string, readonly string[]>>,
  command: string,
): Verdict[] {
  const logged = vpcs.filter(({ id }) => loggedIds.includes(id));
  if (!logged.length) return [skip('addresses of VPCs: no VPC of this account and Region is known to be logged')];
  const scopes = new Scopes(routingDomains);
  const scopeOf = ({ id, account }: { id: string; account?: string | undefined }) =>
    scopes.of({ isPrivate: true, vpcId: id, accountId: account });
  const merged = mergedOverlaps(logged, scopeOf);
  if (!merged.length) return [ok(`addresses of ${countOf(logged.length, 'logged VPC')} are told apart`)];
  const because =
    'equal private addresses of both are one source: their contacts add up, and findings may name the wrong host';
  const verdicts = merged.slice(0, MOST).map(({ vpcs: [one, other], cidrs: [ofOne, ofOther] }) => {
    const scope = scopeOf(logged.find(({ id }) => id === one)!);
    return warn(`${one} (${ofOne}) and ${other} (${ofOther}) overlap and share the scope ${scope}`, because, command);
  });
  return merged.length > MOST
    ? [...verdicts, warn(`${merged.length - MOST} more pairs of VPCs overlap and share a scope`, because, command)]
    : verdicts;
}

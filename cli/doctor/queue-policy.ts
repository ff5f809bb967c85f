/** Who may send to the ingest queue. */
import { type Facts, outputOf } from '../../lib/store/health/facts.ts';

/** The account that owns the bucket. Undefined if it is that of the stack. */
export function foreignOwner(facts: Facts): string | undefined {
  const owner = outputOf(facts, 'LogBucketOwner');
  return owner === '' || owner === facts.stack.account ? undefined : owner;
}

/** Whether a queue policy lets the bucket of the deployment send messages. */
export const admitsBucket = (policy: string, facts: Facts): boolean =>
  isAllowed(
    policy,
    (who, when) => who.includes('"s3.amazonaws.com"') && when.includes(`:s3:::${outputOf(facts, 'LogBucket')}"`),
  );

/**
 * Whether a queue policy lets a rule of EventBridge send messages: EventBridge itself, or for the bucket of another
 * account that account, whose rule sends with a role.
 */
export function admitsRule(policy: string, facts: Facts): boolean {
  const owner = foreignOwner(facts);
  const sender = owner === undefined ? '"events.amazonaws.com"' : `:iam::${owner}:`;
  return isAllowed(policy, (who) => who.includes(sender));
}

function isAllowed(policy: string, test: (principal: string, condition: string) => boolean): boolean {
  try {
    const { Statement = [] } = JSON.parse(policy) as { Statement?: Record<string, unknown>[] };
    return Statement.some(
      ({ Effect, Principal, Condition }) =>
        Effect === 'Allow' && test(JSON.stringify(Principal ?? ''), JSON.stringify(Condition ?? '')),
    );
  } catch {
    return false;
  }
}

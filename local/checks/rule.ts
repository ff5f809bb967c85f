/** The shape of a rule about what AWS refuses, and its input. */
import type { AccountState, CreatedResource, ResolvedResource } from '../resources/stack.ts';

/** The account, and the resources that a stack already has. */
export interface RuleContext extends AccountState {
  /** The resources of the stack that exist already, by logical id. */
  readonly created: ReadonlyMap<string, CreatedResource>;
  readonly accountId: string;
  /** The number of subscription filters that a log group of the account has. */
  subscriptions(logGroup: string): number;
}

/** Why AWS refuses a resource, in AWS's own words if they are known. Undefined if AWS accepts it. */
export type Refuse = (resource: ResolvedResource, context: RuleContext) => string | undefined;

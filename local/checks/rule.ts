/** The shape of a rule about what AWS refuses, and what such a rule may look at. */
import type { AccountState, CreatedResource, ResolvedResource } from '../resources/stack.ts';

/** The account, and the resources that a stack already has. */
export interface RuleContext extends AccountState {
  /** The resources of the stack that exist already, by logical id. */
  readonly created: ReadonlyMap<string, CreatedResource>;
}

/** The reason why AWS refuses a resource, in AWS's own words where they are known; undefined if AWS accepts it. */
export type Refuse = (resource: ResolvedResource, context: RuleContext) => string | undefined;

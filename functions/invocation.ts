/** How Lambda calls a handler, and how much time it gives. */
import type { Context } from 'aws-lambda';

/**
 * The handler that Lambda calls, created while the module loads, so that a function without one of its variables does
 * not start. Elsewhere it is undefined, so that simulation, faults and tests can create handlers with their own
 * services.
 */
export const onLambda = <Handler>(make: () => Handler): Handler | undefined =>
  process.env.AWS_LAMBDA_FUNCTION_NAME === undefined ? undefined : make();

/** The part of Lambda's context that the functions use. */
export type Invocation = Pick<Context, 'getRemainingTimeInMillis'>;

/**
 * Returns whether an invocation that just began may start more work: until less than this share of its time is left.
 */
export function hasTimeFor(invocation: Invocation, share: number): () => boolean {
  const reserve = invocation.getRemainingTimeInMillis() * share;
  return () => invocation.getRemainingTimeInMillis() >= reserve;
}

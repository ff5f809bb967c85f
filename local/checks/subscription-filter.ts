/** What CloudWatch Logs refuses when a subscription filter is created. */
import { decide } from '../iam/decide.ts';
import { readFilterPattern } from '../servers/filter-pattern.ts';
import { connectionsOfResource, requestOf } from './connections.ts';
import { findByArn, policyOf } from './policies.ts';
import type { Refuse } from './rule.ts';

/** The quota of older accounts. Later documents allow five, which a template must not rely on. */
const MAX_FILTERS = 2;

/** The group must exist: it is in the stack, or in the account before. */
export const refuseUnknownLogGroup: Refuse = ({ properties }, { created, logGroups = [] }) => {
  const name = String(properties.LogGroupName);
  const isOfStack = [...created.values()].some(
    ({ type, physicalId }) => type === 'AWS::Logs::LogGroup' && physicalId === name,
  );
  return isOfStack || logGroups.includes(name) ? undefined : `The specified log group does not exist: ${name}`;
};

/** A pattern that cannot be read. */
export const refuseFilterPattern: Refuse = ({ properties }) => {
  try {
    readFilterPattern(String(properties.FilterPattern));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

/** A log group takes a limited number of filters, whoever made them. */
export const refuseThirdFilter: Refuse = ({ properties }, { subscriptions }) => {
  const name = String(properties.LogGroupName);
  return subscriptions(name) < MAX_FILTERS
    ? undefined
    : `Resource limit exceeded. (LimitExceededException: ${name} has ${MAX_FILTERS} subscription filters)`;
};

/** CloudWatch Logs tries the function at once, so its permission must be there before. */
export const refuseUninvitedFilter: Refuse = (resource, { created, accountId }) => {
  const [connection] = connectionsOfResource({ ...resource, physicalId: '', attributes: {} }, accountId);
  // A copy, since policies are remembered by the map that they were found in.
  const resources = new Map(created);
  const lambda = connection === undefined ? undefined : findByArn(resources, connection.target);
  if (connection === undefined || lambda === undefined) return undefined;
  const policy = policyOf(resources, lambda)?.policy;
  return decide(requestOf(connection, accountId), { resource: policy, isResourceDecisive: true }).isAllowed
    ? undefined
    : 'Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.';
};

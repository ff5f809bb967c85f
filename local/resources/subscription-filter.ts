/** AWS::Logs::SubscriptionFilter. Its destination is a function of the stack. */
import { optionalStringAt, stringAt, TemplateError } from '../template/json.ts';
import { physicalName } from '../template/naming.ts';
import { type CreateResource, findFunction, invokeInBackground } from './stack.ts';

/** Subscribes a function to a log group. CloudWatch Logs then sends a message that checks the destination. */
export const createSubscriptionFilter: CreateResource = async ({ logicalId, properties }, stack) => {
  for (const unsupported of ['RoleArn', 'Distribution', 'ApplyOnTransformedLogs', 'FieldSelectionCriteria'])
    if (properties[unsupported] !== undefined) throw new TemplateError(`${unsupported} is not simulated`);
  const name =
    optionalStringAt(properties.FilterName, 'FilterName') ??
    physicalName(stack.stackName, logicalId, { maxLength: 512 });
  const lambda = findFunction(stack, stringAt(properties.DestinationArn, 'DestinationArn'), logicalId);
  const unsubscribe = stack.logGroups.subscribe({
    name,
    logGroup: stringAt(properties.LogGroupName, 'LogGroupName'),
    pattern: stringAt(properties.FilterPattern, 'FilterPattern'),
    deliver: (event) => invokeInBackground(stack, lambda, event, `subscription filter ${logicalId}`),
  });
  return { physicalId: name, attributes: {}, remove: async () => unsubscribe() };
};

/** AWS::Lambda::EventInvokeConfig: how often a failed asynchronous event is repeated, and where it goes then. */
import { numberAt, objectAt, optionalStringAt, stringAt, TemplateError } from '../template/json.ts';
import { type CreateResource, findFunction } from './stack.ts';

/** Remembers the configuration for the events of subscription filters and rules. Scheduled ones are not repeated. */
export const createInvokeConfig: CreateResource = async ({ logicalId, properties }, stack) => {
  const lambda = findFunction(stack, stringAt(properties.FunctionName, 'FunctionName'), logicalId);
  const destinations = objectAt(properties.DestinationConfig, 'DestinationConfig');
  if (destinations.OnSuccess !== undefined) throw new TemplateError('DestinationConfig.OnSuccess is not simulated');
  const path = 'DestinationConfig.OnFailure';
  const onFailure = optionalStringAt(objectAt(destinations.OnFailure, path).Destination, `${path}.Destination`);
  if (onFailure !== undefined && onFailure.split(':')[2] !== 'sqs')
    throw new TemplateError(`${path}.Destination is ${onFailure}, expected a queue`);
  stack.invokeConfigs.set(lambda.settings.arn, {
    maximumRetryAttempts: numberAt(properties.MaximumRetryAttempts, 'MaximumRetryAttempts', 2),
    ...(onFailure !== undefined && { onFailure }),
  });
  return { physicalId: `${lambda.settings.name}:$LATEST`, attributes: {} };
};

/** AWS::StepFunctions::StateMachine. */
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { readDefinition } from '../states/definition.ts';
import { optionalStringAt, stringAt, TemplateError } from '../template/json.ts';
import { physicalName } from '../template/naming.ts';
import { type CreateResource, findFunction } from './stack.ts';

/** Creates a state machine, of the form that `local/states/definition.ts` reads. */
export const createStateMachine: CreateResource = async ({ logicalId, properties }, stack) => {
  const { machines, clients } = stack;
  if (machines === undefined)
    throw new TemplateError('a state machine needs the embedded servers, got the endpoint of another emulator');
  const definition = readDefinition(stringAt(properties.DefinitionString, 'DefinitionString'));
  stringAt(properties.RoleArn, 'RoleArn');
  const name =
    optionalStringAt(properties.StateMachineName, 'StateMachineName') ??
    physicalName(stack.stackName, logicalId, { maxLength: 80 });
  const arn = `arn:aws:states:${stack.region}:${stack.accountId}:stateMachine:${name}`;
  if (machines.has(arn)) throw new Error(`State Machine Already Exists: '${arn}'`);
  const lambda = findFunction(stack, definition.functionArn, logicalId);
  machines.set(arn, {
    arn,
    definition,
    around: {
      invoke: (input) =>
        lambda.invoke(input).catch((error: { errorType?: string; message: string }) => {
          throw Object.assign(new Error(error.message), { name: error.errorType ?? 'Lambda.Unknown' });
        }),
      async read(Bucket, Key) {
        const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket, Key }));
        return (await Body?.transformToString()) ?? '';
      },
      async write(Bucket, Key, Body) {
        await clients.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
      },
    },
  });
  return {
    physicalId: arn,
    attributes: { Arn: arn, Name: name },
    remove: async () => void machines.delete(arn),
  };
};

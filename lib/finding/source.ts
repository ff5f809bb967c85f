/** The `source` of a finding: an address with everything that the logs say about its holder. */
import type { Identity } from '../evidence/interfaces.ts';
import type { EcsTask, FindingSource } from './model.ts';

/** Builds the source. Values that the logs do not contain are left out. */
export function findingSource(address: string, scope: string, identity: Identity | undefined): FindingSource {
  const fields = identity?.fields ?? {};
  const ecs = defined<EcsTask>({
    cluster: fields['ecs-cluster-name'] ?? fields['ecs-cluster-arn'],
    service: fields['ecs-service-name'],
    taskId: fields['ecs-task-id'],
    taskArn: fields['ecs-task-arn'],
    taskDefinition: fields['ecs-task-definition-arn'],
    containerId: fields['ecs-container-id'],
  });
  return {
    address,
    scope,
    ...defined({
      accountId: fields['account-id'],
      vpcId: fields['vpc-id'],
      subnetId: fields['subnet-id'],
      region: fields.region,
      interfaceId: identity?.interfaceId,
      interfaceType: fields['interface-type'],
      instanceId: fields['instance-id'],
      behindInterface: identity?.behind,
    }),
    ...(Object.keys(ecs).length > 0 && { ecs }),
  };
}

function defined<T extends object>(values: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** The source of a finding, and the techniques that follow from it. */
import { describe, expect, test } from '@jest/globals';
import { findingSource } from '../../../lib/finding/source.ts';
import { techniquesOf } from '../../../lib/finding/techniques.ts';

describe('the source', () => {
  test('leaves out what the logs do not say', () => {
    expect(findingSource('203.0.113.9', 'internet', undefined)).toEqual({ address: '203.0.113.9', scope: 'internet' });
    expect(findingSource('10.0.0.1', '1', { fields: { 'vpc-id': 'vpc-1' } })).toEqual({
      address: '10.0.0.1',
      scope: '1',
      vpcId: 'vpc-1',
    });
  });

  test('names everything that they do', () => {
    const fields = {
      'account-id': '1',
      'vpc-id': 'vpc-1',
      'subnet-id': 'subnet-1',
      region: 'eu-west-1',
      'interface-type': 'nat_gateway',
      'instance-id': 'i-1',
      'ecs-cluster-name': 'shop',
      'ecs-cluster-arn': 'arn:shop',
      'ecs-service-name': 'cart',
      'ecs-task-id': 'f00d',
      'ecs-task-arn': 'arn:f00d',
      'ecs-task-definition-arn': 'arn:def',
      'ecs-container-id': 'c0',
    };
    expect(findingSource('10.0.0.1', '1', { interfaceId: 'eni-1', behind: true, fields })).toEqual({
      address: '10.0.0.1',
      scope: '1',
      accountId: '1',
      vpcId: 'vpc-1',
      subnetId: 'subnet-1',
      region: 'eu-west-1',
      interfaceId: 'eni-1',
      interfaceType: 'nat_gateway',
      instanceId: 'i-1',
      behindInterface: true,
      ecs: {
        cluster: 'shop',
        service: 'cart',
        taskId: 'f00d',
        taskArn: 'arn:f00d',
        taskDefinition: 'arn:def',
        containerId: 'c0',
      },
    });
  });

  test('names the cluster by its ARN where its name is missing', () => {
    expect(findingSource('10.0.0.1', '1', { fields: { 'ecs-cluster-arn': 'arn:shop' } }).ecs).toEqual({
      cluster: 'arn:shop',
    });
  });
});

describe('techniques', () => {
  const host = { address: '10.0.0.1', scope: '1' };
  const ids = (...of: Parameters<typeof techniquesOf>) => techniquesOf(...of).map(({ id }) => id);

  test('follow the direction', () => {
    expect(ids('inbound', host)).toEqual(['T1595.001']);
    expect(ids('lateral', host)).toEqual(['T1046']);
    expect(ids('outbound', host)).toEqual(['T1046', 'T1595.001']);
  });

  test('of a container inside include active scanning: an ECS task, or a pod behind its node', () => {
    expect(ids('lateral', { ...host, ecs: { taskId: 'f00d' } })).toEqual(['T1046', 'T1595']);
    expect(ids('lateral', { ...host, behindInterface: true, instanceId: 'i-1' })).toEqual(['T1046', 'T1595']);
    // Behind a gateway stands some host, not a container.
    expect(ids('lateral', { ...host, behindInterface: true })).toEqual(['T1046']);
  });
});

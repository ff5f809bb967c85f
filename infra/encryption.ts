/** The key of the bucket, the tables and the alert topic: of the stack, given, or none. */
import { Aws, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Settings } from '../lib/config/schema.ts';

/** Conditions under which log delivery acts for the given accounts and nobody else (confused deputy). */
export function deliveryConditions(accounts: readonly string[]): { StringEquals: object; ArnLike: object } {
  return {
    StringEquals: { 'aws:SourceAccount': accounts },
    ArnLike: {
      'aws:SourceArn': accounts.map((account) => `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${account}:*`),
    },
  };
}

/** The accounts that may deliver: the stack's own and those of the settings. */
export function deliveringAccounts(settings: Settings): string[] {
  return [Aws.ACCOUNT_ID, ...settings.logAccounts];
}

/** The key that the settings ask for; undefined where AWS's own keys serve. */
export function createKey(scope: Construct, settings: Settings, removalPolicy: RemovalPolicy): IKey | undefined {
  if (settings.kmsKey === 'none') return undefined;
  if (settings.kmsKey !== 'new') return Key.fromKeyArn(scope, 'Key', settings.kmsKey);
  const key = new Key(scope, 'Key', {
    description: `${settings.deploymentName}: flow logs, windows and findings`,
    enableKeyRotation: true,
    removalPolicy,
  });
  // Log delivery writes with the key of the bucket; one that exists has its own.
  if (settings.bucket.existing !== undefined) return key;
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'LogDeliveryEncrypts',
      principals: [new ServicePrincipal('delivery.logs.amazonaws.com')],
      actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
      resources: ['*'],
      conditions: deliveryConditions(deliveringAccounts(settings)),
    }),
  );
  return key;
}

/** The two tables: windows (what was seen) and findings (what it means), with the indexes for queries. */
import {
  AttributeType,
  Billing,
  type CfnGlobalTable,
  type GlobalSecondaryIndexPropsV2,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Settings } from '../lib/config/schema.ts';
import { removalPolicyOf } from './removal.ts';

/** Both tables of a deployment. */
export interface Tables {
  readonly windows: TableV2;
  readonly findings: TableV2;
}

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** Partition and sort attribute of each index of the findings table. `open` and `announce` are sparse. */
const findingsIndexes: GlobalSecondaryIndexPropsV2[] = [
  { indexName: 'byId', partitionKey: text('findingId') },
  { indexName: 'byDay', partitionKey: text('day'), sortKey: text('severityTime') },
  { indexName: 'open', partitionKey: text('openShard'), sortKey: text('lastSeen') },
  { indexName: 'announce', partitionKey: text('announceShard'), sortKey: text('announceSince') },
];

/** Creates both tables: on demand below a ceiling, expiry by `expiresAt`, restorable to any second of 35 days. */
export function createTables(scope: Construct, settings: Settings, key: IKey | undefined): Tables {
  const common: TablePropsV2 = {
    partitionKey: text('pk'),
    sortKey: text('sk'),
    timeToLiveAttribute: 'expiresAt',
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    encryption: key === undefined ? TableEncryptionV2.dynamoOwnedKey() : TableEncryptionV2.awsManagedKey(),
    deletionProtection: settings.deletionProtection,
    removalPolicy: removalPolicyOf(settings),
  };
  const tables = {
    windows: new TableV2(scope, 'Windows', {
      ...common,
      billing: Billing.onDemand({ maxWriteRequestUnits: settings.maxWriteUnits.windows }),
    }),
    findings: new TableV2(scope, 'Findings', {
      ...common,
      billing: Billing.onDemand({ maxWriteRequestUnits: settings.maxWriteUnits.findings }),
      // An index has only its own ceiling, and each write of a finding writes to up to four indexes.
      globalSecondaryIndexes: findingsIndexes.map((index) => ({
        ...index,
        maxWriteRequestUnits: settings.maxWriteUnits.findings,
      })),
    }),
  };
  if (key !== undefined) {
    // TableV2 accepts a key only in a stack of known Region. It names the one replica, which is the table itself.
    for (const table of Object.values(tables)) {
      (table.node.defaultChild as CfnGlobalTable).addPropertyOverride(
        'Replicas.0.SSESpecification.KMSMasterKeyId',
        key.keyArn,
      );
    }
  }
  return tables;
}

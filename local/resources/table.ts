/** AWS::DynamoDB::Table and AWS::DynamoDB::GlobalTable. */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
  type GlobalSecondaryIndex,
  type LocalSecondaryIndex,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { isTrue, type JsonObject, listAt, objectAt, optionalStringAt, stringAt } from '../template/json.ts';
import { physicalName } from '../template/naming.ts';
import type { CreateResource } from './stack.ts';

/** Creates a table, always on demand, with its indexes and its TTL. Backups, encryption and replicas are left out. */
export const createTable: CreateResource = async ({ logicalId, properties }, stack) => {
  const { dynamodb } = stack.clients;
  const tableName =
    optionalStringAt(properties.TableName, 'TableName') ?? physicalName(stack.stackName, logicalId, { maxLength: 255 });
  const globalIndexes = readIndexes<GlobalSecondaryIndex>(properties.GlobalSecondaryIndexes);
  const localIndexes = readIndexes<LocalSecondaryIndex>(properties.LocalSecondaryIndexes);
  const input: CreateTableCommandInput = {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: properties.AttributeDefinitions as CreateTableCommandInput['AttributeDefinitions'],
    KeySchema: properties.KeySchema as CreateTableCommandInput['KeySchema'],
    ...(globalIndexes.length === 0 ? {} : { GlobalSecondaryIndexes: globalIndexes }),
    ...(localIndexes.length === 0 ? {} : { LocalSecondaryIndexes: localIndexes }),
  };
  await dynamodb.send(new CreateTableCommand(input));
  const { Table: table } = await dynamodb.send(new DescribeTableCommand({ TableName: tableName }));
  const ttl = objectAt(properties.TimeToLiveSpecification, 'TimeToLiveSpecification');
  // dynalite has no TTL setting. No engine here deletes expired items anyway.
  if (isTrue(ttl.Enabled) && stack.engine !== 'dynalite') {
    const attributeName = stringAt(ttl.AttributeName, 'TimeToLiveSpecification.AttributeName');
    const specification = { Enabled: true, AttributeName: attributeName };
    await dynamodb.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: specification }));
  }
  return {
    physicalId: tableName,
    // Built here, because dynoxide puts its own name in the place of the Region.
    attributes: {
      Arn: `arn:aws:dynamodb:${stack.region}:${stack.accountId}:table/${tableName}`,
      TableId: table?.TableId ?? tableName,
    },
    async remove() {
      if (isProtected(properties)) throw new Error(PROTECTED);
      await dynamodb.send(new DeleteTableCommand({ TableName: tableName }));
    },
  };
};

/** DynamoDB's own message (nubo-db/dynoxide, issue 46). Checked here because not every engine knows the setting. */
const PROTECTED =
  'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.';

/** A global table has the setting on each replica. */
function isProtected({ DeletionProtectionEnabled, Replicas }: JsonObject): boolean {
  const replicas = listAt(Replicas, 'Replicas').map((entry) => objectAt(entry, 'Replicas'));
  return [{ DeletionProtectionEnabled }, ...replicas].some((part) => isTrue(part.DeletionProtectionEnabled));
}

function readIndexes<T extends GlobalSecondaryIndex | LocalSecondaryIndex>(value: unknown): T[] {
  return listAt(value, 'SecondaryIndexes').map((entry) => {
    const index: JsonObject = objectAt(entry, 'SecondaryIndexes');
    return { IndexName: index.IndexName, KeySchema: index.KeySchema, Projection: index.Projection } as T;
  });
}

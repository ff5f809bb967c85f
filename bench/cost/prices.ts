/**
 * The prices of the bill: us-east-1, on demand, US dollars, without any free tier. `confirmed` says that a price was
 * read on an AWS page. None was, so check before you rely on the dollars. The counts do not depend on them.
 */

/** When the prices below were last looked up. */
export const PRICES_OF = '2026-11-21';

/** A price and how it is known. */
export interface Price {
  readonly name: string;
  /** Dollars for one `unit`. */
  readonly dollars: number;
  readonly unit: string;
  readonly source: string;
  readonly confirmed: boolean;
}

const QUOTED = 'third parties that quote the AWS Price List API, 2026-07-30 and 2026-09-08';
const THIRD_PARTY = 'third parties, 2026';
const FROM_MEMORY = 'from memory; not found in this pass';

const price = (name: string, dollars: number, unit: string, source: string): Price => ({
  name,
  dollars,
  unit,
  source,
  confirmed: false,
});

/** All prices by what they are for. */
export const PRICES = {
  writeUnit: price('DynamoDB write', 0.625e-6, 'write unit', QUOTED),
  readUnit: price('DynamoDB read', 0.125e-6, 'read unit', QUOTED),
  tableStorage: price('DynamoDB storage', 0.25, 'GB-month', QUOTED),
  tableRecovery: price('DynamoDB point-in-time recovery', 0.2, 'GB-month', FROM_MEMORY),
  lambdaRequest: price('Lambda request', 0.2e-6, 'request', THIRD_PARTY),
  lambdaSecond: price('Lambda arm64', 0.0000133334, 'GB-second', THIRD_PARTY),
  queueRequest: price('SQS request', 0.4e-6, 'request', FROM_MEMORY),
  publish: price('SNS publish', 0.5e-6, 'request', FROM_MEMORY),
  email: price('SNS e-mail', 2e-5, 'message', FROM_MEMORY),
  objectPut: price('S3 PUT', 5e-6, 'request', FROM_MEMORY),
  objectGet: price('S3 GET', 0.4e-6, 'request', FROM_MEMORY),
  objectStorage: price('S3 standard storage', 0.023, 'GB-month', FROM_MEMORY),
  delivery: price('Vended logs to S3', 0.25, 'GB uncompressed', 'AWS WAF guide quoted by a third party'),
  alarm: price('CloudWatch alarm', 0.1, 'alarm-month', FROM_MEMORY),
  metric: price('CloudWatch custom metric', 0.3, 'metric-month', FROM_MEMORY),
  logIngestion: price('CloudWatch Logs ingestion', 0.5, 'GB', THIRD_PARTY),
  key: price('KMS key', 1, 'key-month', FROM_MEMORY),
  managed: price('Managed detector, first tier', 1, 'GB uncompressed', 'factualminds.com, 2026-06-13'),
  managedLowest: price('Managed detector, highest volumes', 0.25, 'GB uncompressed', THIRD_PARTY),
} as const satisfies Readonly<Record<string, Price>>;

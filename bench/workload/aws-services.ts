/** Address ranges of AWS services, as far as the workloads use them. Two columns contain the owner's name. */
import { addressOf } from './address-text.ts';

/** A service that the traffic goes to, with the first of its 65,536 addresses. */
export interface AwsService {
  readonly name: string;
  readonly first: number;
  /** The name as it is written. */
  readonly piece: Uint8Array;
}

const RANGES: Readonly<Record<string, string>> = {
  S3: '52.218.0.0',
  DYNAMODB: '52.94.0.0',
  AMAZON: '54.239.0.0',
  EC2: '3.248.0.0',
  CLOUDFRONT: '13.224.0.0',
};

export const AWS_SERVICES: readonly AwsService[] = Object.entries(RANGES).map(([name, first]) => ({
  name,
  first: addressOf(first),
  piece: Buffer.from(name),
}));

const BY_NETWORK = new Map(AWS_SERVICES.map((service) => [service.first >>> 16, service]));

/** The service that owns an address. */
export const serviceOf = (address: number): AwsService | undefined => BY_NETWORK.get(address >>> 16);

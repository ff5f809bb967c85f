/** The options that choose an AWS account and Region, for all commands that talk to AWS. */
import type { Connection } from '../lib/store/clients.ts';

/** The options that choose account and Region. */
export const connectionOptions = {
  profile: { type: 'string' },
  region: { type: 'string' },
} as const;

export const CONNECTION_HELP = `  --profile NAME          profile of the AWS configuration; default: that of the environment
  --region REGION         AWS Region; default: that of the profile or the environment`;

/** The connection that --profile and --region ask for. */
export const connectionOf = ({ profile, region }: Pick<Connection, 'profile' | 'region'>): Connection => ({
  profile,
  region,
});

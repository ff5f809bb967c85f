/** The connection to AWS that the options of a command choose. */
import type { Connection } from '../lib/store/clients.ts';

/** The options that choose account and Region. */
export interface ConnectionOptions {
  readonly profile?: string;
  readonly region?: string;
}

/** The connection that --profile and --region ask for. */
export const connectionOf = ({ profile, region }: ConnectionOptions): Connection => ({ profile, region });

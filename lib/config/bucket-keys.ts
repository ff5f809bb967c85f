/** Which keys of an existing bucket are read. */

/** The settings that choose them. */
interface Choice {
  readonly flowLogsUnder?: string | undefined;
  readonly prefix: string;
}

/** The beginning of the keys, and the keys with `*` for any characters. */
export function keysOf({ flowLogsUnder, prefix }: Choice): { readonly prefix: string; readonly objects: string } {
  if (flowLogsUnder === undefined) return { prefix, objects: `${prefix}*` };
  // One star covers accounts, an organization and the `aws-service=` of Hive-style keys. A star also covers slashes.
  return { prefix: flowLogsUnder, objects: `${flowLogsUnder}*vpcflowlogs/*` };
}

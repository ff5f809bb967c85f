/** Who did something to a container, and where it is, in the form of a signal. */
import type { Actor, Place } from '../signal.ts';
import type { ExecFact } from './facts.ts';
import { serviceAccountOf } from './identities.ts';

/** The actor of a fact about a container. */
export function actorOf({ where, caller, argv, key }: Pick<ExecFact, 'where' | 'caller' | 'argv' | 'key'>): Actor {
  const account = serviceAccountOf(caller?.user ?? '');
  return {
    kind: where.platform === 'kubernetes' ? 'pod' : where.taskArn ? 'task' : where.instanceId ? 'session' : 'container',
    name: where.taskArn?.split('/').at(-1) ?? where.pod ?? where.container ?? where.instanceId ?? 'unknown',
    ...(where.platform === 'kubernetes' && where.namespace !== undefined && { namespace: where.namespace }),
    ...(caller !== undefined && { user: userOf(caller) }),
    ...(account && { serviceAccount: `${account.namespace}/${account.name}` }),
    ...(where.image !== undefined && { image: where.image }),
    ...(argv.length > 0 && { command: argv.join(' ').trim() }),
    ...(where.host !== undefined && { host: where.host }),
    // The key has the URI too, behind a blank.
    session: key.split(' ')[0]!,
  };
}

/** The caller, and whom the caller claimed to be. */
export const userOf = ({ user, impersonates }: { readonly user: string; readonly impersonates?: string }): string =>
  impersonates === undefined ? user : `${user} as ${impersonates}`;

export const placeOf = ({ where }: ExecFact): Place => ({
  ...(where.taskArn !== undefined && { taskArn: where.taskArn }),
  ...(where.instanceId !== undefined && { instanceId: where.instanceId }),
  ...(where.instanceId === undefined && where.host?.startsWith('i-') && { instanceId: where.host }),
  ...(where.platform === 'kubernetes' && where.host !== undefined && { nodeName: where.host }),
});

/** The container in words. */
export function placeName({ where }: ExecFact): string {
  if (where.platform === 'kubernetes')
    return `pod ${where.namespace ?? 'of an unknown namespace'}/${where.pod ?? 'of an unknown name'}`;
  if (where.instanceId !== undefined) return `instance ${where.instanceId}`;
  if (where.taskArn !== undefined) return `task ${where.taskArn.split('/').at(-1)}`;
  return `container ${where.pod ?? where.container ?? ''}`.trim();
}

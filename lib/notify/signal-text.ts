/** What an alert says about the actor and the events behind a finding. */
import type { Finding } from '../finding/model.ts';
import { countOf } from '../text/wording.ts';

/** Events in an alert. The finding has more. */
const SHOWN = 5;

/** Who acted and where, as far as the events tell. */
export function actorLines({ actor }: Finding): string[] {
  if (!actor) return [];
  const name = actor.namespace === undefined ? actor.name : `${actor.namespace}/${actor.name}`;
  const more = [
    ['image', actor.image],
    ['host', actor.host],
    ['service account', actor.serviceAccount],
  ].flatMap(([label, value]) => (value === undefined ? [] : [`${label} ${value}`]));
  return [
    [`${actor.kind} ${name}`, ...more].join(', '),
    ...(actor.user === undefined || actor.user === actor.name ? [] : [`user ${actor.user}`]),
    ...(actor.command === undefined ? [] : [`command: ${actor.command}`]),
  ];
}

/** The events, one on each line. */
export function signalLines({ signals }: Finding): string[] {
  if (!signals) return [];
  const left = signals.count - Math.min(SHOWN, signals.sample.length);
  return [
    ...signals.sample.slice(0, SHOWN).map(({ at, summary }) => `${at} ${summary}`),
    ...(left > 0 ? [`and ${countOf(left, 'more event')}`] : []),
  ];
}

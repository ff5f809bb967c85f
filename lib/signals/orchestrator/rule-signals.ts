/** Rules of the user that fit audit events, as signals that credit their authors. */
import type { Signal } from '../signal.ts';
import { actorOf, userOf } from './actors.ts';
import { NO_TIME, type RuleFact } from './facts.ts';

const CONFIDENCE = { informational: 10, low: 25, medium: 50, high: 70, critical: 80 } as const;
const SESSION = 3_600_000;

/** The signals of all matches. */
export function judgeRules(facts: Iterable<RuleFact>): Signal[] {
  return [...facts].map((fact): Signal => {
    const { key, at, rule, where, caller, request } = fact;
    const credit = rule.author === undefined ? rule.id : `${rule.id}, by ${rule.author}`;
    const who = caller ? userOf(caller) : 'somebody';
    const isPod = where.pod !== undefined;
    const actor = actorOf({ where, argv: [], key, ...(caller && { caller }) });
    return {
      at,
      kind: request.includes('pods/')
        ? 'exec-into-container'
        : request.startsWith('create')
          ? 'tool-execution'
          : 'discovery-spree',
      severity: rule.level === 'critical' ? 'high' : rule.level,
      confidence: CONFIDENCE[rule.level],
      actor: isPod ? actor : { ...actor, kind: 'user', name: who },
      place: isPod ? {} : { addresses: caller?.addresses ?? [] },
      until: at + SESSION,
      group: isPod
        ? ['kubernetes', '', '', `${where.namespace ?? ''}/${where.pod}`].join('|')
        : ['kubernetes', 'caller', who].join('|'),
      measure: { test: `sigma:${rule.id}`, value: 1, threshold: 1 },
      summary: `Sigma rule "${rule.title}" (${credit}) matched a request of ${who}: ${request}`,
      eventId: key,
      dataQuality: at === NO_TIME ? ['The event has no time.'] : [],
    };
  });
}

/** Passes what the alert topic publishes on to a destination: one alert, or all alerts of a storm, or a digest. */
import type { AlertEvent } from '../finding/lifecycle.ts';
import type { Finding, Severity } from '../finding/model.ts';
import { EVENT_LETTERS } from '../notify/storm.ts';
import type { FindingsStore } from '../store/findings-store.ts';
import { inParallel } from '../store/in-parallel.ts';

/** An alert about a finding. */
export interface ForwardedAlert {
  readonly event: AlertEvent;
  readonly finding: Finding;
  /** When the finding was so, ISO 8601 to the millisecond. Later for a later state. */
  readonly at: string;
  /** The severity in the last alert about the finding, if there was one. */
  readonly previousSeverity?: Severity;
}

/** Milliseconds until the calls of a destination must have ended. */
export type TimeLeft = () => number;

/** Takes alerts. Each function throws if something was not accepted, and then gets the same again later. */
export interface Destination {
  readonly alerts: (alerts: readonly ForwardedAlert[], timeLeftMs: TimeLeft) => Promise<void>;
  /** Takes all alerts of a storm as one message. Without it, `alerts` gets each of them. */
  readonly storm?: (storm: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Without it, digests end here. */
  readonly digest?: (digest: Readonly<Record<string, unknown>>, timeLeftMs: TimeLeft) => Promise<void>;
}

/** What became of a message. */
export interface Forwarded {
  readonly alerts: number;
  /** Alerts of a storm whose finding the table no longer has. */
  readonly missing: number;
  /** Alerts of a storm whose event this release does not know. */
  readonly unknown: number;
}

const PARALLEL = 16;
const EVENTS = new Map<string, AlertEvent>(
  Object.entries(EVENT_LETTERS).map(([event, letter]) => [letter, event as AlertEvent]),
);
const isAlertEvent = (event: unknown): event is AlertEvent => [...EVENTS.values()].includes(event as AlertEvent);

/**
 * Passes one message of the alert topic on.
 * @param body the body for programs.
 * @param own the deployment. A topic may also have the alerts of others, which they pass on themselves.
 * @param clock epoch seconds.
 * @throws if the body is unknown, or the destination did not accept all of it.
 */
export async function forward(
  body: string,
  own: string,
  destination: Destination,
  findings: Pick<FindingsStore, 'at' | 'byId'>,
  clock: () => number,
  timeLeftMs: TimeLeft,
): Promise<Forwarded> {
  const message = parsed(body);
  const { event, deployment = own } = message;
  if (deployment !== own) return { ...COMPLETE, alerts: 0 };
  if (event === 'digest') {
    await destination.digest?.(message, timeLeftMs);
    return { ...COMPLETE, alerts: 0 };
  }
  if (event === 'storm' && destination.storm) {
    await destination.storm(message);
    return { ...COMPLETE, alerts: Number(message.count) };
  }
  const { alerts, ...lost } =
    event === 'storm'
      ? await alertsOfStorm(message, findings, clock)
      : { ...COMPLETE, alerts: [alertOf(message, body)] };
  await destination.alerts(alerts, timeLeftMs);
  return { ...lost, alerts: alerts.length };
}

const COMPLETE = { missing: 0, unknown: 0 } as const;

function parsed(body: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(body);
  if (typeof value !== 'object' || value === null) throw unknownBody(body);
  return value as Record<string, unknown>;
}

function alertOf(message: Readonly<Record<string, unknown>>, body: string): ForwardedAlert {
  const { event, earlier: _, deployment: __, previousSeverity, publishedAt, ...finding } = message;
  if (!isAlertEvent(event) || typeof finding.id !== 'string' || typeof publishedAt !== 'string')
    throw unknownBody(body);
  return {
    event,
    finding: finding as unknown as Finding,
    at: publishedAt,
    ...(previousSeverity !== undefined && { previousSeverity: previousSeverity as Severity }),
  };
}

const unknownBody = (body: string) =>
  new Error(`the message must be an alert, a storm or a digest, got ${body.slice(0, 80)}`);

/**
 * The storm message names its findings. They are read as they are now, which is at least as new as the alert. The index
 * may show an earlier state, so it only says where a finding is. Under the time of the read, an earlier state would
 * outlast the alert that closes the finding.
 */
async function alertsOfStorm(
  { ids, idEvents }: Readonly<Record<string, unknown>>,
  findings: Pick<FindingsStore, 'at' | 'byId'>,
  clock: () => number,
): Promise<Omit<Forwarded, 'alerts'> & { readonly alerts: readonly ForwardedAlert[] }> {
  // Before the first read, so that a change meanwhile counts as later.
  const at = new Date(clock() * 1000).toISOString();
  const named = (ids as string[]).map((id, at) => ({ id, event: EVENTS.get(String(idEvents)[at] ?? '') }));
  const known = named.flatMap(({ id, event }) => (event ? [{ id, event }] : []));
  const found = new Map<string, ForwardedAlert>();
  await inParallel(PARALLEL, known, async ({ id, event }) => {
    const place = await findings.byId(id);
    const stored = place && (await findings.at(place));
    if (stored) found.set(id, { event, finding: stored.finding, at });
  });
  const alerts = known.flatMap(({ id }) => found.get(id) ?? []);
  return { alerts, missing: known.length - alerts.length, unknown: named.length - known.length };
}

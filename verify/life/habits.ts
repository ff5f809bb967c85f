/**
 * What clients have in common: they poll, hold connections open, or call now and then. While all is well only a thin part of their
 * traffic is made, since a week of all of it would be a hundred times as much and say nothing more. Trouble is complete.
 */
import { type Host, type Service, serviceKey, TCP } from './hosts.ts';
import { kept, type Net, type Outcome } from './net.ts';

/** Seconds between two healthy contacts of the same pair that are made. */
const THIN = 1500;
/** Retransmissions of data to a host that has gone, until a program loses patience (tcp_retries2 would allow 15). */
const RETRANSMISSIONS = 6;

export interface Poll {
  readonly client: Host;
  readonly target: Host;
  readonly every: number;
  /** Seconds after the start of the round at which this target has its turn. Otherwise spread over the interval. */
  readonly phase?: number;
  /** After silence, rest for an interval before the next try. Otherwise tries keep to a fixed grid. */
  readonly restsAfterSilence?: boolean;
  readonly ask: (done: (outcome: Outcome) => void) => void;
}

/** Asks a target at fixed times, for ever. Returns a function that stops it. */
export function poll(net: Net, { client, target, every, restsAfterSilence = false, ask, phase }: Poll): () => void {
  const { clock } = net;
  const first = clock.now + (phase ?? client.dice.between(0, every));
  let turn = 0;
  let isStopped = false;
  const plan = (earliest: number): void => {
    const mine = ++turn;
    const rounds = Math.max(0, Math.ceil((earliest - first) / every - 1e-6));
    clock.at(first + rounds * every, () => {
      if (mine === turn && !isStopped) tick(mine);
    });
  };
  const tick = (mine: number): void => {
    const started = clock.now;
    if (!client.isUp) {
      plan(started + THIN);
      return;
    }
    ask((outcome) => {
      if (mine !== turn || isStopped) return;
      if (outcome === 'answered') plan(started + Math.max(every, THIN));
      else if (outcome === 'silent' && restsAfterSilence)
        clock.after(every, () => mine === turn && !isStopped && tick(mine));
      else plan(Math.max(started + every, clock.now));
    });
  };
  const wake = () => plan(clock.now);
  target.watchers.add(wake);
  plan(first);
  return () => {
    isStopped = true;
    target.watchers.delete(wake);
  };
}

export interface Holding {
  readonly actor: string;
  readonly client: Host;
  readonly port: number;
  /** The server to try, after so many failures in a row. */
  readonly choose: (failures: number) => Host;
  readonly patience: number;
  /** Seconds from a failure to the next try. */
  readonly backoff: (failures: number, outcome: Outcome) => number;
  /** Seconds without an acknowledgement after which a dead connection is dropped. */
  readonly deadAfter?: number;
  /** Seconds within which it begins. Clients that were there before the log begin at any moment of its first minutes. */
  readonly beginsWithin?: number;
}

/** Keeps a connection open, and comes back when it breaks. Returns a function that closes it for good. */
export function hold(net: Net, holding: Holding): () => void {
  const { clock } = net;
  const { actor, client, port, choose, patience, backoff, deadAfter = 15, beginsWithin = 20 * 60 } = holding;
  let turn = 0;
  let stopWatching = () => {};
  const connect = (failures: number): void => {
    const mine = ++turn;
    stopWatching();
    const target = choose(failures);
    net.tcp({ actor, client, target, port, patience, says: kept(300, 400) }, (outcome, sourcePort) => {
      if (mine !== turn) return;
      if (outcome === 'answered') use(target, sourcePort, mine);
      else clock.after(backoff(failures + 1, outcome), () => mine === turn && connect(failures + 1));
    });
  };
  const use = (target: Host, sourcePort: number, mine: number): void => {
    const call = { actor, client, target, port };
    const beat = (): void => {
      if (mine !== turn) return;
      net.continue(call, sourcePort, 2, 200, 300);
      clock.after(client.dice.between(1, 3) * THIN, beat);
    };
    clock.after(client.dice.between(0.5, 2) * THIN, beat);
    const check = (): void => {
      const state: Service = target.services.get(serviceKey(TCP, port)) ?? target.others;
      if (!target.isUp) {
        stopWatching();
        net.continue(call, sourcePort, RETRANSMISSIONS, 900, 0);
        clock.after(deadAfter, () => mine === turn && connect(0));
      } else if (state === 'closed') {
        stopWatching();
        net.continue(call, sourcePort, 1, 0, 0, 1);
        clock.after(client.dice.between(0, 0.5), () => mine === turn && connect(0));
      }
    };
    target.watchers.add(check);
    stopWatching = () => target.watchers.delete(check);
  };
  const ownState = () => {
    turn++;
    stopWatching();
    if (client.isUp) clock.after(client.dice.between(5, 20), () => connect(0));
  };
  client.watchers.add(ownState);
  clock.after(client.dice.between(0, beginsWithin), () => turn === 0 && connect(0));
  return () => {
    turn++;
    stopWatching();
    client.watchers.delete(ownState);
  };
}

/** Does something at random moments, so many times an hour on average, while the client is up. */
export function often(net: Net, client: Host, perHour: number, what: () => void): void {
  const next = () =>
    net.clock.after(client.dice.wait(3600 / perHour), () => {
      if (client.isUp) what();
      next();
    });
  next();
}

export function endAll(stops: Iterable<() => void>): void {
  for (const stop of stops) stop();
}

/** Back-off that doubles from `first` to `last` seconds, with some jitter. */
export const doubling =
  (first: number, last: number, dice: Host['dice'], factor = 2) =>
  (failures: number): number =>
    Math.min(last, first * factor ** (failures - 1)) * dice.between(0.8, 1.2);

/** The same thing to many targets, `width` at a time: each begins when one before it has ended. */
export function inTurn<T>(items: readonly T[], width: number, each: (item: T, done: () => void) => void): void {
  let next = 0;
  const take = (): void => {
    const item = items[next++];
    if (item !== undefined) each(item, take);
  };
  for (let worker = 0; worker < width; worker++) take();
}

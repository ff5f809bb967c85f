/** A network composed from a seed, and the records of its life, hour by hour. */
import { Clock } from './clock.ts';
import { compose } from './compose.ts';
import { Dice } from './dice.ts';
import { Ledger } from './ledger.ts';
import { Net } from './net.ts';
import { HEADER, Recorder } from './records.ts';
import { HOUR, Site } from './site.ts';

export interface Life {
  readonly seed: string;
  readonly interfaces: number;
  readonly hours: number;
  /** Names of actors, if not all may take part. */
  readonly only?: readonly string[];
}

/** A Monday at midnight. */
const START = 1_795_392_000;
/** Late intervals of the last hour arrive in files of their own. */
const LATE_HOURS = 2;

export interface Built {
  readonly ledger: Ledger;
  /** How many of each actor there are. */
  readonly composition: ReadonlyMap<string, number>;
  readonly interfaces: number;
  /** The files in order, each as its lines with the header. */
  readonly files: Generator<readonly string[]>;
}

export function generate({ seed, interfaces, hours, only }: Life): Built {
  const clock = new Clock(START);
  const dice = new Dice(`life ${seed}`);
  const recorder = new Recorder(START, seed);
  const ledger = new Ledger();
  const net = new Net(clock, dice.of('net'), recorder, ledger);
  const site = new Site(net, dice.of('site'), START, START + hours * HOUR);
  const composition = compose(site, interfaces, only);
  function* files(): Generator<readonly string[]> {
    for (let hour = 0; hour < hours + LATE_HOURS; hour++) {
      // An hour is complete when the clock stands at its end: nothing is recorded before the clock's time.
      if (hour < hours) clock.run(START + (hour + 1) * HOUR);
      const lines = recorder.take(hour);
      if (lines.length > 0) yield [HEADER, ...lines];
    }
  }
  return { ledger, composition, interfaces: site.interfaces, files: files() };
}

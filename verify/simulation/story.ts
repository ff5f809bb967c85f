/**
 * The events of a simulated network: scans of all kinds, ordinary traffic, and traffic that only looks like a scan at
 * first.
 */
import type { Random } from '../../bench/random.ts';
import { answer, probe, scan } from '../../test/lib/pipeline/fixture/flow-logs.ts';

/** A line of a log, and the epoch second that its record ends at. */
export interface Line {
  readonly text: string;
  readonly end: number;
}

export interface Story {
  readonly lines: readonly Line[];
  /** The sources' names, for the history. */
  readonly plots: readonly string[];
}

/** A source whose alerts are suppressed. */
export const SUPPRESSED = '10.0.7.66';

const MINUTE = 60;
const HOUR = 3600;

interface Scene {
  readonly random: Random;
  /** Epoch second at which the log begins. */
  readonly start: number;
  /** A moment within the log's first part, from which a story of so many seconds ends within the log. */
  readonly moment: (seconds: number) => number;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Conversations of a client with so many hosts. */
const talks = (from: string, to: (n: number) => string, count: number, end: number, step = 1): string[] =>
  upTo(count).flatMap((n) => {
    const contact = { from, to: to(n), port: 443, end: end + n * step };
    return [probe(contact), answer(contact)];
  });

const PLOTS: Readonly<Record<string, (scene: Scene) => string[]>> = {
  'ports of a host, reset': ({ random, moment }) =>
    scan('reset', { from: '10.0.7.1', count: random.whole(12, 30), end: moment(60) }),
  'ports of a host, twice with a pause': ({ random, moment }) => {
    const pause = random.whole(0, 80 * MINUTE);
    const at = moment(pause);
    return [
      ...scan('reset', { from: '10.0.7.2', count: random.whole(12, 20), end: at }),
      ...scan('rejected', { from: '10.0.7.2', count: 14, first: 500, to: '10.0.12.77', end: at + pause }),
    ];
  },
  silence: ({ random, moment }) =>
    scan('unanswered', { from: '10.0.7.3', count: random.whole(12, 40), end: moment(60) }),
  'answers, some of them': ({ random, moment }) => {
    const at = moment(10 * MINUTE);
    const share = random.whole(0, 4);
    const late = random.whole(0, 9 * MINUTE);
    return upTo(24).flatMap((n) => {
      const contact = { from: '10.0.7.4', port: 100 + n, end: at + n };
      return [probe(contact), ...(n % 4 < share ? [answer({ ...contact, end: contact.end + late })] : [])];
    });
  },
  'a client of many hosts': ({ random, moment }) =>
    talks('10.0.7.5', (n) => `10.0.12.${n}`, random.whole(8, 25), moment(60)),
  'one probe every other minute, inside': ({ moment }) => {
    const at = moment(60 * MINUTE);
    return upTo(30).map((n) =>
      probe({ from: '10.0.7.6', to: `10.0.13.${n}`, port: 22, end: at + n * 2 * MINUTE }, 'REJECT'),
    );
  },
  'hosts on one port, from outside': ({ random, moment }) => {
    const [count, step] = [random.whole(12, 40), random.whole(1, 60)];
    const at = moment(count * step);
    return upTo(count).map((n) =>
      probe({ from: '198.51.100.7', to: `10.0.12.${n}`, port: 23, end: at + n * step }, 'REJECT'),
    );
  },
  'one probe a minute, from outside': ({ moment }) => {
    const at = moment(40 * MINUTE);
    return upTo(40).map((n) =>
      probe({ from: '198.51.100.8', to: `10.0.14.${n}`, port: 445, end: at + n * MINUTE }, 'REJECT'),
    );
  },
  'strangers who share out the ports of a host': ({ moment }) => {
    const at = moment(45 * MINUTE);
    return upTo(64).map((n) =>
      probe({ from: `203.0.113.${n % 16}`, to: '10.0.12.88', port: 1 + n, end: at + n * 40 }, 'REJECT'),
    );
  },
  'an outsider who gets in': ({ random, moment }) => {
    const at = moment(20 * MINUTE);
    const end = at + random.whole(1, 20 * MINUTE);
    return [
      ...scan('rejected', { from: '198.51.100.9', to: '10.0.12.50', count: 20, first: 2000, end: at }),
      probe({ from: '198.51.100.9', to: '10.0.12.50', port: 8443, end }),
      answer({ from: '198.51.100.9', to: '10.0.12.50', port: 8443, end }),
    ];
  },
  'an approved scanner': ({ moment }) =>
    scan('reset', { from: SUPPRESSED, to: '10.0.12.31', count: 20, end: moment(60) }),
  noise: ({ random, start }) =>
    upTo(30).map((n) =>
      probe(
        {
          from: `192.0.2.${n}`,
          to: `10.0.12.${random.whole(0, 40)}`,
          port: [22, 23, 445, 3389][n % 4]!,
          end: start + random.whole(0, HOUR),
        },
        'REJECT',
      ),
    ),
  'open ports of many hosts, nothing said': ({ moment }) => {
    const at = moment(60);
    return upTo(16).flatMap((n) => {
      const contact = { from: '10.0.7.8', to: `10.0.15.${n}`, port: 22, end: at + n };
      return [probe(contact), answer(contact)];
    });
  },
};

/** Seconds that a log goes on for. */
export const LENGTH = 100 * MINUTE;

/** A story of a few sources, each of which needs more than one file to be told right. */
export function storyOf(random: Random, start: number): Story {
  const plots = Object.keys(PLOTS).filter(() => random.next() < 0.4);
  const moment = (seconds: number) => start + random.whole(5, Math.max(6, LENGTH - seconds - 60));
  const lines = plots.flatMap((plot) => PLOTS[plot]!({ random, start, moment }));
  return { plots, lines: lines.map((text) => ({ text, end: Number(text.split(' ')[11]) })) };
}

/**
 * Mistakes as they are made, each planted around code that is right: what the fuzzer must find. Nothing here is shipped.
 */
import { hash } from '../../bench/random.ts';
import { EventError, objectsCreated } from '../../lib/pipeline/object-events.ts';
import { checkText } from './account.ts';
import { PlainSink } from './plain-sink.ts';
import { must, type Target, type Verdict } from './target.ts';
import { readAtOnce } from './targets/text.ts';
import { TARGETS as REAL } from './targets.ts';

const real = (name: string): Target => REAL.find((target) => target.name === name)!;

/** A target with something done before each input is tried as it should be. */
const before = (name: string, of: string, mistake: (input: Buffer) => void): Target => {
  const target = real(of);
  return {
    ...target,
    name,
    run: (input) => {
      mistake(Buffer.from(input));
      return target.run(input);
    },
  };
};

/** What holds on to all that it was given, as a cache without a bound does. */
const hoard: Uint8Array[] = [];

/** A target that reads lines with an account that is changed. */
const misread = (name: string, change: (told: ReturnType<typeof readAtOnce>, input: Buffer) => object): Target => ({
  ...real('lines'),
  name,
  run: (input): Verdict => {
    const sink = new PlainSink();
    const told = readAtOnce(input, sink);
    checkText({ ...told, ...change(told, Buffer.from(input)) }, input);
    return { outcome: 'read', isPast: true };
  },
});

/** What the fuzzer must say of each. */
export const EXPECTED: Readonly<Record<string, RegExp>> = {
  'throws at a control character': /^TypeError: unexpected character/,
  'loops at two signs in a row': /^hang: /,
  'keeps everything': /^memory: /,
  'fails when nobody listens': /^crash: nobody heard/,
  'loses a line that is too short': /^Violation: \d+ lines, of which \d+ are told of/,
  'counts lines by carriage returns': /^Violation: \d+ lines, of which \d+ are told of/,
  'tells of another line than it skipped': /^Violation: line \d+ is /,
  'throws what nobody expects': /^Violation: an error of another kind/,
};

export const TARGETS: readonly Target[] = [
  before('throws at a control character', 'lines', (input) => {
    if (input.includes(0x1b)) throw new TypeError('unexpected character');
  }),
  before('loops at two signs in a row', 'lines', (input) => {
    while (input.includes('--')) hash('forever');
  }),
  before('keeps everything', 'gzip', (input) => {
    if (input[0] === 0x1f) hoard.push(new Uint8Array(4 * 1024 * 1024).fill(1));
  }),
  before('fails when nobody listens', 'lines', (input) => {
    if (input.includes('ACCEPTED')) setImmediate(() => Promise.reject(new Error('nobody heard')));
  }),
  misread('loses a line that is too short', (told) => ({
    skipped: told.skipped.filter(({ reason }) => reason !== 'too few columns'),
  })),
  misread('counts lines by carriage returns', (told, input) => ({
    account: { ...told.account, blank: told.account.blank + (input.includes('\r') ? 1 : 0) },
  })),
  misread('tells of another line than it skipped', (told) => ({
    skipped: told.skipped.map((skip) => ({ ...skip, firstLine: skip.firstLine - 1 })),
  })),
  {
    ...real('events'),
    name: 'throws what nobody expects',
    run: (input): Verdict => {
      try {
        objectsCreated(Buffer.from(input).toString('utf8'));
      } catch (error) {
        if (!(error instanceof EventError)) throw error;
        // The wording must not reveal it to the reader of messages.
        must(!error.message.includes('got the keys'), () => 'an error of another kind');
      }
      return { outcome: 'handled', isPast: true };
    },
  },
];

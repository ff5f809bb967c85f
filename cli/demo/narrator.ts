/** Reports on stderr what happens in the local cloud as it happens, and remembers it for the final check. */

import { printable } from '../../lib/text/untrusted.ts';
import type { LocalCloudEvent } from '../../local/cloud.ts';
import type { Terminal } from '../terminal.ts';

/** Function logs that a person should see although the demo does not print them all. */
const TROUBLE = /"level":"(ERROR|WARN)"/;
const SHOWN_TROUBLE = 3;

export class Narrator {
  readonly events: LocalCloudEvent[] = [];
  /** Resolves with the first failure of a function. */
  readonly failure: Promise<void>;
  #fail: () => void = () => {};
  #terminal: Terminal;
  #started = performance.now();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.failure = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  /** Prints a line of the demo itself. */
  say(text: string): void {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1);
    this.#terminal.stderr(`${seconds.padStart(6)} s  ${printable(text)}\n`);
  }

  hear(event: LocalCloudEvent): void {
    this.events.push(event);
    if (event.type === 'function failed' || event.type === 'batch failed') this.#fail();
    const text = describe(event);
    if (text) this.say(text);
  }

  /** The failures so far, for the message of a failed demo. */
  trouble(): string[] {
    return this.events
      .flatMap((event) => {
        if (event.type === 'function failed') return [`${event.logicalId} failed: ${event.error}`];
        if (event.type === 'delivery failed') return [`${event.what}: ${event.error}`];
        if (event.type === 'function output' && TROUBLE.test(event.line))
          return [`${event.logicalId} says: ${event.line.slice(0, 600)}`];
        return [];
      })
      .slice(0, SHOWN_TROUBLE);
  }
}

function describe(event: LocalCloudEvent): string | undefined {
  switch (event.type) {
    case 'object created':
      return `S3        ${event.key.split('/').at(-1)} (${Math.round(event.size / 1024)} KiB)`;
    case 'message sent':
      return `SQS       message to ${event.queue}`;
    case 'function finished':
      return `Lambda    ${nameOf(event.logicalId)} finished in ${Math.round(event.ms)} ms`;
    case 'function failed':
      return `Lambda    ${nameOf(event.logicalId)} failed: ${event.error}`;
    case 'message published':
      return `SNS       ${event.subject}`;
    case 'mail written':
      return `e-mail    to ${event.to}: ${event.file}`;
    case 'delivery failed':
      return `failed    ${event.what}: ${event.error}`;
    default:
      return undefined;
  }
}

const nameOf = (logicalId: string): string => /(Ingest|Alert|Settle)/.exec(logicalId)?.[1]?.toLowerCase() ?? logicalId;

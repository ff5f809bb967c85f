/** A standard queue: at least once, in no order, with visibility timeout, receive count and dead letters. */
import type { Random } from '../../bench/random.ts';
import type { Timeline } from './timeline.ts';

export interface Message {
  readonly id: string;
  readonly body: string;
  received: number;
  visibleAt: number;
}

/** Tries before a message is set aside, as in the stack. */
const MAX_RECEIVE = 5;

export class Queue {
  readonly messages = new Map<string, Message>();
  readonly deadLetters: Message[] = [];
  /** Called when there may be something to take. */
  onMessage: () => void = () => undefined;
  readonly #timeline: Timeline;
  readonly #random: Random;
  #sent = 0;

  constructor(timeline: Timeline, random: Random) {
    this.#timeline = timeline;
    this.#random = random;
  }

  send(body: string): void {
    const message = { id: `m${++this.#sent}`, body, received: 0, visibleAt: this.#timeline.now };
    this.messages.set(message.id, message);
    this.onMessage();
  }

  /** Takes any visible messages. Those that were taken too often go to the dead letters. */
  take(most: number, visibility: number, staysVisible: () => boolean): Message[] {
    const now = this.#timeline.now;
    const taken: Message[] = [];
    const visible = [...this.messages.values()].filter(({ visibleAt }) => visibleAt <= now);
    while (taken.length < most && visible.length) {
      const [message] = visible.splice(this.#random.whole(0, visible.length - 1), 1) as [Message];
      if (message.received >= MAX_RECEIVE) {
        this.messages.delete(message.id);
        this.deadLetters.push(message);
        continue;
      }
      message.received++;
      if (!staysVisible()) {
        message.visibleAt = now + visibility;
        this.#timeline.at(message.visibleAt, () => this.onMessage());
      }
      taken.push(message);
    }
    return taken;
  }

  delete(id: string): void {
    this.messages.delete(id);
  }

  /** Moves the dead letters back, as new messages. Returns how many. */
  redrive(): number {
    const letters = this.deadLetters.splice(0);
    for (const { body } of letters) this.send(body);
    return letters.length;
  }
}

/** Work that goes on after its request was answered: counted until done, its failures reported as events. */
import type { EmitEvent } from '../events.ts';

/** Deliveries under way. */
export interface Background {
  /** Starts `work`; a failure becomes a `delivery failed` event that names `what`. */
  run(what: string, work: () => Promise<void>): void;
  /** How many pieces of work are not done. */
  pending(): number;
  /** Resolves when all that was started is done. */
  settle(): Promise<void>;
}

/** An empty set of deliveries. */
export function createBackground(emit: EmitEvent): Background {
  const running = new Set<Promise<void>>();
  return {
    run(what, work) {
      const done: Promise<void> = work()
        .catch((error: unknown) => emit({ type: 'delivery failed', what, error: String(error) }))
        .finally(() => running.delete(done));
      running.add(done);
    },
    pending: () => running.size,
    async settle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** Work that goes on after its request was answered. It is counted until done, and failures are reported as events. */
import type { EmitEvent } from '../events.ts';

/** Deliveries in progress. */
export interface Background {
  /** Starts `work`. A failure becomes a `delivery failed` event that names `what`. */
  run(what: string, work: () => Promise<void>): void;
  /** Number of unfinished pieces of work. */
  pending(): number;
  /** Resolves when everything that was started is done. */
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

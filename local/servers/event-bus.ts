/** The default EventBridge bus: rules with an event pattern, and the S3 events that match them. */
import { matchesPattern } from './pattern.ts';

/** A rule that passes matching events on. */
interface EventRule {
  name: string;
  pattern: Record<string, unknown>;
  deliver(event: Record<string, unknown>): Promise<void>;
}

/** The bus of one local cloud. */
export interface EventBus {
  /** Adds a rule, and returns how to remove it. */
  addRule(rule: EventRule): () => void;
  /** Delivers `event` to each rule that matches. Rejects if a target does. */
  publish(event: Record<string, unknown>): Promise<void>;
}

/** A bus without rules. */
export function createEventBus(): EventBus {
  const rules: EventRule[] = [];
  return {
    addRule: (rule) => {
      rules.push(rule);
      return () => void rules.splice(rules.indexOf(rule), 1);
    },
    async publish(event) {
      const matching = rules.filter(({ pattern }) => matchesPattern(pattern, event));
      await Promise.all(matching.map((rule) => rule.deliver(event)));
    },
  };
}

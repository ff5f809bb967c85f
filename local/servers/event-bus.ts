/** EventBridge: buses, rules with an event pattern, and the events that match them. */
import { matchesPattern } from './pattern.ts';

/** A rule that passes matching events on. */
interface EventRule {
  name: string;
  /** The name of its bus. */
  bus: string;
  pattern: Record<string, unknown>;
  deliver(event: Record<string, unknown>): Promise<void>;
}

/** The name of the bus that every account has. AWS services put their events there. */
export const DEFAULT_BUS = 'default';

/** The buses of one local cloud. */
export interface EventBus {
  /** Creates a bus, and returns how to delete it. @throws if it exists. */
  addBus(name: string): () => void;
  hasBus(name: string): boolean;
  /** Adds a rule to a bus that exists, and returns how to remove it. */
  addRule(rule: EventRule): () => void;
  /** Delivers `event` to each rule of the bus that matches. Rejects if a target does. */
  publish(event: Record<string, unknown>, bus?: string): Promise<void>;
}

/** The default bus without rules. */
export function createEventBus(): EventBus {
  const rules: EventRule[] = [];
  const names = new Set([DEFAULT_BUS]);
  return {
    addBus(name) {
      if (names.has(name)) throw new Error(`Event bus ${name} already exists.`);
      names.add(name);
      return () => void names.delete(name);
    },
    hasBus: (name) => names.has(name),
    addRule: (rule) => {
      if (!names.has(rule.bus)) throw new Error(`Event bus ${rule.bus} does not exist.`);
      rules.push(rule);
      return () => void rules.splice(rules.indexOf(rule), 1);
    },
    async publish(event, bus = DEFAULT_BUS) {
      const matching = rules.filter((rule) => rule.bus === bus && matchesPattern(rule.pattern, event));
      await Promise.all(matching.map((rule) => rule.deliver(event)));
    },
  };
}

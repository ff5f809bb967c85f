/**
 * Schedules of EventBridge rules and the Scheduler. A rate expression becomes a timer, any other must be invoked by
 * hand.
 */
import { show, TemplateError } from '../template/json.ts';

/** Something that a schedule or a caller invokes. */
export interface Schedule {
  logicalId: string;
  expression: string;
  isEnabled: boolean;
  /** Invokes the targets with `event`, or with the event that AWS would send. Returns the first target's answer. */
  invoke(event?: unknown): Promise<unknown>;
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** The period of `rate(<n> minutes|hours|days)` in milliseconds. Undefined for cron and at expressions. */
export function periodOf(expression: string): number | undefined {
  if (/^(cron|at)\(.+\)$/.test(expression)) return undefined;
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const unitMs = UNIT_MS[unit ?? ''];
  if (unitMs === undefined || Number(count) < 1) {
    throw new TemplateError(
      `a schedule is ${show(expression)}, expected rate(<n> minutes|hours|days), cron(...) or at(...)`,
    );
  }
  return Number(count) * unitMs;
}

/**
 * Starts the timer of a schedule, which fires first after one period and does not keep the process alive. Returns a
 * function that stops it.
 */
export function startSchedule(schedule: Schedule): () => void {
  const periodMs = schedule.isEnabled ? periodOf(schedule.expression) : undefined;
  if (periodMs === undefined) return () => {};
  const timer = setInterval(() => {
    // The function reports its own failure, and a scheduled call has no caller to report to.
    schedule.invoke().catch(() => {});
  }, periodMs);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * A Lambda function on this machine: several processes up to a limit, started for events that arrive at the same time.
 */
import type { EmitEvent } from '../events.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';
import type { FunctionSettings } from './settings.ts';

/** A running process of a function. */
export interface FunctionProcess {
  logicalId: string;
  /** Whether it is handling an event. */
  isBusy: boolean;
  /** Kills it with SIGKILL, as in a crash. The event that it handles fails. */
  kill(): Promise<void>;
}

/** A function that can be invoked. */
export interface LocalFunction {
  settings: FunctionSettings;
  /** Runs one event. Waits for a free process if all are busy. Rejects with an InvocationError. */
  invoke(event: unknown): Promise<unknown>;
  /** Starts a process ahead of the first event. */
  warm(): void;
  /** Invocations running or waiting. */
  busy(): number;
  processes(): FunctionProcess[];
  /** Kills all processes. Running invocations reject. */
  stop(): Promise<void>;
}

/** A function with at most `maxProcesses` processes, none of them started yet. */
export function createLocalFunction(settings: FunctionSettings, maxProcesses: number, emit: EmitEvent): LocalFunction {
  const living = new Set<Sandbox>();
  const idle = new Set<Sandbox>();
  const waiting: (() => void)[] = [];
  const starts = new Set<Promise<Sandbox>>();
  let warming: Promise<void> | undefined;
  let running = 0;
  let hasStopped = false;

  async function start(): Promise<Sandbox> {
    const starting = startSandbox(settings, emit, (sandbox) => {
      living.delete(sandbox);
      idle.delete(sandbox);
    });
    starts.add(starting);
    try {
      const sandbox = await starting;
      living.add(sandbox);
      return sandbox;
    } finally {
      starts.delete(starting);
    }
  }

  async function acquire(): Promise<Sandbox> {
    // A process that was started ahead of time is ready sooner than a new one.
    if (idle.size === 0) await warming;
    const [sandbox] = idle;
    if (sandbox === undefined) return start();
    idle.delete(sandbox);
    return sandbox;
  }

  async function runOnce(event: unknown): Promise<unknown> {
    const sandbox = await acquire();
    if (hasStopped) {
      await sandbox.kill();
      throw new Error(`${settings.logicalId} was invoked while the local cloud stopped`);
    }
    try {
      return await sandbox.run(event);
    } finally {
      if (!sandbox.hasEnded()) idle.add(sandbox);
    }
  }

  return {
    settings,
    async invoke(event) {
      if (running >= maxProcesses) await new Promise<void>((resolve) => waiting.push(resolve));
      else running++;
      try {
        return await runOnce(event);
      } finally {
        // The slot goes directly to the next in line, so that a new event cannot take it in between.
        const next = waiting.shift();
        if (next === undefined) running--;
        else next();
      }
    },
    warm() {
      warming ??= start().then((sandbox) => {
        if (!sandbox.hasEnded()) idle.add(sandbox);
        warming = undefined;
      });
    },
    busy: () => running + waiting.length,
    processes: () =>
      [...living].map((sandbox) => ({
        logicalId: settings.logicalId,
        isBusy: !idle.has(sandbox),
        kill: () => sandbox.kill(),
      })),
    async stop() {
      hasStopped = true;
      await Promise.allSettled(starts);
      await Promise.all([...living].map((sandbox) => sandbox.kill()));
    },
  };
}

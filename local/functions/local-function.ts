/** A Lambda function on this machine: up to a few processes, started as events come in at the same time. */
import type { EmitEvent } from '../events.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';
import type { FunctionSettings } from './settings.ts';

/** A living process of a function. */
export interface FunctionProcess {
  logicalId: string;
  /** Whether it has an event in hand. */
  isBusy: boolean;
  /** Ends it with SIGKILL, as a crash would; what it has in hand fails. */
  kill(): Promise<void>;
}

/** A function that can be invoked. */
export interface LocalFunction {
  settings: FunctionSettings;
  /** Runs one event; waits for a free process when all are busy; rejects with an InvocationError. */
  invoke(event: unknown): Promise<unknown>;
  /** Starts a first process ahead of the first event. */
  warm(): void;
  /** Invocations running or waiting. */
  busy(): number;
  processes(): FunctionProcess[];
  /** Kills all processes; running invocations reject. */
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
    // A process that was started ahead of time is nearer to ready than a new one.
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
        // The slot goes straight to the next in line, so that a newcomer cannot take it in between.
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

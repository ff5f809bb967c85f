/** One process of one function: started, given one event at a time, killed at the function's timeout. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { EmitEvent } from '../events.ts';
import { type RuntimeFailure, startRuntimeApi } from './runtime-api.ts';
import { environmentOf, type FunctionSettings } from './settings.ts';

/** An invocation that ended without a response: the function threw, crashed, exceeded its timeout, or did not start. */
class InvocationError extends Error {
  override name = 'InvocationError';
  readonly errorType: string;
  constructor(logicalId: string, { errorType, errorMessage }: RuntimeFailure) {
    super(`${logicalId}: ${errorType}: ${errorMessage}`);
    this.errorType = errorType;
  }
}

/** A process of one function. */
export interface Sandbox {
  /** True once the process is gone. */
  hasEnded(): boolean;
  /** Runs one event. Rejects with an InvocationError. */
  run(event: unknown): Promise<unknown>;
  kill(): Promise<void>;
}

/**
 * Lambda waits ten seconds on its own processors. On a busy machine a process may take several times as long to start.
 */
const INIT_TIMEOUT_MS = 60_000;
const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));

/** Lambda leaves a tenth of the memory to everything outside the JavaScript heap. */
const HEAP_SHARE = 0.9;

/** What an error repeats of a process that crashed: lines of its standard error, and characters. */
const KEPT_LINES = 12;
const MAX_COMPLAINT = 1000;

const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

interface Invocation {
  requestId: string;
  payload: string;
  timer: NodeJS.Timeout | undefined;
  resolve(response: unknown): void;
  reject(error: InvocationError): void;
}

/** Starts a process for `settings`. `ended` is called once when the process is gone. */
export async function startSandbox(
  settings: FunctionSettings,
  emit: EmitEvent,
  ended: (sandbox: Sandbox) => void,
): Promise<Sandbox> {
  const { logicalId, arn: functionArn } = settings;
  const startedAt = performance.now();
  const timeoutMs = settings.timeoutSeconds * 1000;
  let isReady = false;
  let hasInitialised = false;
  let current: Invocation | undefined;
  let failure: RuntimeFailure | undefined;
  let lastErrors: string[] = [];

  const api = await startRuntimeApi({
    ready() {
      isReady = true;
      if (!hasInitialised) emit({ type: 'function started', logicalId, ms: performance.now() - startedAt });
      hasInitialised = true;
      clearTimeout(initTimer);
      if (current !== undefined) handOver(current);
    },
    responded: (requestId, payload) => finish(requestId, ({ resolve }) => resolve(JSON.parse(payload))),
    failed: (requestId, error) => finish(requestId, ({ reject }) => reject(new InvocationError(logicalId, error))),
    initFailed(error) {
      failure = { ...error, errorMessage: `the function did not start: ${error.errorMessage}` };
    },
  });
  const heapMegabytes = Math.floor(settings.memoryMegabytes * HEAP_SHARE);
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMegabytes}`, BOOTSTRAP], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environmentOf(settings, api.address),
    cwd: settings.bundle,
  });
  living.add(child);
  forward(child.stdout, 'stdout');
  forward(child.stderr, 'stderr');
  child.stdin.on('error', () => {}); // the process is gone, which 'close' reports
  child.on('error', (error) => {
    failure ??= { errorType: 'Runtime.SpawnError', errorMessage: error.message };
  });
  child.once('close', (code, signal) => {
    living.delete(child);
    clearTimeout(initTimer);
    api.stop();
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    const complaint = lastErrors.length === 0 ? '' : `. It wrote last: ${lastErrors.join(' ').slice(0, MAX_COMPLAINT)}`;
    failure ??= {
      errorType: 'Runtime.ExitError',
      errorMessage: `the process ended ${how}, expected a response${complaint}`,
    };
    const error = new InvocationError(logicalId, failure);
    if (current !== undefined) finish(current.requestId, ({ reject }) => reject(error));
    ended(sandbox);
  });
  const initTimer = setTimeout(
    () => killBecause(`Task timed out while starting, after ${INIT_TIMEOUT_MS} ms`),
    INIT_TIMEOUT_MS,
  );
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;

  function forward(output: Readable, stream: 'stdout' | 'stderr'): void {
    createInterface({ input: output }).on('line', (line) => {
      emit({ type: 'function output', logicalId, stream, line });
      if (stream === 'stderr' && line.trim() !== '') lastErrors = [...lastErrors.slice(1 - KEPT_LINES), line.trim()];
    });
  }

  function killBecause(errorMessage: string): void {
    failure ??= { errorType: 'Sandbox.Timedout', errorMessage };
    child.kill('SIGKILL');
  }

  function handOver(invocation: Invocation): void {
    isReady = false;
    const { requestId, payload } = invocation;
    invocation.timer = setTimeout(
      () => killBecause(`Task timed out after ${settings.timeoutSeconds.toFixed(2)} seconds`),
      timeoutMs,
    );
    api.assign({ requestId, payload, functionArn, timeoutMs });
  }

  function finish(requestId: string, settle: (invocation: Invocation) => void): void {
    const invocation = current;
    if (invocation?.requestId !== requestId) return;
    current = undefined;
    clearTimeout(invocation.timer);
    settle(invocation);
  }

  const sandbox: Sandbox = {
    hasEnded,
    run(event) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const requestId = randomUUID();
      const began = performance.now();
      current = { requestId, payload: JSON.stringify(event), timer: undefined, resolve, reject };
      emit({ type: 'function invoked', logicalId, requestId });
      if (isReady) handOver(current);
      const ms = () => performance.now() - began;
      return promise.then(
        (response) => {
          emit({ type: 'function finished', logicalId, requestId, ms: ms() });
          return response;
        },
        (error: InvocationError) => {
          emit({ type: 'function failed', logicalId, requestId, ms: ms(), error: error.message });
          throw error;
        },
      );
    },
    async kill() {
      if (!living.has(child)) return;
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
  return sandbox;
}

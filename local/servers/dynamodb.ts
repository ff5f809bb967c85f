/** The embedded DynamoDB: dynoxide if its binary is installed, otherwise dynalite. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A running DynamoDB. */
export interface DynamodbServer {
  engine: 'dynoxide' | 'dynalite';
  url: string;
  /** Kills it and starts it again at the same address after `pauseMs`. Requires a folder. */
  restart(pauseMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** One run of an engine. */
interface Running {
  port: number;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 10_000;
const require = createRequire(import.meta.url);

/**
 * Starts DynamoDB on a free port of 127.0.0.1, in memory, or with its data in `folder`, which survives a restart.
 * LOCAL_DYNAMODB=dynoxide or dynalite forces one engine.
 */
export async function startDynamodb(folder?: string): Promise<DynamodbServer> {
  const forced = process.env.LOCAL_DYNAMODB;
  if (forced !== undefined && forced !== '' && forced !== 'dynoxide' && forced !== 'dynalite') {
    throw new Error(`LOCAL_DYNAMODB is ${forced}, expected dynoxide or dynalite`);
  }
  const binary = forced === 'dynalite' ? undefined : findDynoxide();
  if (binary === undefined && forced === 'dynoxide') {
    throw new Error(`LOCAL_DYNAMODB is dynoxide, but @dynoxide/${process.platform}-${process.arch} is not installed`);
  }
  const launch = (port: number) =>
    binary === undefined ? launchDynalite(port, folder) : launchDynoxide(binary, port, folder);
  let running = await launch(0);
  const { port } = running;
  return {
    engine: binary === undefined ? 'dynalite' : 'dynoxide',
    url: `http://127.0.0.1:${port}`,
    async restart(pauseMs) {
      if (folder === undefined) throw new Error('DynamoDB runs in memory and would restart empty, expected a folder');
      await running.stop();
      await delay(pauseMs);
      running = await launch(port);
    },
    stop: () => running.stop(),
  };
}

function findDynoxide(): string | undefined {
  try {
    return require.resolve(`@dynoxide/${process.platform}-${process.arch}/dynoxide`);
  } catch {
    return undefined; // an optional dependency: only some platforms have it
  }
}

/**
 * The shell becomes dynoxide, and leaves behind a watcher that kills it when this process's end of the pipe closes for
 * any reason.
 */
const WATCHED = 'exec 3<&0; (cat <&3 >/dev/null; kill -9 $$ 2>/dev/null) & exec "$0" "$@" 3<&-';

async function launchDynoxide(binary: string, wanted: number, folder: string | undefined): Promise<Running> {
  const port = wanted || (await findFreePort());
  const url = `http://127.0.0.1:${port}`;
  const data = folder === undefined ? [] : ['--db-path', join(folder, 'dynoxide.db')];
  const serve = ['serve', '--host', '127.0.0.1', '--port', String(port), ...data];
  const child = spawn('/bin/sh', ['-c', WATCHED, binary, ...serve], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  child.stdin.on('error', () => {}); // closed by the other side when dynoxide is gone, which 'exit' reports
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (hasEnded() || Date.now() > deadline) {
      child.stdin.destroy();
      throw new Error(
        `dynoxide did not start on port ${port}: ${complaint.trim() || `no answer in ${START_TIMEOUT_MS} ms`}`,
      );
    }
    await delay(5);
  }
  return {
    port,
    async stop() {
      const ended = hasEnded() ? undefined : once(child, 'exit');
      child.stdin.destroy();
      await ended;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function launchDynalite(port: number, folder: string | undefined): Promise<Running> {
  const dynalite = require('dynalite') as (options: object) => Server & { closeAllConnections(): void };
  const data = folder === undefined ? {} : { path: join(folder, 'dynalite') };
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0, ...data });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

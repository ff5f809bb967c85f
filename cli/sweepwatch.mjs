#!/usr/bin/env node
// Entry of the command: plain JavaScript, so that an old Node can still say what it lacks.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { availableParallelism } from 'node:os';
import v8 from 'node:v8';

const source = new URL('./main.ts', import.meta.url);
const isCheckout = existsSync(source);
// A checkout runs from its sources, whose types only a newer Node strips.
const [needed, hint] = isCheckout
  ? ['22.18.0', '; run it through npx or npm in the project after "npm ci", which brings its own Node']
  : ['20.19.0', ''];
if (process.versions.node.localeCompare(needed, 'en', { numeric: true }) < 0) {
  process.stderr.write(`sweepwatch needs Node ${needed} or newer, got ${process.versions.node}${hint}\n`);
  process.exit(2);
}
// A reader that has seen enough ("| head") closes the pipe; that is no fault.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
// What was compiled once need not be compiled again: half of the time that a command takes to start.
module.enableCompileCache?.();
// The space of young objects may double while the program is loaded, and not later: with too little of it, objects that are
// still in use are copied again and again, with more of it, files are read in three times the memory.
v8.setFlagsFromString('--semi-space-growth-factor=2');
// Old objects too: each time the heap has grown by a third, not when it has doubled.
v8.setFlagsFromString('--heap-growing-percent=30');
// Each processor unpacks a file of its own; by default there are four threads for that, however many processors.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism()));
const { main } = await import(isCheckout ? source.href : new URL('./main.mjs', import.meta.url).href);
v8.setFlagsFromString('--semi-space-growth-factor=1');
process.exitCode = await main(process.argv.slice(2));

/** Preloaded into a measured process: writes its peak of resident memory, in bytes, to file descriptor 3 when it ends. */
import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread)
  process.on('exit', () => {
    writeSync(3, String(peak()));
  });

/** Linux reckons into `maxRSS` what the parent held when it forked; its high-water mark starts anew with the program. */
function peak() {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/**
 * Preloaded into a measured process: when it ends, writes its peak of resident memory in bytes and the time of all its
 * threads on processors in microseconds to file descriptor 3.
 */
import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread)
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    writeSync(3, `${peak()} ${userCPUTime + systemCPUTime}`);
  });

/** Linux reckons into `maxRSS` what the parent held when it forked; its high-water mark starts anew with the program. */
function peak() {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/** Makes a failing input small: leaves out halves, quarters and so on down to single bytes (Zeller's ddmin), in bounded time. */

const MOST_TRIALS = 1500;
const MOST_MS = 20_000;

/** A part of `input` for which `isSame` holds, as it must for `input` itself. If there is no such part, `input`. */
export async function minimized(
  input: Uint8Array,
  isSame: (bytes: Uint8Array) => Promise<boolean>,
  mostMs = MOST_MS,
): Promise<Uint8Array> {
  if (!(await isSame(input))) return input;
  // The first trial started a thread.
  const began = performance.now();
  let trials = 0;
  let small = input;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < small.length; ) {
      if (trials++ > MOST_TRIALS || performance.now() - began > mostMs) return small;
      const without = Buffer.concat([small.subarray(0, from), small.subarray(from + size)]);
      if (await isSame(without)) small = without;
      else from += size;
    }
  }
  return small;
}

/** Where the bytes of a file come from: the only interface between the readers and disks, pipes and buckets. */

/** A file that can be opened from its beginning, more than once unless it is a pipe. */
export interface ByteSource {
  /** The file's name in error messages. */
  readonly name: string;
  /** Size in bytes, if known before reading. */
  readonly size?: number;
  /** The bytes from the first one. A second call starts again. Undefined for a pipe that has been read. */
  open(): AsyncIterable<Uint8Array> | undefined;
  /** The bytes `[start, end)`. Absent for pipes. */
  range?(start: number, end: number): Promise<Uint8Array>;
}

/** A source over bytes in memory. */
export function bufferSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    open: async function* () {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
    },
    range: async (start, end) => bytes.subarray(start, end),
  };
}

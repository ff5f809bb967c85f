/** Files that are made to exhaust whoever reads them: small on disk, without end in memory. */
import { gzipSync } from 'node:zlib';
import { type Log, otherFile } from './files.ts';
import { LAYOUTS } from './layout.ts';
import { headerOf } from './row-writer.ts';

/** Unpacked size of each of the gzip members that a bomb repeats. */
const MEMBER = 16 * 1024 * 1024;

/** A header, then so many bytes of one kind, as gzip members of a few kilobytes. */
export function bomb(name: string, byte: string, bytes: number): Promise<Log> {
  const members = Math.ceil(bytes / MEMBER);
  function* compressed() {
    yield gzipSync(headerOf(LAYOUTS.v5));
    const member = gzipSync(Buffer.alloc(MEMBER, byte));
    for (let n = 0; n < members; n++) yield member;
  }
  return otherFile(`${name} ${bytes}`, compressed, { records: 0, bytes: members * MEMBER, labels: [] });
}

/** Plain text: a header, then one line that never ends. */
export function endlessLine(bytes: number): Promise<Log> {
  const chunks = Math.ceil(bytes / MEMBER);
  function* text() {
    yield headerOf(LAYOUTS.v5);
    const chunk = Buffer.alloc(MEMBER, '5 123456789012 ');
    for (let n = 0; n < chunks; n++) yield chunk;
  }
  return otherFile(`endless line ${bytes}`, text, { records: 0, bytes: chunks * MEMBER, labels: [] });
}

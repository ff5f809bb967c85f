/** `sweepwatch findings watch`: follows new and changed findings until Ctrl-C. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Finding, isoTime } from '../../lib/finding/model.ts';
import { stateOf } from '../../lib/finding/review.ts';
import { jsonText, printable } from '../../lib/text/untrusted.ts';
import { countOf, grouped } from '../../lib/text/wording.ts';
import { describeAwsError } from '../aws-errors.ts';
import type { DeploymentOptions } from '../deployment.ts';
import { type Filters, findWanted, wantedBy } from '../finding-filters.ts';
import { SEVERITY_STYLES } from '../formats.ts';
import type { Terminal } from '../terminal.ts';
import { openFindings } from './findings.ts';

/** The options of `findings watch`, as the program reads them. */
export interface WatchOptions extends DeploymentOptions, Filters {
  readonly format: 'table' | 'ndjson';
  /** Seconds between two looks. */
  readonly every: number;
}

/** Runs `findings watch` until the signal, and returns the exit code. */
export async function watchFindings(options: WatchOptions, terminal: Terminal, stop: AbortSignal): Promise<number> {
  const wanted = wantedBy(options, Date.now() / 1000);
  const { store } = await openFindings(options);
  const known = new Map<string, Finding>();
  // What the first look could not decide need not be said again.
  let remarks: Pick<Terminal, 'stderr'> = terminal;
  for (let looks = 0; !stop.aborted; looks++) {
    try {
      for (const finding of await findWanted(store, wanted, Date.now() / 1000, remarks)) {
        const changes = changesOf(known.get(finding.id), finding);
        known.set(finding.id, finding);
        if (changes.length) print(finding, changes, options, terminal);
      }
      remarks = { stderr: () => undefined };
    } catch (error) {
      // A look that fails later is made again.
      if (looks === 0) throw error;
      const message = describeAwsError(error as Error) ?? (error as Error).message;
      terminal.stderr(`${printable(message)}. The next look is in ${countOf(options.every, 'second')}\n`);
    }
    await sleep(options.every * 1000, undefined, { signal: stop }).catch(() => undefined);
  }
  return 0;
}

/** What is new in a finding since it was seen, in words. Empty if nothing is. */
export function changesOf(before: Finding | undefined, now: Finding): string[] {
  if (!before) return ['new'];
  const [was, is] = [stateOf(before), stateOf(now)];
  return [
    ...(before.severity === now.severity ? [] : [`severity was ${before.severity}`]),
    ...(before.kind === now.kind ? [] : [`kind was ${before.kind}`]),
    ...(was === is ? [] : [`was ${was}`]),
    ...(before.openPorts.count === now.openPorts.count ? [] : [`${countOf(now.openPorts.count, 'service')} answered`]),
    ...(before.contacts.failed === now.contacts.failed ? [] : [`${grouped(now.contacts.failed)} failed`]),
    ...((before.signals?.count ?? 0) === (now.signals?.count ?? 0) ? [] : [countOf(now.signals?.count ?? 0, 'signal')]),
    ...((before.notes?.length ?? 0) === (now.notes?.length ?? 0) ? [] : ['a note']),
  ];
}

function print(finding: Finding, changes: readonly string[], { format }: WatchOptions, terminal: Terminal): void {
  if (format === 'ndjson') {
    terminal.stdout(`${jsonText(finding)}\n`);
    return;
  }
  const { severity, kind, direction, source, sources, actor, id } = finding;
  const paint = terminal.paint ?? ((_, text) => text);
  const who = source?.address ?? (sources ? countOf(sources.count, 'source') : (actor?.name ?? '-'));
  const cells = [
    isoTime(Date.now() / 1000).slice(11),
    paint(SEVERITY_STYLES[severity]!, severity.padEnd(13)),
    printable(kind).padEnd(20),
    (direction ?? '-').padEnd(8),
    paint('bold', printable(who).padEnd(15)),
    printable(stateOf(finding)).padEnd(14),
    id,
    changes.map(printable).join(', '),
  ];
  terminal.stdout(`${cells.join('  ')}\n`);
}

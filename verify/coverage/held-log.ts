/** A log that is read once and judged many times: with another sensitivity, or without one of the contexts. */
import { readFileSync } from 'node:fs';
import { leastEvidenceOf } from '../../lib/detections/least-evidence.ts';
import { detectionSettings, type Sensitivity } from '../../lib/detections/settings.ts';
import type { Collector } from '../../lib/evidence/builder.ts';
import type { SourceEvidence } from '../../lib/evidence/evidence.ts';
import { detectCampaigns } from '../../lib/finding/describe-campaign.ts';
import { type DetectedFinding, detectScans } from '../../lib/finding/describe-scan.ts';
import type { Finding } from '../../lib/finding/model.ts';
import { type Collected, MemoryEvidence } from '../../lib/pipeline/memory-evidence.ts';
import { weighingBySurroundings } from '../../lib/pipeline/surroundings.ts';
import { distinctContacts, firstContacts } from '../../lib/scan/contacts.ts';
import type { ContextName } from '../../lib/scan/contexts.ts';
import { LONGEST_SECONDS } from '../../lib/scan/detection.ts';
import { collect, contextFor } from './detector.ts';

/** Hours limit what is read. Memory returns everything it has. */
const ALL_HOURS = { from: 0, to: 0 };

/** How to judge a log. By default with sensitivity `medium` and all contexts. */
interface Judging {
  readonly sensitivity?: Sensitivity;
  readonly without?: ContextName;
}

/** A source with the contexts of its contacts. */
interface HeldSource {
  readonly contexts: ReadonlySet<ContextName>;
  /** What is detected with the defaults, once it was asked for. */
  plain?: readonly DetectedFinding[];
}

/** A collector gives its sources once. This keeps all that any sensitivity needs. */
export class HeldLog {
  readonly #collector: Collector;
  readonly #sources = new Map<SourceEvidence, HeldSource>();
  readonly #counts = new Map<ContextName, number>();

  private constructor(collector: Collector) {
    this.#collector = collector;
    const context = contextFor(collector);
    for (const source of collector.sources(leastEvidenceOf(detectionSettings('high')))) {
      const first = firstContacts(source, context.settings, context).filter(({ isRepeat }) => !isRepeat);
      const distinct = distinctContacts(source, context.settings, context, LONGEST_SECONDS);
      const names = new Set([...first, ...distinct].map((contact) => contact.context));
      for (const name of names) this.#counts.set(name, this.#counts.get(name) ?? 0);
      for (const { context: name } of first) this.#counts.set(name, this.#counts.get(name)! + 1);
      this.#sources.set(source, { contexts: names });
    }
  }

  static async read(path: string): Promise<HeldLog> {
    return new HeldLog(await collect([readFileSync(path)]));
  }

  /** Number of first contacts in each context. Zero if a contact is in it only over days. */
  get contexts(): ReadonlyMap<ContextName, number> {
    return this.#counts;
  }

  #again(): Collected {
    const sources = this.#sources.keys();
    return {
      *suspects() {
        for (const evidence of sources) yield { evidence, mayScan: true, mayShare: true };
      },
      contactsWith: (...selection) => this.#collector.contactsWith(...selection),
      contactsOfInterfaces: (names) => this.#collector.contactsOfInterfaces(names),
      outsideReach: () => this.#collector.outsideReach(),
    };
  }

  /** Whether a judgement of a source is the one with the defaults, so that it need not be made again. */
  #isPlain(source: SourceEvidence, { sensitivity = 'medium', without }: Judging): boolean {
    return sensitivity === 'medium' && (without === undefined || !this.#sources.get(source)!.contexts.has(without));
  }

  #plain(source: SourceEvidence): readonly DetectedFinding[] {
    const held = this.#sources.get(source)!;
    held.plain ??= detectScans(source, contextFor(this.#collector));
    return held.plain;
  }

  async findings(judging: Judging = {}): Promise<Finding[]> {
    const { sensitivity, without } = judging;
    const context = { ...contextFor(this.#collector, sensitivity), ...(without && { without }) };
    const reader = new MemoryEvidence(this.#again(), context);
    const found = [...reader.sources(leastEvidenceOf(context.settings))].flatMap((source) =>
      this.#isPlain(source, judging) ? this.#plain(source) : detectScans(source, context),
    );
    const members = [
      await reader.outside(ALL_HOURS, context),
      ...(await Promise.all(reader.scopes.map((scope) => reader.inside(scope, ALL_HOURS, context)))),
    ];
    const campaigns = members.flatMap(({ contacts }) => detectCampaigns(contacts, context));
    const weigh = await weighingBySurroundings(reader, found, context.settings);
    return [...found.flatMap((detection) => weigh(detection) ?? []), ...campaigns].map(({ finding }) => finding);
  }
}

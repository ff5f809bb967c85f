/** What a gigabyte of an audit log costs: a log through the filter and the counted functions, and its bill. */
import { gzipSync } from 'node:zlib';
import { AUDIT_PATTERN } from '../../lib/signals/orchestrator/subscription-pattern.ts';
import { readFilterPattern } from '../../local/servers/filter-pattern.ts';
import { auditEvents } from '../workload/audit.ts';
import { GIB, type Line, LOG_BYTES, line, ROUND_TRIP_SECONDS, shareOfProcessor } from './bill.ts';
import type { Count } from './counter.ts';
import type { Deployed } from './deployed.ts';
import { CountedPipeline, type Used } from './pipeline.ts';
import { PRICES } from './prices.ts';

/** How often CloudWatch Logs is taken to deliver what it has of one stream. AWS documents no number. */
const DELIVERY_SECONDS = 5;
const SETTLE_SECONDS = 300;
/** Streams of audit events that a control plane writes, one for each of its API servers. */
const STREAMS = 2;
const SEED = 'cost';

/** What a run over an audit log counted. */
export interface CountedAudit {
  readonly events: number;
  readonly bytes: number;
  /** Seconds that the log lasts. */
  readonly seconds: number;
  /** What the filter of the subscription selected, and its payloads as they are delivered. */
  readonly kept: { readonly events: number; readonly bytes: number; readonly payloads: number };
  readonly signals: Readonly<Used>;
  readonly settle: Readonly<Used>;
  readonly counts: Readonly<Record<string, Readonly<Count>>>;
  readonly storedBytes: number;
  readonly findings: readonly string[];
}

/** Runs a log of so many bytes. */
export async function runAudit(bytes: number, of: Deployed): Promise<CountedAudit> {
  const isDelivered = readFilterPattern(AUDIT_PATTERN);
  const sums = { events: 0, bytes: 0, keptEvents: 0, keptBytes: 0, payloads: 0 };
  let pipeline: CountedPipeline | undefined;
  const first = { at: 0 };
  let due = 0;
  let settled = 0;
  let now = 0;
  const waiting: string[][] = Array.from({ length: STREAMS }, () => []);
  const flush = async () => {
    for (const [stream, messages] of waiting.entries()) {
      if (!messages.length) continue;
      await pipeline!.takeSignals(payloadOf(`kube-apiserver-audit-${stream}`, messages.splice(0), now), now);
      sums.payloads++;
    }
  };
  try {
    for (const text of auditEvents(SEED, bytes)) {
      const at = Date.parse((JSON.parse(text) as { stageTimestamp: string }).stageTimestamp) / 1000;
      if (!pipeline) {
        pipeline = await CountedPipeline.start(of, at);
        first.at = at;
        due = at + DELIVERY_SECONDS;
        settled = at;
      }
      now = at;
      sums.events++;
      sums.bytes += text.length + 1;
      if (isDelivered(text)) {
        sums.keptEvents++;
        sums.keptBytes += text.length;
        waiting[sums.events % STREAMS]!.push(text);
      }
      if (at >= due) {
        await flush();
        due = at + DELIVERY_SECONDS;
      }
      if (at - settled >= SETTLE_SECONDS) {
        await pipeline.settle(at);
        await pipeline.alert(at);
        settled = at;
      }
    }
    await flush();
    await pipeline!.settle(now + SETTLE_SECONDS);
    await pipeline!.alert(now + SETTLE_SECONDS);
    return {
      events: sums.events,
      bytes: sums.bytes,
      seconds: now - first.at,
      kept: { events: sums.keptEvents, bytes: sums.keptBytes, payloads: sums.payloads },
      signals: pipeline!.used.signals,
      settle: pipeline!.used.settle,
      counts: Object.fromEntries(pipeline!.counter.counts),
      storedBytes: pipeline!.counter.stored('windows').bytes,
      findings: await pipeline!.findingTexts(),
    };
  } finally {
    await pipeline?.stop();
  }
}

function payloadOf(logStream: string, messages: readonly string[], now: number) {
  const payload = {
    messageType: 'DATA_MESSAGE',
    owner: '123456789012',
    logGroup: '/aws/eks/shop/cluster',
    logStream,
    subscriptionFilters: ['sweepwatch'],
    logEvents: messages.map((message, at) => ({
      id: String(at).padStart(56, '3'),
      timestamp: Math.floor(now * 1000),
      message,
    })),
  };
  return { awslogs: { data: gzipSync(JSON.stringify(payload)).toString('base64') } };
}

/** What a GiB of the log costs beyond its own ingestion. No flow log arrives, so settle works for signals alone. */
export function auditBill({ bytes, kept, signals, settle, counts, storedBytes }: CountedAudit, of: Deployed): Line[] {
  const perGib = GIB / bytes;
  const units = (of: (name: string) => boolean, unit: (count: Count) => number) =>
    Object.entries(counts).reduce((sum, [name, count]) => (of(name) ? sum + unit(count) : sum), 0);
  const isWrite = (name: string) => / (write|index) /.test(name);
  const gigabyteSeconds = (used: Readonly<Used>, memory: number) =>
    ((used.steadyCpuSeconds / shareOfProcessor(memory) + used.roundTrips * ROUND_TRIP_SECONDS) * memory) / 1024;
  const days = of.settings.retentionDays.windows;
  return [
    line('writes', perGib * units(isWrite, (count) => count.units), PRICES.writeUnit),
    line(
      'reads',
      perGib *
        units(
          (name) => / read /.test(name),
          (count) => count.steadyUnits,
        ),
      PRICES.readUnit,
    ),
    line('Lambda signals', perGib * gigabyteSeconds(signals, of.memory.signals), PRICES.lambdaSecond),
    line('Lambda settle', perGib * gigabyteSeconds(settle, of.memory.settle), PRICES.lambdaSecond),
    line('Lambda requests', perGib * kept.payloads, PRICES.lambdaRequest),
    line('function logs', (perGib * kept.payloads * LOG_BYTES) / GIB, PRICES.logIngestion),
    line(
      'tables, storage for as long as evidence is kept',
      (perGib * storedBytes * days) / 30 / GIB,
      PRICES.tableStorage,
    ),
  ];
}

/**
 * The public shape of a finding as the command line prints it, DynamoDB stores it and SNS sends it. Change it only by
 * addition.
 */

import type { HorizonName } from '../scan/detection.ts';
import type { Direction } from '../scan/direction.ts';
import type { Actor } from '../signals/signal.ts';

export type { Direction };

/** From least to most severe. `minSeverity` compares by this order. */
export const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;
/** How bad a finding is. */
export type Severity = (typeof SEVERITIES)[number];

/** A MITRE ATT&CK technique. */
export interface Technique {
  readonly id: string;
  readonly name: string;
  readonly tactic: string;
}

/** The ECS task behind a source (version 7 fields). */
export interface EcsTask {
  readonly cluster?: string;
  readonly service?: string;
  readonly taskId?: string;
  readonly taskArn?: string;
  readonly taskDefinition?: string;
  readonly containerId?: string;
}

/**
 * The source of a scan. `behindInterface` is set if the interface belongs to a node or gateway that forwards for the
 * address.
 */
export interface FindingSource {
  readonly address: string;
  readonly scope: string;
  readonly accountId?: string;
  readonly vpcId?: string;
  readonly subnetId?: string;
  readonly region?: string;
  readonly interfaceId?: string;
  readonly interfaceType?: string;
  readonly instanceId?: string;
  readonly behindInterface?: boolean;
  readonly ecs?: EcsTask;
}

/** A distinct count and up to 20 examples. `exact` is false if the count is an estimate. */
export interface Spread<T> {
  readonly count: number;
  readonly exact: boolean;
  readonly sample: readonly T[];
}

/** Why a test fired: its value, its threshold, and a sentence. */
export interface Reason {
  readonly test: string;
  readonly value: number;
  readonly threshold: number;
  readonly text: string;
}

interface OpenPort {
  readonly target: string;
  readonly port: number;
  readonly protocol: string;
  /** Whether the scanner stayed connected. */
  readonly connected?: boolean;
}

/** Who or what is behind a finding, as far as the logs of orchestrators and hosts tell. Texts are untrusted. */
export interface FindingActor extends Actor {
  readonly at: string;
}

/** One event of an orchestrator or a host that is evidence for a finding. */
interface FindingSignal {
  readonly at: string;
  /** The kind of the signal. */
  readonly type: string;
  /** The name of its actor. */
  readonly actor: string;
  readonly summary: string;
  readonly eventId: string;
}

/** What a person decided about a finding: a scan as reported, one that is no matter, or one to be tuned away. */
export type Verdict = 'true' | 'benign' | 'tuned';

/** A person, and when. */
interface Attribution {
  readonly by: string;
  readonly at: string;
}

/** What a person wrote beside a finding. The text is untrusted. */
export interface Note extends Attribution {
  readonly text: string;
}

/** One scan by one source (or one campaign), from first probe to last. Times are log time, ISO 8601 in UTC. */
export interface Finding {
  readonly schemaVersion: 1;
  readonly id: string;
  /** Id of the detection that names the scan. See `lib/detections`. */
  readonly kind: string;
  readonly severity: Severity;
  /** 0 to 100. */
  readonly confidence: number;
  /** Absent if the finding rests on signals alone, which do not show where packets went. */
  readonly direction?: Direction;
  readonly techniques: readonly Technique[];
  /** null for campaigns, and for findings that rest on signals alone. */
  readonly source: FindingSource | null;
  /** The members of a campaign, and the scope of inside ones. */
  readonly sources?: { readonly count: number; readonly sample: readonly string[]; readonly scope?: string };
  readonly campaign?: string;
  readonly mergedInto?: string;
  readonly protocols: readonly string[];
  readonly targets: Spread<string>;
  readonly ports: Spread<number>;
  /** Distinct first contacts by outcome. `failed` is the sum of rejected, reset and unanswered. */
  readonly contacts: {
    readonly failed: number;
    readonly established: number;
    readonly rejected: number;
    readonly unanswered: number;
    readonly reset: number;
    /**
     * Probes of these contacts, counting each contact once a minute. Larger than their number if services are tried
     * again.
     */
    readonly attempts?: number;
  };
  /** First contacts, ordered by (end, start, target, port), that were enough for the decision. */
  readonly contactsAtDetection: number;
  /** Services that answered the scan. */
  readonly openPorts: { readonly count: number; readonly sample: readonly OpenPort[] };
  readonly tool: { readonly name: string; readonly confidence: number } | null;
  readonly actor?: FindingActor;
  readonly signals?: { readonly count: number; readonly sample: readonly FindingSignal[] };
  readonly horizon: HorizonName;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** End of the record with which the evidence was enough. */
  readonly detectedAt: string;
  readonly reasons: readonly Reason[];
  readonly dataQuality: readonly string[];
  /** Made by `selftest`: nobody scanned anything. */
  readonly test?: true;
  readonly status: 'open' | 'closed';
  readonly closedBecause?: 'ended' | 'refuted' | 'merged' | 'analyst';
  readonly suppressedBy?: string;
  /** The watch under which it was judged. */
  readonly watchedBy?: string;
  readonly verdict?: Verdict;
  /** Who gave the verdict, and the severity that the finding had then. */
  readonly verdictGiven?: Attribution & { readonly severity: Severity };
  /** Who looks at the finding. */
  readonly acknowledged?: Attribution;
  readonly notes?: readonly Note[];
}

/** Samples in a finding hold at most this many entries. */
export const SAMPLE_SIZE = 20;

/** Position of a severity from 0 (informational) to 4 (critical). */
export const severityRank = (severity: Severity): number => SEVERITIES.indexOf(severity);

/** Key of a source's findings and windows: its scope and its address. */
export const sourceKey = (source: { readonly scope: string; readonly address: string }): string =>
  `${source.scope}|${source.address}`;

/** An epoch second as ISO 8601 in UTC, in whole seconds. */
export const isoTime = (epochSeconds: number): string =>
  new Date(Math.floor(epochSeconds) * 1000).toISOString().replace('.000Z', 'Z');

/** Epoch seconds of an ISO 8601 time. */
export const epochSeconds = (iso: string): number => Date.parse(iso) / 1000;

const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  47: 'gre',
  50: 'esp',
  58: 'icmpv6',
  132: 'sctp',
};

/** The IANA keyword of a protocol number in lower case. Rare numbers give `protocol-N`. */
export const protocolName = (number: number): string => PROTOCOL_NAMES[number] ?? `protocol-${number}`;

/** Whether no packets belong to a finding, only events of orchestrators and hosts. */
export const restsOnSignals = ({ source, sources, actor }: Finding): boolean =>
  !source && !sources && actor !== undefined;

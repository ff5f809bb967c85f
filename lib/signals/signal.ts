/** A signal: one event from an orchestrator or a host that is evidence for a scan. */

/** Who or what acted, as far as the event tells. Absent fields were not in the event. */
export interface Actor {
  readonly kind: 'pod' | 'task' | 'container' | 'process' | 'user' | 'session';
  /** The pod, task, container, program or user. Untrusted text. */
  readonly name: string;
  readonly namespace?: string;
  /** Who ordered it: the caller of the API, or the login user of the process. */
  readonly user?: string;
  readonly serviceAccount?: string;
  readonly image?: string;
  readonly command?: string;
  readonly host?: string;
  /** Identifies the session that events belong to: an exec's audit id, a parent process, an ECS Exec session. */
  readonly session?: string;
}

/** The addresses and names by which a signal and a network source can be recognised as the same. */
export interface Place {
  readonly addresses?: readonly string[];
  readonly instanceId?: string;
  readonly interfaceId?: string;
  readonly taskArn?: string;
  readonly podUid?: string;
  readonly nodeName?: string;
}

/** The kinds of findings that rest on signals, the most telling first. */
export const SIGNAL_KINDS = ['exec-into-container', 'tool-execution', 'container-churn', 'discovery-spree'] as const;
type SignalKind = (typeof SIGNAL_KINDS)[number];

export interface Signal {
  /** When it happened, epoch milliseconds, from the event. */
  readonly at: number;
  readonly kind: SignalKind;
  /** How serious it is by itself. A scan in the flow logs beside it can raise it. */
  readonly severity: 'informational' | 'low' | 'medium' | 'high';
  /** Probability that the signal means a scan, 0 to 100. */
  readonly confidence: number;
  readonly actor: Actor;
  readonly place: Place;
  /** The known tool, by its name in the tool table. */
  readonly tool?: string;
  /** Only evidence beside other evidence: alone it is no finding. A scan from the same place gains it. */
  readonly isContext?: boolean;
  /** Until when it can explain a scan, epoch milliseconds: the end of a session, or of a container. Default: `at`. */
  readonly until?: number;
  /** Signals of one group with less than an hour between them are one finding. Default: one group per host and user. */
  readonly group?: string;
  /** The rule that fired with its number, where the rule counts: 12 of at least 8. */
  readonly measure?: { readonly test: string; readonly value: number; readonly threshold: number };
  /** Targets and ports as the event names them. Untrusted text. */
  readonly targets?: readonly string[];
  readonly ports?: readonly number[];
  /** One plain sentence about it. Holds untrusted text: sanitize before it is shown. */
  readonly summary: string;
  /** Identifies the event, so that reading it twice changes nothing. */
  readonly eventId: string;
  /** What the event could not show, as sentences. */
  readonly dataQuality: readonly string[];
}

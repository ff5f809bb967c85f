/** What happens inside the local cloud, as typed events that a demo can narrate and a test can wait for. */

/** One thing that happened; `ms` are milliseconds of wall clock, names are physical names unless called `logicalId`. */
export type LocalCloudEvent =
  | { type: 'resource created'; logicalId: string; resourceType: string; physicalId: string }
  | { type: 'object created'; bucket: string; key: string; size: number }
  | { type: 'message sent'; queue: string; bytes: number }
  | { type: 'message published'; topic: string; messageId: string; subject: string | undefined }
  | { type: 'mail written'; file: string; to: string; subject: string }
  | { type: 'function started'; logicalId: string; ms: number }
  | { type: 'function invoked'; logicalId: string; requestId: string }
  | { type: 'function finished'; logicalId: string; requestId: string; ms: number }
  | { type: 'function failed'; logicalId: string; requestId: string; ms: number; error: string }
  | { type: 'function output'; logicalId: string; stream: 'stdout' | 'stderr'; line: string }
  | { type: 'batch failed'; logicalId: string; failed: number; received: number }
  | { type: 'delivery failed'; what: string; error: string };

/** Receives each event as it happens; must not throw. */
export type EmitEvent = (event: LocalCloudEvent) => void;

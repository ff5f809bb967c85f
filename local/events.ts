/** The events of the local cloud, typed, for a demo to report and for a test to wait for. */

/** One event. `ms` is wall clock time in milliseconds. Names are physical names unless called `logicalId`. */
export type LocalCloudEvent =
  | { type: 'resource created'; logicalId: string; resourceType: string; physicalId: string }
  | { type: 'object created'; bucket: string; key: string; size: number }
  | { type: 'message sent'; queue: string; bytes: number }
  | { type: 'message published'; topic: string; messageId: string; subject: string | undefined }
  | { type: 'mail written'; file: string; to: string; subject: string }
  | { type: 'chat message shown'; channel: string; body: string }
  | { type: 'chat message dropped'; channel: string; reason: string }
  | { type: 'finding imported'; id: string; body: string }
  | { type: 'function started'; logicalId: string; ms: number }
  | { type: 'function invoked'; logicalId: string; requestId: string }
  | { type: 'function finished'; logicalId: string; requestId: string; ms: number }
  | { type: 'function failed'; logicalId: string; requestId: string; ms: number; error: string }
  | { type: 'function output'; logicalId: string; stream: 'stdout' | 'stderr'; line: string }
  | { type: 'batch failed'; logicalId: string; failed: number; received: number }
  | { type: 'delivery failed'; what: string; error: string };

/** Receives each event as it happens. Must not throw. */
export type EmitEvent = (event: LocalCloudEvent) => void;

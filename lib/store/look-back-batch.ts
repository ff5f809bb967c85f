/**
 * What a look back with a Distributed Map consists of, shared by the state machine, the function that reads a batch and
 * the command.
 */

/** Prefix of the lists of files in the bucket of look backs, and the folder of results. */
export const LISTS = 'lists/';
export const RESULTS = 'results';

/**
 * The most files that one invocation of ingest reads. The largest known file takes 30 seconds, so a batch of such files
 * ends before the time of the function does.
 */
export const FILES_IN_A_BATCH = 8;
/** About the write units per second of one batch, with the workload of docs/cost.md: 141 for each file, in 0.7 seconds. */
export const UNITS_OF_A_BATCH = 200;

/** The input of a run. */
export interface LookBackInput {
  /** Key of the list in the bucket of look backs. */
  readonly list: string;
  /** The most files in a batch. */
  readonly filesInABatch: number;
}

/** A line of a list: a file to read. */
export interface ListedFile {
  readonly bucket: string;
  readonly key: string;
  /** Size in bytes. */
  readonly size: number;
}

/** What the state machine passes to the function. Step Functions chose the name of the list. */
export interface Batch {
  readonly Items: readonly ListedFile[];
}

/** What the function answers. Files that are named in neither list were read. */
export interface BatchResult {
  /** Keys of files that no longer exist. */
  readonly gone: readonly string[];
  readonly failed: readonly { readonly key: string; readonly reason: string }[];
}

/** Where the map is and how fast it reads: the output LookBack of the stack, as JSON. */
export interface LookBackOutput {
  /** ARN of the state machine. */
  readonly machine: string;
  readonly bucket: string;
  readonly maxConcurrency: number;
  /** Write units per second that the windows table accepts. */
  readonly writeUnits: number;
}

/** What a simulated history delivers, and when it ends. */

/** The bucket of every object. */
export const BUCKET = 'logs';

/** An object, and when S3 announces it. */
export interface Delivery {
  readonly key: string;
  readonly body: Uint8Array;
  readonly isPoison: boolean;
  /** Epoch milliseconds, one for each announcement. */
  readonly at: readonly number[];
}

/** When faults ended, and when everything was idle. Epoch milliseconds. */
export interface Rest {
  readonly healed: number;
  readonly end: number;
}

/** Figures as the tables have them. */

import type { Spread } from './alternate.ts';
import { megabytes } from './budgets.ts';

export const seconds = (value: number): string => `${value.toFixed(2)} s`;
export const times = (value: number): string => value.toFixed(2);
export const count = (value: number): string => value.toLocaleString('en');
export const mebibytes = (bytes: number | undefined): string =>
  bytes === undefined ? '-' : `${Math.round(megabytes(bytes))} MB`;
/** `1.20 s (1.10 to 1.50)`. */
export const spread = ({ median, least, most }: Spread): string =>
  `${seconds(median)} (${least.toFixed(2)} to ${most.toFixed(2)})`;

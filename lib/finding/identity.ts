/** The identity of a finding: a keyed hash of the parts that do not change while the scan goes on. */
import { createHmac } from 'node:crypto';
import type { Direction } from './model.ts';

/** The parts that identify a finding. Kind, severity and times are left out, so that they may change. */
export interface IdentityParts {
  readonly scope: string;
  readonly address: string;
  /** `signals` for a finding without packets. */
  readonly direction: Direction | 'signals';
  /** Epoch hour of the first probe: late evidence seldom moves it. */
  readonly anchorHour: number;
  /** Position among the findings of this source and direction that begin in the same hour. */
  readonly ordinal: number;
}

/** 24 hexadecimal digits, stable over repeated, split and reordered input. */
export function findingId(secret: string, parts: IdentityParts): string {
  const text = [parts.scope, parts.address, parts.direction, parts.anchorHour, parts.ordinal].join('\n');
  return createHmac('sha256', `sweepwatch finding id\n${secret}`).update(text).digest('hex').slice(0, 24);
}

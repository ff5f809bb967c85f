/** A kernel without a collector, for tests of its parts. */

import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { Kernel, type KernelOptions } from '../../../lib/kernel/kernel.ts';
import { kindsOf } from '../../../lib/kernel/kernel-tables.ts';
import { Networks } from '../../../lib/net/networks.ts';

export const KEY = hashKey('a test');

export function freshKernel(options: Partial<KernelOptions> = {}): Kernel {
  const networks = new Networks();
  return new Kernel(
    { key: KEY, limit: 2048, mostRows: 699_000, ...options },
    { kindOf: kindsOf(networks), look: () => undefined },
  );
}

/** The machine that the figures hold for. */
import { availableParallelism, cpus, totalmem } from 'node:os';

export const machine = (): string =>
  `${cpus()[0]?.model.trim() || 'unknown processor'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB memory, Node ${process.versions.node}, ${process.platform} ${process.arch}`;

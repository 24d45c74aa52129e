import type { Output } from '../context.ts';
import { startDistributed } from '../distributed/cluster.ts';
import { host, type UpFlags } from './up.ts';

/** Runs a whole cluster on this machine, each service a process of its own, until it is interrupted. */
export function distributed(flags: UpFlags, output: Output, signal: AbortSignal): Promise<void> {
  return host('distributed', startDistributed, flags, output, signal);
}

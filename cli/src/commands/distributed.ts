import type { Termination } from '@gantry/runtime/service.ts';
import type { Output } from '../context.ts';
import { startDistributed } from '../distributed/cluster.ts';
import { host, type UpFlags } from './up.ts';

/** Runs a whole cluster on this machine, each service a process of its own, until it is interrupted. */
export function distributed(flags: UpFlags, output: Output, termination: Termination): Promise<void> {
  return host('distributed', startDistributed, flags, output, termination);
}

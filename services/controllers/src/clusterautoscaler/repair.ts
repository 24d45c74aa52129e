import type { Instance } from '@gantry/cloud-provider/provider.ts';
import type { Call } from '../core/consult.ts';
import type { Group, Picture } from './picture.ts';
import type { SinceTimes } from './since.ts';

/** A group of which nodes did not come. */
export interface FailedGroup {
  readonly group: Group;
  readonly code: string;
  readonly message: string;
}

/** Steps that take back what did not come. */
export interface Repairs {
  readonly calls: readonly Call[];
  readonly failed: readonly FailedGroup[];
}

/** Times of what is awaited. */
export interface AwaitedTimes {
  /** Since when a group lacks nodes, by its id; anew with each increase. */
  readonly missing: SinceTimes;
  /** Since when a machine has no node, by its id. */
  readonly unregistered: SinceTimes;
}

/** Ends machines that have failed or did not register in time, and takes back what was asked for and never came. */
export function repairsFor({ groups }: Picture, times: AwaitedTimes, nowMs: number): Repairs {
  times.missing.keep(
    groups.filter(({ missing }) => missing > 0).map(({ snapshot }) => snapshot.id),
    nowMs,
  );
  times.unregistered.keep(
    groups.flatMap(({ unregistered }) => unregistered.map(({ id }) => id)),
    nowMs,
  );
  const calls: Call[] = [];
  const failed: FailedGroup[] = [];
  for (const group of groups) {
    const { id, options, instances, targetSize } = group.snapshot;
    const broken = group.unregistered.filter(({ error }) => error !== undefined);
    const isLate = ({ id: machine }: Instance): boolean =>
      (times.unregistered.ageMs(machine, nowMs) ?? 0) >= options.maxNodeProvisionMs;
    const late = group.unregistered.filter((instance) => instance.error === undefined && isLate(instance));
    const ended = [...broken, ...late];
    if (ended.length > 0) calls.push({ type: 'deleteNodes', group: id, nodes: ended.map(machineOf) });
    const [first] = broken;
    if (first !== undefined) failed.push({ group, code: first.error!.code, message: first.error!.message });
    const isOverdue = (times.missing.ageMs(id, nowMs) ?? 0) >= options.maxNodeProvisionMs;
    const never = targetSize - instances.filter(({ state }) => state !== 'deleting').length;
    if (isOverdue && never > 0 && ended.length === 0)
      calls.push({ type: 'decrease', group: id, from: targetSize, count: never });
    if (late.length > 0 || (isOverdue && never > 0)) {
      const message = `Nodes added to group ${id} failed to register within ${options.maxNodeProvisionMs / 1_000}s`;
      failed.push({ group, code: 'timeout', message });
    }
  }
  return { calls, failed };
}

/** A machine without a node, as its provider knows it. */
function machineOf({ id }: Instance): Extract<Call, { readonly type: 'deleteNodes' }>['nodes'][number] {
  return { providerID: id, name: id.slice(id.lastIndexOf('/') + 1), labels: {}, annotations: {} };
}

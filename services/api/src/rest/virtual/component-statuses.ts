import { genericKindOf } from '@gantry/model/built-in.ts';
import type { Lease } from '@gantry/model/gen/gantry.coordination.v1.ts';
import type { ComponentStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { CoreDeps } from '../../core/context.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { readStored } from '../../core/writer.ts';
import type { ReadResource } from './virtual.ts';

const leases = genericKindOf('Lease');
/** The parts that lead by a lease, with its name. */
const leaders = { 'controller-manager': 'gantry-controllers', scheduler: 'gantry-scheduler' } as const;

type Deps = Pick<CoreDeps, 'cache' | 'clock'> & {
  readonly store: CoreDeps['store'] & { readonly problem: unknown };
};

/** Health of the parts of the control plane: the store, and those of which some process leads. */
export function componentStatuses(deps: Deps): ReadResource {
  return {
    kind: virtualKinds.kindOf('', 'ComponentStatus')!,
    warning: 'v1 ComponentStatus is deprecated in v1.19+',
    list: async () => {
      const { problem } = deps.store;
      const led = Object.entries(leaders).map(async ([name, lease]) => statusOf(name, await problemOf(deps, lease)));
      return [...(await Promise.all(led)), statusOf('store', problem === undefined ? undefined : String(problem))];
    },
  };
}

/** Why nobody leads by a lease; undefined where somebody does. */
async function problemOf(deps: Deps, name: string): Promise<string | undefined> {
  try {
    const { object } = await readStored(deps, { kind: leases, namespace: 'kube-system', name });
    const { holderIdentity, renewTime, leaseDurationSeconds = 0 } = (object as unknown as Lease).spec ?? {};
    const isHeld = holderIdentity && renewTime !== undefined;
    const ageMs = isHeld ? deps.clock.now() - Date.parse(renewTime) : Number.POSITIVE_INFINITY;
    return ageMs <= 2 * leaseDurationSeconds * 1_000 ? undefined : `lease ${name} is held by nobody`;
  } catch (error) {
    if (isError(error, 'NotFound')) return `there is no lease ${name}`;
    throw error;
  }
}

function statusOf(name: string, problem: string | undefined): AnyObject {
  const health = problem === undefined ? { status: 'True', message: 'ok' } : { status: 'False', error: problem };
  const status: ComponentStatus = {
    apiVersion: 'v1',
    kind: 'ComponentStatus',
    metadata: { name },
    conditions: [{ type: 'Healthy', ...health }],
  };
  return status as unknown as AnyObject;
}

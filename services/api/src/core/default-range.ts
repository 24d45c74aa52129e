import type { ServiceCIDR } from '@gantry/model/gen/gantry.networking.v1.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { CoreDeps } from './context.ts';
import { create } from './creation.ts';
import { type AnyObject, copyOf } from './stored-object.ts';
import { updateStatus, type WriteOptions } from './writer.ts';

/** Name of the ServiceCIDR of every cluster, as in Kubernetes. */
const name = 'kubernetes';

/** Makes the ServiceCIDR that shows from which range Services get their addresses, ready from the start, where it is missing. */
export async function keepDefaultRange(core: CoreDeps, range: string, options: WriteOptions): Promise<void> {
  const object = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name },
    spec: { cidrs: [range] },
  };
  const kind = core.kinds.kindOfObject(object);
  try {
    await create(core, kind, object as unknown as AnyObject, options);
  } catch (error) {
    if (!isError(error, 'AlreadyExists')) throw error;
  }
  const target = { kind, namespace: '', name };
  await updateStatus(core, target, (stored) => withReady(copyOf(stored), core.clock.now()), options);
}

function withReady(object: AnyObject, nowMs: number): AnyObject {
  const { conditions = [] } = (object as unknown as ServiceCIDR).status ?? {};
  if (conditions.some(({ type }) => type === 'Ready')) return object;
  const ready = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime: rfc3339(nowMs),
    reason: 'Default',
    message: 'Kubernetes default Service CIDR is ready',
  };
  return { ...object, status: { conditions: [...conditions, ready] } };
}

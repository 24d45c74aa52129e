import type { ChangeResult } from '@gantry/client/api.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { ResourceApi } from '../core/api.ts';
import type { Change, Changed } from '../core/changes.ts';
import { refusal } from '../scheduling/batch.ts';
import type { Calls } from './calls.ts';
import type * as message from './messages.ts';
import { onObject, type Purpose } from './purposes.ts';
import { refOf } from './refs.ts';
import { patchOf } from './requests.ts';

/** The method that changes many objects. */
export function changeHandlers(api: ResourceApi, calls: Calls): UntypedServiceImplementation {
  return {
    ChangeBatch: calls.unary(
      async (context, { changes = [], dryRun = false }: message.ChangeBatchRequest) => ({
        results: (await api.changeBatch(context, changes.map(changeOrProblem), dryRun)).map(resultOf),
      }),
      // The changes of a batch are alike, and each is authorized on its own.
      ({ changes = [] }) => purposeOf(changes[0]),
    ),
  };
}

function purposeOf(change: message.ChangeMessage | undefined): Purpose {
  if (change?.delete !== undefined) return onObject('delete', change.delete.ref);
  return onObject('patch', change?.patch?.ref, change?.patch?.subresource);
}

function changeOrProblem(change: message.ChangeMessage): Change | GantryError {
  try {
    if (change.delete !== undefined) return { type: 'delete', ref: refOf(change.delete.ref), deletion: change.delete };
    if (change.patch === undefined) throw new GantryError('BadRequest', 'change: Required value: a patch or a delete');
    const { ref, ...patch } = patchOf(change.patch);
    return { type: 'patch', ref, patch };
  } catch (error) {
    return toGantryError(error);
  }
}

function resultOf(changed: Changed): ChangeResult {
  if (changed.type === 'refused') return { ...refusal(changed.error), uid: '', gone: false };
  const { resourceVersion, uid = '' } = changed.object.metadata;
  return { code: 0, message: '', reason: '', resourceVersion: Number(resourceVersion), uid, gone: changed.gone };
}

/** The end of definitions: their objects go first. */
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { CustomResourceDefinition } from '../../gen/gantry.apiextensions.v1.ts';
import { withCondition } from './conditions.ts';

/** The finalizer that keeps a definition until all objects of its kind are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** Notes in a definition whose end is asked for that its objects go before it, in place. */
export function holdForObjects(definition: CustomResourceDefinition, nowMs: number): void {
  const { metadata, status } = definition;
  const finalizers = metadata.finalizers ?? [];
  if (!finalizers.includes(cleanupFinalizer)) metadata.finalizers = [...finalizers, cleanupFinalizer];
  const pending = {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  const { conditions = [], ...others } = status ?? { acceptedNames: { plural: '', kind: '' }, storedVersions: [] };
  definition.status = { conditions: withCondition(conditions, pending, rfc3339(nowMs)), ...others };
}

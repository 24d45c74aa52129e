import { systemPriorityClasses } from '@gantry/model/kinds/priorityclass/system.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { AnyObject } from './stored-object.ts';

const namespaces = ['default', 'kube-system', 'kube-node-lease', 'kube-public'].map((name) => {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
});

/** Makes the objects that every cluster has, where they are missing. `create` is the ordinary pipeline. */
export async function createBuiltIns(create: (object: AnyObject) => Promise<unknown>): Promise<void> {
  for (const object of [...namespaces, ...systemPriorityClasses]) {
    try {
      await create(structuredClone(object) as AnyObject);
    } catch (error) {
      if (!isError(error, 'AlreadyExists')) throw error;
    }
  }
}

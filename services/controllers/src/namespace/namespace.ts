import { kindNames, kindOf } from '@gantry/model/registry.ts';
import { type Action, type AnyObject, type Controller, keyOf, type View } from '../core/action.ts';

/** Most objects that one reconcile deletes; what is left follows when these are gone. */
const burst = 500;

const namespacedKinds = kindNames.filter((kind) => kindOf(kind).namespaced);

/** Empties namespaces that are being deleted, and lets them go once they are empty. */
export const namespaceController: Controller = {
  name: 'namespace-controller',
  watches: ['Namespace', ...namespacedKinds],

  keysFor(object: AnyObject, view: View): readonly string[] {
    if (object.kind === 'Namespace') return [keyOf(object)];
    const { namespace } = object.metadata;
    const terminating = view.get('Namespace', undefined, namespace ?? '')?.metadata.deletionTimestamp !== undefined;
    return terminating ? [namespace!] : [];
  },

  reconcile(name: string, view: View): readonly Action[] {
    const namespace = view.get('Namespace', undefined, name);
    if (namespace?.metadata.deletionTimestamp === undefined) return [];
    const content = namespacedKinds.flatMap((kind): AnyObject[] => [...view.list(kind, name)]);
    if (content.length === 0) {
      const finalizers = namespace.spec?.finalizers ?? [];
      if (finalizers.length === 0) return [];
      return [{ type: 'update', object: { ...namespace, spec: { ...namespace.spec, finalizers: [] } } }];
    }
    const remaining = content.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return remaining.slice(0, burst).map((object) => ({ type: 'delete', object, propagationPolicy: 'Background' }));
  },
};

import { rootCertificateName } from '@gantry/model/kinds/configmap/root-certificate.ts';
import { defaultServiceAccount } from '@gantry/model/kinds/serviceaccount/names.ts';
import { type Action, type AnyObject, type Controller, sees, type View, waitForView } from '../core/action.ts';

/** The objects that every namespace has, so that pods can run in it: the account of those that name none, and the api's authority. */
const furniture = [
  { kind: 'ServiceAccount', name: defaultServiceAccount },
  { kind: 'ConfigMap', name: rootCertificateName },
] as const;

/** Keeps in every namespace what its pods need to speak to the api. The key is the namespace. */
export const serviceAccountController: Controller = {
  name: 'serviceaccount-controller',
  watches: ['Namespace', 'ServiceAccount', 'ConfigMap'],

  keysFor({ kind, metadata }: AnyObject): readonly string[] {
    if (kind === 'Namespace') return [metadata.name];
    const isOne = furniture.some((one) => one.kind === kind && one.name === metadata.name);
    return isOne && metadata.namespace ? [metadata.namespace] : [];
  },

  reconcile(namespace: string, view: View): readonly Action[] {
    const home = view.get('Namespace', undefined, namespace);
    if (home === undefined || home.metadata.deletionTimestamp !== undefined) return [];
    const missing = furniture.filter(({ kind, name }) => view.get(kind, namespace, name) === undefined);
    // A view that is older than the namespace says nothing of what is in it.
    if (missing.some(({ kind }) => !sees(view, kind, home))) return [waitForView];
    return missing.map(({ kind, name }): Action => {
      const object = { apiVersion: 'v1', kind, metadata: { namespace, name } };
      return { type: 'create', object: object as AnyObject };
    });
  },
};

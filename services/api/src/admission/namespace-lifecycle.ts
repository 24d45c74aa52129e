import { builtIn } from '@gantry/model/built-in.ts';
import { infoOf } from '../core/keys.ts';
import { type NamespaceDeps, requireNamespace } from '../core/namespaces.ts';
import type { AdmissionStep } from './chain.ts';
import { forbidden } from './refusal.ts';

const namespaceKind = builtIn.kindOf('', 'Namespace')!;
/** Namespaces that Kubernetes does not let anybody delete either. */
const immortal: readonly string[] = ['default', 'kube-system', 'kube-public'];

/**
 * NamespaceLifecycle: nothing new comes into a namespace that does not exist or ends, parts of objects such as evictions among it,
 * and some namespaces stay. The commit of a creation asks again: it stands on its namespace.
 */
export function namespaceLifecycleStep(deps: NamespaceDeps): AdmissionStep {
  return {
    name: 'NamespaceLifecycle',
    handles: ({ kind, operation }) =>
      (operation === 'CREATE' && kind.namespaced) || (operation === 'DELETE' && kind === namespaceKind),
    mutate: async (attempt) => {
      const { kind, operation, namespace, name, object } = attempt;
      if (operation === 'CREATE') {
        const shown = name || object?.metadata.generateName || '';
        await requireNamespace(deps, namespace, infoOf(kind, shown));
      } else if (immortal.includes(name)) {
        throw forbidden(attempt, 'this namespace may not be deleted');
      }
    },
  };
}

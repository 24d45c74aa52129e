import { resourceOf } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { AdmissionAttempt } from './chain.ts';

/** `pods "p" is forbidden: …`, as admission refuses a write in Kubernetes. An object whose name is still to be made goes by its start. */
export function forbidden({ kind, name, object }: AdmissionAttempt, problem: string): GantryError {
  const shown = name || object?.metadata.name || object?.metadata.generateName || 'Unknown';
  return new GantryError('Forbidden', `${resourceOf(kind)} ${JSON.stringify(shown)} is forbidden: ${problem}`, {
    resource: { group: kind.group, resource: kind.plural, name: shown },
  });
}

/** Validation of a StatefulSet's status. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { StatefulSet } from '../../gen/gantry.apps.v1.ts';
import { invalidValue, nonNegative } from '../../validation/causes.ts';

const parts = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const;

/** Validates a StatefulSet's status: no part exceeds the whole, and collisions only become more. */
export function validateStatefulSetStatus(object: StatefulSet, stored: StatefulSet): FieldCause[] {
  const { status = {} } = object;
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const causes = (['replicas', ...parts, 'observedGeneration', 'collisionCount'] as const).flatMap((name) =>
    nonNegative(`status.${name}`, status[name]),
  );
  for (const name of parts) {
    const count = status[name] ?? 0;
    if (count > replicas) causes.push(invalidValue(`status.${name}`, count, 'cannot be greater than status.replicas'));
  }
  if (availableReplicas > readyReplicas) {
    const text = 'cannot be greater than status.readyReplicas';
    causes.push(invalidValue('status.availableReplicas', availableReplicas, text));
  }
  return [...causes, ...validateCollisions(status.collisionCount, stored.status?.collisionCount)];
}

/** Validates that collisions of names become no fewer: the count is a part of the next name. */
export function validateCollisions(count: number | undefined, stored: number | undefined): FieldCause[] {
  if (stored === undefined || (count !== undefined && count >= stored)) return [];
  return [invalidValue('status.collisionCount', count ?? 0, 'cannot be decremented')];
}

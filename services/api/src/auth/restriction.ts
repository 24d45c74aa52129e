import { isDeepStrictEqual } from 'node:util';
import type { Kind } from '@gantry/model/kind.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { AdmissionStep } from '../admission/chain.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { User } from './user.ts';

/** A write that its user is authorized for, with the objects that it is about. */
export interface WriteAttempt {
  readonly kind: Kind;
  readonly verb: 'create' | 'update' | 'delete';
  /** Empty for the object itself. */
  readonly subresource: string;
  /** Empty for kinds that are in none. */
  readonly namespace: string;
  readonly name: string;
  /** The object as it is to be stored, with its defaults; undefined for a deletion. */
  readonly object: AnyObject | undefined;
  /** The stored object; undefined for a creation. */
  readonly stored: AnyObject | undefined;
}

/** Refuses writes by what is in them: throws Forbidden. */
export type Restriction = (user: User, attempt: WriteAttempt) => void;

const verbs = { CREATE: 'create', UPDATE: 'update', DELETE: 'delete', CONNECT: undefined } as const;

/** A restriction as a step of admission: before validation, as in Kubernetes. */
export function restrictionStep(name: string, restrict: Restriction): AdmissionStep {
  return {
    name,
    handles: ({ operation }) => operation !== 'CONNECT',
    mutate: ({ request: { user, subresource }, operation, kind, namespace, name, object, stored }) => {
      const verb = verbs[operation];
      if (verb !== undefined) restrict(user, { kind, verb, subresource, namespace, name, object, stored });
    },
  };
}

/** `nodes "n" is forbidden: …`, as Kubernetes' admission refuses a write. */
export function refusal({ kind, name }: Pick<WriteAttempt, 'kind' | 'name'>, problem: string): GantryError {
  const named = name === '' ? '' : ` ${JSON.stringify(name)}`;
  return new GantryError('Forbidden', `${resourceOf(kind)}${named} is forbidden: ${problem}`, {
    resource: { group: kind.group, resource: kind.plural, name },
  });
}

/** True where a change is one of owners and finalizers alone: garbage collection, which takes them away, grants nothing. */
export function changesGarbageFieldsAlone(object: AnyObject, stored: AnyObject): boolean {
  const others = ({ metadata, ...rest }: AnyObject): object => {
    const { ownerReferences: _o, finalizers: _f, managedFields: _m, resourceVersion: _v, ...kept } = metadata;
    return { ...rest, metadata: kept };
  };
  return isDeepStrictEqual(others(object), others(stored));
}

import { decodeStored } from '@gantry/model/decode.ts';
import type { Registry } from '@gantry/model/registry.ts';
import { bodyKinds } from '@gantry/model/virtual-kinds.ts';
import { cloneJson } from '../../core/clone.ts';
import { inForm, storedForm } from '../../core/forms.ts';
import { type ScalePaths, scaleOf, setReplicas } from '../../core/scale.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import type { AdmissionAttempt } from '../chain.ts';
import type { Place } from './places.ts';

/** Fields of metadata that the server owns: no webhook or policy changes them. */
const ownFields = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'resourceVersion',
  'managedFields',
] as const;
/** Those of them that a new object does not have before it is stored. */
const laterFields = ['uid', 'creationTimestamp', 'generation'] as const;

/** The objects of an attempt in the forms that webhooks and policies ask for, each converted once. */
export class AttemptObjects {
  readonly #kinds: Registry;
  readonly #attempt: AdmissionAttempt;
  readonly #isNew: boolean;
  #from: AnyObject | undefined;
  readonly #objects = new Map<string, AnyObject>();
  readonly #old = new Map<string, AnyObject>();

  /** @param phase New objects have no identity as yet while they are mutated. */
  constructor(kinds: Registry, attempt: AdmissionAttempt, phase: 'mutate' | 'validate') {
    this.#kinds = kinds;
    this.#attempt = attempt;
    this.#isNew = phase === 'mutate' && attempt.operation === 'CREATE';
  }

  /** The object as a place has it; undefined for a deletion. Never change it. */
  in(place: Place): AnyObject | undefined {
    const { object } = this.#attempt;
    if (object !== this.#from) this.#objects.clear();
    this.#from = object;
    if (object === undefined) return undefined;
    return cached(this.#objects, place, () => {
      const shown = this.#converted(object, place);
      const isChange = this.#attempt.operation === 'UPDATE';
      return this.#isNew ? withoutIdentity(shown) : isChange ? withVersion(shown, this.#attempt.stored) : shown;
    });
  }

  /** The stored object as a place has it; undefined for a creation and a connection. Never change it. */
  oldIn(place: Place): AnyObject | undefined {
    const { stored, operation } = this.#attempt;
    if (stored === undefined || operation === 'CREATE' || operation === 'CONNECT') return undefined;
    return cached(this.#old, place, () => this.#converted(stored, place));
  }

  /**
   * Puts a changed object, as a place has it, into the attempt, with its defaults and without fields that its kind does not have. Throws
   * BadRequest where a field is of another type.
   */
  put(place: Place, value: unknown): void {
    const attempt = this.#attempt;
    const before = attempt.object!;
    if (this.#isScale(place)) {
      const scale = decodeStored(value, bodyKinds) as AnyObject;
      const object = cloneJson(before);
      setReplicas(object, (scale.spec?.replicas ?? 0) as number, scalePaths(attempt)!);
      attempt.object = object;
      return;
    }
    if (isBody(before, place)) {
      attempt.object = value as AnyObject;
      return;
    }
    const object = storedForm(this.#kinds, decodeStored(value, this.#kinds) as AnyObject);
    attempt.kind.setDefaults(object);
    for (const field of ownFields) {
      if (before.metadata[field] === undefined) delete object.metadata[field];
      else object.metadata[field] = before.metadata[field] as never;
    }
    attempt.object = object;
  }

  #converted(object: AnyObject, place: Place): AnyObject {
    if (this.#isScale(place)) return scaleOf(object, scalePaths(this.#attempt)!);
    return isBody(object, place) ? object : inForm(place.form, object);
  }

  #isScale({ type }: Place): boolean {
    return type.kind === 'Scale' && scalePaths(this.#attempt) !== undefined;
  }
}

function scalePaths({ kind, request: { subresource } }: AdmissionAttempt): ScalePaths | undefined {
  return subresource === 'scale' ? kind.subresources?.scale?.scale : undefined;
}

/** True for the body of a subresource, which has a type of its own and one form. */
function isBody(object: AnyObject, { form }: Place): boolean {
  return object.kind !== form.kind.kind;
}

function cached(map: Map<string, AnyObject>, { form }: Place, make: () => AnyObject): AnyObject {
  const found = map.get(form.apiVersion) ?? make();
  map.set(form.apiVersion, found);
  return found;
}

function withoutIdentity(object: AnyObject): AnyObject {
  const metadata: Partial<AnyObject['metadata']> = { ...object.metadata };
  for (const field of laterFields) delete metadata[field];
  if (metadata.name === '') delete metadata.name;
  return { ...object, metadata } as AnyObject;
}

/** An object with the resourceVersion of the one that it is to replace. */
function withVersion(object: AnyObject, stored: AnyObject | undefined): AnyObject {
  const resourceVersion = stored?.metadata.resourceVersion;
  if (resourceVersion === undefined || object.metadata?.resourceVersion) return object;
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}

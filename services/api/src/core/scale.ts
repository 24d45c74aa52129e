import type { Subresource } from '@gantry/model/kind.ts';
import { selectorText } from '@gantry/model/selector-text.ts';
import { nonNegative } from '@gantry/model/validation/causes.ts';
import { bodyKinds } from '@gantry/model/virtual-kinds.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { AnyObject } from './stored-object.ts';

/** The places of a kind's counts. */
export type ScalePaths = NonNullable<Subresource['scale']>;

/** autoscaling/v1 Scale, the body of the subresource. */
export const scaleForm = bodyKinds.formOf({ apiVersion: 'autoscaling/v1', kind: 'Scale' });

/** Sets the replicas of an object, in place. Throws Invalid for a negative number, unless the kind validates it itself. */
export function setReplicas(object: AnyObject, replicas: number, { specReplicas, isValidated }: ScalePaths): void {
  const causes = isValidated ? [] : nonNegative('spec.replicas', replicas);
  if (causes.length > 0) {
    const texts = causes.map(({ field, message }) => `${field}: ${message}`);
    const text = `Scale.autoscaling "${object.metadata.name}" is invalid: ${texts.join(', ')}`;
    throw new GantryError('Invalid', text, { causes });
  }
  const path = specReplicas.split('.');
  const last = path.pop()!;
  const home = path.reduce<Record<string, unknown>>((parent, step) => {
    parent[step] ??= {};
    return parent[step] as Record<string, unknown>;
  }, object);
  home[last] = replicas;
}

/** The Scale of an object. */
export function scaleOf(object: AnyObject, { specReplicas, statusReplicas, selector }: ScalePaths): AnyObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selected = selector === undefined ? undefined : at(object, selector);
  const text = typeof selected === 'string' ? selected : selectorTextOf(selected);
  return {
    kind: scaleForm.kind.kind,
    apiVersion: scaleForm.apiVersion,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: at(object, specReplicas) ?? 0 },
    status: { replicas: at(object, statusReplicas) ?? 0, ...(text === '' ? {} : { selector: text }) },
  };
}

/** A selector as text. That of the first kinds is a map of labels. */
function selectorTextOf(selector: unknown): string {
  if (typeof selector !== 'object' || selector === null) return '';
  const isObject = ['matchLabels', 'matchExpressions'].some((name) => typeof selector[name as never] === 'object');
  return selectorText(isObject ? selector : { matchLabels: selector as Record<string, string> });
}

/** The value at a path with dots; undefined where there is none. */
function at(object: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], object);
}

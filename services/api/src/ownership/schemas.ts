import { FieldSet } from '@gantry/fieldsets/field-set.ts';
import type { Schema, Versions } from '@gantry/fieldsets/update.ts';
import type { Kind, KubeObject } from '@gantry/model/kind.ts';
import { apiVersionOf } from '@gantry/model/registry.ts';
import { jsonFieldsOf } from '@gantry/model/schema.ts';
import { fillZeros } from '@gantry/model/zeros.ts';
import { shapeOf } from './shapes.ts';

// Kinds as field ownership sees them.

/** Fields that the server alone sets, or that identify an object: nobody owns them. */
const unowned = [
  ['f:apiVersion'],
  ['f:kind'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
];

/** A path of fields from the object's root. */
type Path = readonly string[];

const byKind = new WeakMap<Kind, Map<string, Versions>>();

/**
 * The versions of a kind for a write of one of its parts: the whole object but its status, its status, its scale, or any other
 * subresource.
 */
export function versionsOf(kind: Kind, subresource: string): Versions {
  let bySubresource = byKind.get(kind);
  if (bySubresource === undefined) {
    bySubresource = new Map();
    byKind.set(kind, bySubresource);
  }
  let versions = bySubresource.get(subresource);
  if (versions === undefined) {
    versions = describe(kind, subresource);
    bySubresource.set(subresource, versions);
  }
  return versions;
}

function describe(kind: Kind, subresource: string): Versions {
  const stored = apiVersionOf(kind);
  const others = new Map((kind.versions ?? []).map((one) => [apiVersionOf(one), one]));
  const schemas = new Map<string, Schema>();
  for (const [version, message] of [
    [stored, kind.message] as const,
    ...[...others].map(([version, one]) => [version, one.message] as const),
  ]) {
    schemas.set(version, { shape: shapeOf(message), ignored: ignoredOf(kind, message, subresource) });
  }
  return {
    schema: (version) => schemas.get(version),
    convert: (object, version) => {
      const { apiVersion = stored } = object as Partial<KubeObject>;
      if (apiVersion === version) return object;
      const from = others.get(apiVersion);
      // Conversions to the stored version may change what they are given.
      const inStored =
        from === undefined ? (object as KubeObject) : from.toStored(structuredClone(object) as KubeObject);
      return version === stored ? inStored : others.get(version)!.fromStored(inStored);
    },
  };
}

/** The paths that a write of a part does not own, with all that goes on from them. */
function ignoredOf(kind: Kind, message: string, subresource: string): FieldSet {
  switch (subresource) {
    case '':
      return FieldSet.of(...unowned, ...(kind.hasStatus ? [['f:status']] : []));
    case 'status':
      return FieldSet.of(...allBut(message, ['status']));
    case 'scale': {
      const path = kind.subresources?.scale?.scale?.specReplicas ?? 'spec.replicas';
      return FieldSet.of(...allBut(message, path.split('.')));
    }
    default:
      return FieldSet.of(...unowned);
  }
}

/** The paths of all fields that are not on the way to one. */
function allBut(message: string, [name, ...rest]: Path): Path[] {
  const fields = jsonFieldsOf(message);
  const head = fields.has('apiVersion') ? [] : [['f:apiVersion'], ['f:kind']];
  const others = [...fields.keys()].filter((other) => other !== name).map((other) => [`f:${other}`]);
  const { type } = fields.get(name!) ?? {};
  if (rest.length === 0 || type?.kind !== 'message') return [...head, ...others];
  const inner = allBut(type.name, rest).filter(([first]) => first !== 'f:apiVersion' && first !== 'f:kind');
  return [...head, ...others, ...inner.map((path) => [`f:${name}`, ...path])];
}

const empties = new Map<string, object>();

/** An object of a kind in which nothing is set, as its decoder would leave it. Shared: never change it. */
export function emptyOf({ message }: Pick<Kind, 'message'>): object {
  let empty = empties.get(message);
  if (empty === undefined) {
    empty = { metadata: {} };
    fillZeros(message, empty);
    empties.set(message, empty);
  }
  return empty;
}

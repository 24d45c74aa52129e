import type { Schema } from '@gantry/fieldsets/difference.ts';
import { FieldSet } from '@gantry/fieldsets/field-set.ts';
import type { Versions } from '@gantry/fieldsets/update.ts';
import type { CustomKind, Kind, KubeObject } from '@gantry/model/kind.ts';
import { schemaOf } from '@gantry/model/message-types.ts';
import { apiVersionOf } from '@gantry/model/registry.ts';
import type { ObjectSchema } from '@gantry/model/type-schema.ts';
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
  if (kind.custom !== undefined) return describeCustom(kind.custom, subresource);
  const stored = apiVersionOf(kind);
  const others = new Map((kind.versions ?? []).map((one) => [apiVersionOf(one), one]));
  const schemas = new Map<string, Schema>();
  for (const [version, form] of [[stored, kind] as const, ...others]) {
    const schema = schemaOf(form);
    schemas.set(version, { shape: shapeOf(schema), ignored: ignoredOf(kind, schema, subresource) });
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

/** The versions of a definition. Where a webhook converts them, fields of other versions are taken for those of the same name. */
function describeCustom({ versions, stored }: CustomKind, subresource: string): Versions {
  const schemas = new Map(
    versions.map((kind): [string, Schema] => {
      const schema = schemaOf(kind);
      return [apiVersionOf(kind), { shape: shapeOf(schema), ignored: ignoredOf(kind, schema, subresource) }];
    }),
  );
  return {
    schema: (version) => schemas.get(version),
    convert: (object, version) => {
      const given = object as KubeObject;
      return given.apiVersion === undefined
        ? object
        : (stored.convert(given, version) ?? { ...given, apiVersion: version });
    },
  };
}

/** The paths that a write of a part does not own, with all that goes on from them. */
function ignoredOf(kind: Kind, schema: ObjectSchema, subresource: string): FieldSet {
  switch (subresource) {
    case '':
      return FieldSet.of(...unowned, ...(kind.hasStatus ? [['f:status']] : []));
    case 'status':
      return FieldSet.of(...allBut(schema, ['status']));
    case 'scale': {
      const path = kind.subresources?.scale?.scale?.specReplicas ?? 'spec.replicas';
      return FieldSet.of(...allBut(schema, path.split('.')));
    }
    default:
      return FieldSet.of(...unowned);
  }
}

/** The paths of all fields that are not on the way to one. */
function allBut({ fields }: ObjectSchema, [name, ...rest]: Path): Path[] {
  const head = fields.has('apiVersion') ? [] : [['f:apiVersion'], ['f:kind']];
  const others = [...fields.keys()].filter((other) => other !== name).map((other) => [`f:${other}`]);
  const inside = fields.get(name!)?.schema;
  if (rest.length === 0 || inside?.type !== 'object') return [...head, ...others];
  const inner = allBut(inside, rest).filter(([first]) => first !== 'f:apiVersion' && first !== 'f:kind');
  return [...head, ...others, ...inner.map((path) => [`f:${name}`, ...path])];
}

const empties = new WeakMap<Kind, Map<string, object>>();

/** An object of a kind in which nothing is set, in one of its versions, as the decoder would leave it. Shared: never change it. */
export function emptyOf(kind: Kind, version: string = apiVersionOf(kind)): object {
  let byVersion = empties.get(kind);
  if (byVersion === undefined) {
    byVersion = new Map();
    empties.set(kind, byVersion);
  }
  let empty = byVersion.get(version);
  if (empty === undefined) {
    empty = { metadata: {} };
    fillZeros(schemaOf((kind.versions ?? []).find((one) => apiVersionOf(one) === version) ?? kind), empty);
    byVersion.set(version, empty);
  }
  return empty;
}

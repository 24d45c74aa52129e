/** Rules for the kinds of lists and maps that a schema names. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { JSONSchemaProps } from '../../gen/gantry.apiextensions.v1.ts';
import { forbidden, invalidValue, notSupported, required } from '../../validation/causes.ts';
import { itemsOf } from './schemas.ts';

const listTypes = ['atomic', 'set', 'map'];
const mapTypes = ['atomic', 'granular'];

/** Faults of x-kubernetes-map-type. */
export function mapTypeFaults(schema: JSONSchemaProps, path: string): FieldCause[] {
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType === undefined) return [];
  return [
    ...typeFaults(schema, 'object', path, 'must be object if x-kubernetes-map-type is specified'),
    ...(mapTypes.includes(mapType) ? [] : [notSupported(`${path}.x-kubernetes-map-type`, mapType, mapTypes)]),
  ];
}

/** Faults of x-kubernetes-list-type and x-kubernetes-list-map-keys. @param areSetItemsAtomic Entries of sets must have one owner each. */
export function listTypeFaults(schema: JSONSchemaProps, path: string, areSetItemsAtomic: boolean): FieldCause[] {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const faults: FieldCause[] = [];
  if (listType !== undefined) {
    const wrong = typeFaults(schema, 'array', path, 'must be array if x-kubernetes-list-type is specified');
    faults.push(...wrong);
    if (wrong.length === 0 && areSetItemsAtomic) faults.push(...setItemFaults(schema, path));
    if (!listTypes.includes(listType)) {
      faults.push(notSupported(`${path}.x-kubernetes-list-type`, listType, listTypes));
    }
  }
  if (keys.length > 0 && listType !== 'map') {
    const field = `${path}.x-kubernetes-list-type`;
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    faults.push(listType === undefined ? required(field, detail) : invalidValue(field, listType, detail));
  }
  if (listType === 'map') faults.push(...mapListFaults(schema, keys, path));
  return faults;
}

function typeFaults({ type = '' }: JSONSchemaProps, wanted: string, path: string, detail: string): FieldCause[] {
  if (type === wanted) return [];
  return [type === '' ? required(`${path}.type`, detail) : invalidValue(`${path}.type`, type, detail)];
}

/** Faults of the entries of a set: each must have one owner. */
export function setItemFaults(schema: JSONSchemaProps, path: string): FieldCause[] {
  const items = itemsOf(schema);
  if (schema['x-kubernetes-list-type'] !== 'set' || items === undefined) return [];
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const [listType, mapType] = [items['x-kubernetes-list-type'], items['x-kubernetes-map-type']];
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic') {
    return [invalidValue(`${path}.items.x-kubernetes-list-type`, listType, detail)];
  }
  if (items.type === 'object' && mapType !== 'atomic') {
    return [invalidValue(`${path}.items.x-kubernetes-map-type`, listType ?? null, detail)];
  }
  return [];
}

function mapListFaults(schema: JSONSchemaProps, keys: readonly string[], path: string): FieldCause[] {
  const faults: FieldCause[] = [];
  if (keys.length === 0) {
    const detail = 'must not be empty if x-kubernetes-list-type is map';
    faults.push(required(`${path}.x-kubernetes-list-map-keys`, detail));
  }
  const items = itemsOf(schema);
  if (schema.items === undefined) {
    faults.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'));
  } else if (items === undefined) {
    const detail = 'must only have a single schema if x-kubernetes-list-type is map';
    faults.push(invalidValue(`${path}.items`, schema.items, detail));
  } else if (items.type !== 'object') {
    const detail = "must be object if parent array's x-kubernetes-list-type is map";
    faults.push(invalidValue(`${path}.items.type`, items.type ?? '', detail));
  } else faults.push(...keys.flatMap((_, index) => keyFaults(items, keys, index, path)));
  return faults;
}

function keyFaults(items: JSONSchemaProps, keys: readonly string[], index: number, path: string): FieldCause[] {
  const key = keys[index]!;
  const field = `${path}.x-kubernetes-list-map-keys`;
  const property = propertyOf(items, key);
  const faults: FieldCause[] = [];
  if (property === undefined) faults.push(invalidValue(field, keys, 'entries must all be names of item properties'));
  else if (property.type === 'array' || property.type === 'object') {
    const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
    faults.push(invalidValue(`${path}.items.properties[${key}].type`, items.type, detail));
  }
  if (keys.indexOf(key) < index) faults.push(invalidValue(field, keys, 'must not contain duplicate entries'));
  return faults;
}

/** Faults of keys that entries may lack, and of entries and keys that may be null. */
export function mapKeyFaults(schema: JSONSchemaProps, path: string): FieldCause[] {
  const items = itemsOf(schema);
  const listType = schema['x-kubernetes-list-type'];
  if (items === undefined || (listType !== 'set' && listType !== 'map')) return [];
  const faults: FieldCause[] = [];
  if (items.nullable) {
    faults.push(forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  }
  for (const key of listType === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : []) {
    const property = propertyOf(items, key);
    if (property === undefined) continue;
    const field = `${path}.items.properties[${key}]`;
    const why = 'this property is in x-kubernetes-list-map-keys, so it';
    if (!items.required?.includes(key) && property.default === undefined) {
      faults.push(required(`${field}.default`, `${why} must have a default or be a required property`));
    }
    if (property.nullable) faults.push(forbidden(`${field}.nullable`, `${why} cannot be nullable`));
  }
  return faults;
}

function propertyOf({ properties = {} }: JSONSchemaProps, name: string): JSONSchemaProps | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

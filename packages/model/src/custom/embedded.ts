/** Whole objects within objects: their apiVersion, kind and metadata are read and validated as those of any object. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ObjectMeta } from '../gen/gantry.meta.v1.ts';
import type { FieldReader } from '../kind.ts';
import { objectSchema } from '../message-types.ts';
import { invalidValue, required } from '../validation/causes.ts';
import { validateMetadata } from '../validation/metadata.ts';
import { dns1035LabelProblems, pathSegmentProblems } from '../validation/names.ts';
import { type Fields, isFields, mapFields, mapItems, type SchemaNode } from './node.ts';

const metadataSchema = objectSchema('gantry.meta.v1.ObjectMeta');

/**
 * A value with the metadata of all whole objects in it read by its schema, the same one where there are none. Fields that metadata has
 * not are dropped and told of; what is of another type is refused.
 */
export function withReadMetadata(
  node: SchemaNode | undefined,
  value: unknown,
  reader: FieldReader,
  path = '',
): unknown {
  if (node === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return mapItems(value, (item, index) => withReadMetadata(node.items, item, reader, `${path}[${index}]`));
  }
  return mapFields(value as Fields, (inner, name) => {
    const innerPath = path === '' ? name : `${path}.${name}`;
    if (node.isEmbedded && name === 'metadata') return readMetadata(inner, reader, innerPath);
    if (node.isEmbedded && (name === 'apiVersion' || name === 'kind') && typeof inner !== 'string') {
      reader.refuse(innerPath, `${innerPath}: Invalid value: ${JSON.stringify(inner)}: must be a string`);
      return inner;
    }
    return withReadMetadata(node.property(name) ?? node.others, inner, reader, innerPath);
  });
}

function readMetadata(value: unknown, reader: FieldReader, path: string): unknown {
  if (value === null) return {};
  return reader.object(metadataSchema, value, path);
}

/** Everything that is wrong with whole objects within an object; the object itself is none of them. */
export function validateEmbedded(node: SchemaNode, value: unknown, path = '', isRoot = true): FieldCause[] {
  if (Array.isArray(value)) {
    const { items } = node;
    return items === undefined
      ? []
      : value.flatMap((item, index) => validateEmbedded(items, item, `${path}[${index}]`, false));
  }
  if (!isFields(value)) return [];
  const inner = Object.entries(value).flatMap(([name, each]) => {
    const property = node.property(name);
    if (property !== undefined) return validateEmbedded(property, each, path === '' ? name : `${path}.${name}`, false);
    return node.others === undefined ? [] : validateEmbedded(node.others, each, `${path}[${name}]`, false);
  });
  return node.isEmbedded && !isRoot ? [...validateHead(value, path), ...inner] : inner;
}

function validateHead({ apiVersion, kind, metadata }: Fields, path: string): FieldCause[] {
  const causes: FieldCause[] = [];
  if (apiVersion === undefined) causes.push(required(`${path}.apiVersion`));
  else if (apiVersion === '') causes.push(invalidValue(`${path}.apiVersion`, apiVersion, 'must not be empty'));
  else if (String(apiVersion).split('/').length > 2) {
    causes.push(invalidValue(`${path}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  }
  if (kind === undefined) causes.push(required(`${path}.kind`));
  else if (kind === '') causes.push(invalidValue(`${path}.kind`, kind, 'must not be empty'));
  else {
    const problems = dns1035LabelProblems(String(kind).toLowerCase());
    const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
    if (problems.length > 0) causes.push(invalidValue(`${path}.kind`, kind, text));
  }
  return metadata === undefined ? causes : [...causes, ...validateInner(metadata as ObjectMeta, path)];
}

function validateInner(metadata: ObjectMeta, path: string): FieldCause[] {
  const namespaced = Boolean(metadata.namespace);
  const named = { ...metadata, name: metadata.name || 'fakename' };
  return validateMetadata({ namespaced, nameProblems: pathSegmentProblems }, named).map((cause) => ({
    ...cause,
    field: `${path}.${cause.field}`,
  }));
}

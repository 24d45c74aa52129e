import type { JSONSchemaProps } from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import type { Form } from '@gantry/model/registry.ts';
import type { Document, OpenApiVersion } from './document.ts';

// Schemas of kinds that definitions made, as Kubernetes publishes them: in OpenAPI 3 as they are, in OpenAPI 2 without what that has no
// word for.

/** Parts of the documents that schemas of definitions refer to. */
export interface CommonParts {
  /** apiVersion and kind of any object. */
  readonly identity: Document;
  /** A reference to the schema of metadata. */
  readonly metadata: Document;
}

/** `example.com`, v1, Widget → `com.example.v1.Widget`. */
export function customName({ group, version }: Pick<Form, 'group' | 'version'>, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

/** The schema of a definition's objects, but for the name of its type. */
export function customSchema(
  { kind: { custom, selectableFields } }: Form,
  version: OpenApiVersion,
  { identity, metadata }: CommonParts,
): Document {
  const schema = custom?.openApi;
  // A schema with some properties is taken for all of them by clients of OpenAPI 2, which then refuse the others.
  if (schema === undefined || (version === 2 && schema['x-kubernetes-preserve-unknown-fields'])) {
    return { type: 'object', ...selectable(selectableFields) };
  }
  const whole = converted({ ...schema, 'x-kubernetes-embedded-resource': undefined }, version, { identity, metadata });
  const { properties, ...rest }: Document = { type: 'object', ...whole };
  return {
    ...rest,
    properties: { ...(properties as Document | undefined), ...identity, metadata },
    ...selectable(selectableFields),
  };
}

function selectable(selectableFields: Form['kind']['selectableFields']): Document {
  const fields = Object.keys(selectableFields).map((fieldPath) => ({ fieldPath }));
  return fields.length === 0 ? {} : { 'x-kubernetes-selectable-fields': fields };
}

/** Words that OpenAPI 2 has not, or that clients of it do not expect. */
const unknownToVersion2 = ['allOf', 'anyOf', 'oneOf', 'not', 'nullable', 'default'] as const;

function converted(schema: JSONSchemaProps, version: OpenApiVersion, parts: CommonParts): Document {
  const { properties, items, additionalProperties, ...rest } = schema;
  const isOpen = rest['x-kubernetes-preserve-unknown-fields'] ?? false;
  if (version === 2) {
    for (const word of unknownToVersion2) delete rest[word];
    // Types of such values would be taken for all that there is to say.
    if (schema.nullable || isOpen) return withoutType(rest);
  }
  const inner = (each: JSONSchemaProps): Document => converted(each, version, parts);
  const result: Record<string, unknown> = { ...rest };
  if (rest['x-kubernetes-int-or-string'] && version === 3 && rest.anyOf === undefined && rest.allOf === undefined) {
    result.anyOf = [{ type: 'integer' }, { type: 'string' }];
  }
  if (properties !== undefined) {
    result.properties = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, inner(each)]));
  }
  if (items !== undefined) result.items = Array.isArray(items) ? items.map(inner) : inner(items);
  if (additionalProperties !== undefined) {
    result.additionalProperties =
      typeof additionalProperties === 'object' ? inner(additionalProperties) : additionalProperties;
  }
  if (!rest['x-kubernetes-embedded-resource']) return result;
  return {
    ...result,
    properties: { ...(result.properties as Document | undefined), ...parts.identity, metadata: parts.metadata },
    required: [...new Set([...(rest.required ?? []), 'kind', 'apiVersion'])],
  };
}

function withoutType({ type: _, required: __, ...rest }: JSONSchemaProps): Document {
  return { ...rest };
}

import { objectSchema } from '@gantry/model/message-types.ts';
import type { Form } from '@gantry/model/registry.ts';
import type { Field, ObjectSchema, TypeSchema, ValueForm, ValueSchema } from '@gantry/model/type-schema.ts';
import { customName, customSchema } from './custom.ts';
import type { Document, OpenApiVersion } from './document.ts';

const forms: Readonly<Record<ValueForm, Document>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  uint32: { type: 'integer', format: 'int64' },
  uint64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  time: { type: 'string', format: 'date-time' },
  microTime: { type: 'string', format: 'date-time' },
  duration: { type: 'string' },
  intOrString: { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
  any: { 'x-kubernetes-preserve-unknown-fields': true },
};

/** The same where OpenAPI 2 has another word. */
const formsOfVersion2: Partial<Readonly<Record<ValueForm, Document>>> = {
  quantity: { type: 'string' },
  intOrString: { type: 'string', format: 'int-or-string' },
  any: { type: 'object' },
};

/** Go packages of groups whose types are not in k8s.io/api. */
const otherPackages: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  metrics: 'io.k8s.metrics.pkg.apis.metrics',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
};

/** Names of types whose Go package is not that of their group. */
const otherNames: Readonly<Record<string, string>> = {
  'gantry.meta.v1.Quantity': 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'gantry.meta.v1.IntOrString': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
};

const objectMeta = 'gantry.meta.v1.ObjectMeta';

const identityFields: Document = {
  apiVersion: {
    description: "APIVersion defines the group and the version of this representation's schema.",
    type: 'string',
  },
  kind: { description: 'Kind is the type of the object, in CamelCase.', type: 'string' },
};

/** Name of a type's schema, as Kubernetes names its Go types. */
export function schemaName(type: string): string {
  if (Object.hasOwn(otherNames, type)) return otherNames[type]!;
  const [, group = '', version = '', ...names] = type.split('.');
  return `${otherPackages[group] ?? `io.k8s.api.${group}`}.${version}.${names.join('.')}`;
}

/** A type by its group, version and kind. */
export interface TypeName {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export function gvkOf({ group, version, kind }: Form): TypeName {
  return { group, version, kind: kind.kind };
}

/** Messages of bodies of subresources by their types; others have no schema. */
const bodies: Readonly<Record<string, string>> = {
  'autoscaling/v1 Scale': 'gantry.autoscaling.v1.Scale',
  'policy/v1 Eviction': 'gantry.policy.v1.Eviction',
  '/v1 Binding': 'gantry.core.v1.Binding',
  'authentication.k8s.io/v1 TokenRequest': 'gantry.authentication.v1.TokenRequest',
};

const patchName = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch';

/** The schemas of types and of everything that they refer to, by their names. */
export class Schemas {
  readonly byName: Record<string, Document> = {};
  readonly #version: OpenApiVersion;

  constructor(version: OpenApiVersion) {
    this.#version = version;
  }

  /** Name of the schema of a form's objects. */
  kind(form: Form): string {
    if (form.kind.custom !== undefined) return this.#custom(form);
    return this.#identified(form.schema, gvkOf(form));
  }

  #custom(form: Form): string {
    const name = customName(form, form.kind.kind);
    if (!Object.hasOwn(this.byName, name)) {
      const description = "Standard object's metadata: identity, labels and owners.";
      const metadata = this.describedReference(this.refer(objectSchema(objectMeta)), { description });
      const parts = { identity: identityFields, metadata };
      this.byName[name] = {
        ...customSchema(form, this.#version, parts),
        'x-kubernetes-group-version-kind': [gvkOf(form)],
      };
    }
    return name;
  }

  /** Name of the schema of a form's lists. */
  list(form: Form): string {
    const item = this.kind(form);
    const { kind } = form;
    const listKind = kind.custom?.listKind ?? `${kind.kind}List`;
    const name = kind.custom === undefined ? `${item}List` : customName(form, listKind);
    this.byName[name] ??= {
      description: `${listKind} is a list of ${kind.kind} objects.`,
      type: 'object',
      required: ['items'],
      properties: {
        ...identityFields,
        items: { description: 'The objects.', type: 'array', items: this.reference(item) },
        metadata: this.describedReference(this.refer(objectSchema('gantry.meta.v1.ListMeta')), {
          description: 'Revision and token of the list.',
        }),
      },
      'x-kubernetes-group-version-kind': [{ ...gvkOf(form), kind: listKind }],
    };
    return name;
  }

  /** Name of the schema of a type that a subresource has; undefined where it is no document. */
  type(type: TypeName): string | undefined {
    const message = bodies[`${type.group}/${type.version} ${type.kind}`];
    if (message !== undefined) return this.#identified(objectSchema(message), type);
    const known = Object.entries(this.byName).find(([, { 'x-kubernetes-group-version-kind': types }]) =>
      (types as TypeName[] | undefined)?.some(
        ({ group, version, kind }) => group === type.group && version === type.version && kind === type.kind,
      ),
    );
    return known?.[0];
  }

  get status(): string {
    return this.#identified(objectSchema('gantry.meta.v1.Status'), { group: '', version: 'v1', kind: 'Status' });
  }

  get deleteOptions(): string {
    const type = { group: '', version: 'v1', kind: 'DeleteOptions' };
    return this.#identified(objectSchema('gantry.meta.v1.DeleteOptions'), type);
  }

  get patch(): string {
    const description = 'A patch: its media type tells how it is written.';
    this.byName[patchName] ??= { description, type: 'object' };
    return patchName;
  }

  /** A schema with apiVersion and kind, which names its type. */
  #identified(schema: ObjectSchema, type: TypeName): string {
    this.refer(schema);
    const name = schemaName(schema.name);
    const own = this.byName[name]!;
    if (own['x-kubernetes-group-version-kind'] === undefined) {
      this.byName[name] = {
        ...own,
        properties: { ...identityFields, ...(own.properties as Document) },
        'x-kubernetes-group-version-kind': [type],
      };
    }
    return name;
  }

  /** A reference to a type's schema, which is made where it is missing. */
  refer(schema: ObjectSchema | (ValueSchema & { readonly name: string })): Document {
    const name = schemaName(schema.name);
    if (!Object.hasOwn(this.byName, name)) {
      // Noted first: types may hold themselves.
      this.byName[name] = {};
      this.byName[name] = schema.type === 'object' ? this.#object(schema) : this.#value(schema);
    }
    return this.reference(name);
  }

  reference(name: string): Document {
    return { $ref: `${this.#version === 2 ? '#/definitions/' : '#/components/schemas/'}${name}` };
  }

  /** A reference with words of its own: in OpenAPI 3 nothing may stand beside it. */
  describedReference(reference: Document, words: Document): Document {
    if (Object.keys(words).length === 0) return reference;
    return this.#version === 2 ? { ...words, ...reference } : { ...words, allOf: [reference] };
  }

  #object(schema: ObjectSchema): Document {
    // A name may be made by the server: clients that validate must not ask for one.
    const asksFor = (field: Field): boolean =>
      field.isRequired && field.name !== 'metadata' && schema.name !== objectMeta;
    const required = [...schema.fields.values()].filter(asksFor).map(({ name }) => name);
    const properties = [...schema.fields.values()].map((field) => [field.name, this.#field(field)]);
    return {
      ...described(schema.documentation),
      type: 'object',
      ...(required.length > 0 ? { required: required.sort() } : {}),
      ...(properties.length > 0 ? { properties: Object.fromEntries(properties) } : {}),
      ...(schema.keepsUnknown ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
      ...(schema.isAtomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    };
  }

  #field(field: Field): Document {
    const { patchStrategies, mergeKey, schema } = field;
    const words = {
      ...described(field.documentation),
      ...(field.default === undefined ? {} : { default: field.default }),
      ...(field.isNullable ? { nullable: true } : {}),
      ...(patchStrategies.length > 0 ? { 'x-kubernetes-patch-strategy': patchStrategies.join(',') } : {}),
      ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
    };
    const type = this.#type(schema);
    return '$ref' in type ? this.describedReference(type, words) : { ...words, ...type };
  }

  #type(schema: TypeSchema): Document {
    switch (schema.type) {
      case 'list':
        return {
          type: 'array',
          items: this.#type(schema.items),
          'x-kubernetes-list-type': schema.listType,
          ...(schema.listType === 'map' ? { 'x-kubernetes-list-map-keys': schema.keys } : {}),
        };
      case 'map':
        return {
          type: 'object',
          additionalProperties: this.#type(schema.values),
          ...(schema.isAtomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
        };
      case 'object':
        return this.refer(schema);
      case 'value':
        return isNamed(schema) ? this.refer(schema) : this.#value(schema);
    }
  }

  #value({ form, values, alternatives, documentation = '' }: ValueSchema): Document {
    // The schemas of definitions describe types that have none.
    if (alternatives !== undefined) return described(documentation);
    const type = (this.#version === 2 ? formsOfVersion2[form] : undefined) ?? forms[form];
    return { ...described(documentation), ...type, ...(values === undefined ? {} : { enum: values }) };
  }
}

function isNamed(schema: ValueSchema): schema is ValueSchema & { readonly name: string } {
  return schema.name !== undefined;
}

/** Comments are broken into lines where the files are; readers break them again. */
function described(text: string): { readonly description?: string } {
  return text === '' ? {} : { description: text.replace(/(?<!\n)\n(?!\n)/g, ' ') };
}

import { createHash } from 'node:crypto';
import type { Kind } from '@gantry/model/kind.ts';
import { kubernetesVersion } from '@gantry/model/kubernetes-version.ts';
import { documentedSchemas, type FieldSchema, type MessageSchema } from '@gantry/model/schema.ts';
import { openApiPath } from './discovery.ts';

/** A JSON schema, or any other part of an OpenAPI document. */
type Document = Readonly<Record<string, unknown>>;

const refRoot = '#/components/schemas/';

/** Scalars of protobuf by their type and format in OpenAPI. */
const scalars: Readonly<Record<string, Document>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  uint32: { type: 'integer', format: 'int64' },
  uint64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  float: { type: 'number', format: 'double' },
};

/** Messages that JSON does not write as objects. */
const forms: Readonly<Record<Exclude<MessageSchema['jsonForm'], 'object'>, Document>> = {
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  time: { type: 'string', format: 'date-time' },
  microTime: { type: 'string', format: 'date-time' },
  intOrString: { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
  raw: { description: 'Any JSON value.', 'x-kubernetes-preserve-unknown-fields': true },
  strings: { type: 'array', items: { type: 'string' } },
};

/**
 * OpenAPI v3 of the served kinds, derived from their schemas: an index, and a document for each group and version. Documents are made
 * when first asked for.
 */
export class OpenApi {
  readonly #kinds: ReadonlyMap<string, readonly Kind[]>;
  readonly #documents = new Map<string, Document>();

  constructor(kinds: readonly Kind[]) {
    this.#kinds = Map.groupBy(kinds, openApiPath);
  }

  /** The document of a path below /openapi/v3; undefined for any other path. */
  documentAt(path: string): Document | undefined {
    if (path === '/openapi/v3')
      return { paths: Object.fromEntries([...this.#kinds.keys()].map((each) => this.#entry(each))) };
    const group = path.startsWith('/openapi/v3/') ? path.slice('/openapi/v3/'.length) : '';
    return this.#kinds.has(group) ? this.#document(group) : undefined;
  }

  #entry(group: string): [string, Document] {
    const hash = createHash('sha256')
      .update(JSON.stringify(this.#document(group)))
      .digest('hex')
      .toUpperCase();
    return [group, { serverRelativeURL: `/openapi/v3/${group}?hash=${hash}` }];
  }

  #document(group: string): Document {
    const known = this.#documents.get(group);
    if (known !== undefined) return known;
    const kinds = this.#kinds.get(group)!;
    const made = {
      openapi: '3.0.0',
      info: { title: 'Gantry', version: kubernetesVersion.gitVersion },
      paths: Object.fromEntries(kinds.flatMap((kind) => pathsOf(kind))),
      components: { schemas: schemasOf(kinds) },
    };
    this.#documents.set(group, made);
    return made;
  }
}

let documented: ReadonlyMap<string, MessageSchema> | undefined;

/** A message with its comments. They are read when the first document is asked for. */
function messageSchema(message: string): MessageSchema {
  documented ??= new Map(documentedSchemas().map((schema) => [schema.name, schema]));
  const schema = documented.get(message);
  if (schema === undefined) throw new Error(`invariant broken: no message ${message}`);
  return schema;
}

/** The properties of a message's JSON object: inlined messages give theirs to the parent. */
function propertiesOf(message: string): FieldSchema[] {
  return messageSchema(message).fields.flatMap((field) =>
    field.inline && field.type.kind === 'message' ? propertiesOf(field.type.name) : [field],
  );
}

/** Name of a message's schema, as Kubernetes names its Go types. */
function schemaName(message: string): string {
  const [, group = '', version = '', ...names] = message.split('.');
  const name = names.join('.');
  if (group === 'meta') return `io.k8s.apimachinery.pkg.apis.meta.${version}.${name}`;
  return `io.k8s.api.${group}.${version}.${name}`;
}

function schemasOf(kinds: readonly Kind[]): Document {
  const schemas: Record<string, Document> = {};
  const add = (message: string): void => {
    const name = schemaName(message);
    if (Object.hasOwn(schemas, name)) return;
    // Noted first: messages may hold themselves.
    schemas[name] = {};
    schemas[name] = schemaOf(message, add);
  };
  for (const kind of kinds) {
    add(kind.message);
    const name = schemaName(kind.message);
    const identity = { apiVersion: identityField('apiVersion'), kind: identityField('kind') };
    const own = schemas[name]!;
    schemas[name] = {
      ...own,
      properties: { ...identity, ...(own.properties as Document) },
      'x-kubernetes-group-version-kind': [gvkOf(kind)],
    };
    schemas[`${name}List`] = {
      description: `${kind.kind}List is a list of objects of kind ${kind.kind}.`,
      type: 'object',
      required: ['items'],
      properties: {
        ...identity,
        items: { type: 'array', items: { allOf: [{ $ref: refRoot + name }], default: {} } },
        metadata: { type: 'object', properties: { continue: { type: 'string' }, resourceVersion: { type: 'string' } } },
      },
      'x-kubernetes-group-version-kind': [{ ...gvkOf(kind), kind: `${kind.kind}List` }],
    };
  }
  return schemas;
}

function identityField(name: 'apiVersion' | 'kind'): Document {
  const description =
    name === 'kind'
      ? 'The kind of the object, in CamelCase.'
      : 'The group and version of the schema of this representation.';
  return { description, type: 'string' };
}

function schemaOf(message: string, add: (message: string) => void): Document {
  const { jsonForm, comment } = messageSchema(message);
  const description = comment === '' ? {} : { description: comment };
  if (jsonForm !== 'object') return { ...description, ...forms[jsonForm] };
  const fields = propertiesOf(message);
  const required = fields.filter((field) => field.required).map(({ name }) => name);
  return {
    ...description,
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(fields.map((field) => [field.name, propertyOf(field, add)])),
  };
}

function propertyOf(field: FieldSchema, add: (message: string) => void): Document {
  const description = field.comment === '' ? {} : { description: field.comment };
  const { patchStrategies, mergeKey } = field;
  const patch = {
    ...(patchStrategies.length > 0 ? { 'x-kubernetes-patch-strategy': patchStrategies.join(',') } : {}),
    ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
  };
  const value = valueSchema(field, add);
  switch (field.cardinality) {
    case 'list':
      return { ...description, type: 'array', items: value, ...patch };
    case 'map':
      return { ...description, type: 'object', additionalProperties: value };
    case 'single':
      // A reference stands alone: what is said of the field goes around it.
      return '$ref' in value ? { ...description, allOf: [value], ...patch } : { ...description, ...value };
  }
}

function valueSchema({ type }: FieldSchema, add: (message: string) => void): Document {
  switch (type.kind) {
    case 'scalar':
      return scalars[type.scalar] ?? { type: 'string' };
    case 'enum':
      return { type: 'string', enum: Object.keys(type.values) };
    case 'message':
      add(type.name);
      return { $ref: refRoot + schemaName(type.name) };
  }
}

function gvkOf({ group, version, kind }: Kind): Document {
  return { group, version, kind };
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];
const listParameters = ['continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion', 'watch'];
const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'];
const deleteParameters = ['dryRun', 'gracePeriodSeconds', 'propagationPolicy'];

/** The paths of a kind with their methods, as far as clients look at them: parameters, bodies, and the kind. */
function pathsOf(kind: Kind): [string, Document][] {
  const root = `/${openApiPath(kind)}`;
  const collection = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : `${root}/${kind.plural}`;
  const one = `${collection}/{name}`;
  const object = { '*/*': { schema: referenceTo(kind) } };
  const patches = Object.fromEntries(patchTypes.map((type) => [type, { schema: { type: 'object' } }]));
  const status = {
    get: operation(kind, 'get', []),
    put: operation(kind, 'put', writeParameters, object),
    patch: operation(kind, 'patch', writeParameters, patches),
  };
  const all = {
    get: operation(kind, 'list', listParameters),
    post: operation(kind, 'post', writeParameters, object),
    delete: operation(kind, 'deletecollection', []),
  };
  if (kind.verbs !== undefined) return [[collection, { post: all.post }]];
  const single = { ...status, delete: operation(kind, 'delete', deleteParameters) };
  const paths: [string, Document][] = [
    [collection, all],
    [one, single],
  ];
  return kind.hasStatus ? [...paths, [`${one}/status`, status]] : paths;
}

function operation(kind: Kind, action: string, parameters: readonly string[], body?: Document): Document {
  return {
    description: `${action} objects of kind ${kind.kind}`,
    operationId: `${action}${kind.group}${kind.version}${kind.kind}`,
    parameters: parameters.map(queryParameter),
    ...(body === undefined ? {} : { requestBody: { content: body } }),
    responses: { '200': { description: 'OK', content: { 'application/json': { schema: referenceTo(kind) } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvkOf(kind),
  };
}

function referenceTo(kind: Kind): Document {
  return { $ref: refRoot + schemaName(kind.message) };
}

function queryParameter(name: string): Document {
  return { name, in: 'query', schema: { type: 'string', uniqueItems: true } };
}

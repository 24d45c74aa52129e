import { createHash } from 'node:crypto';
import type { Kind } from '@gantry/model/kind.ts';
import { kubernetesVersion } from '@gantry/model/kubernetes-version.ts';
import { objectSchema, schemaOf } from '@gantry/model/message-types.ts';
import { openApiPath } from '../discovery.ts';
import { type Document, Schemas, schemaName } from './schemas.ts';

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

function schemasOf(kinds: readonly Kind[]): Document {
  const schemas = new Schemas(3);
  for (const kind of kinds) {
    const reference = schemas.refer(schemaOf(kind));
    const name = schemaName(kind.message);
    const identity = { apiVersion: identityField('apiVersion'), kind: identityField('kind') };
    const own = schemas.byName[name]!;
    schemas.byName[name] = {
      ...own,
      properties: { ...identity, ...(own.properties as Document) },
      'x-kubernetes-group-version-kind': [gvkOf(kind)],
    };
    schemas.byName[`${name}List`] = {
      description: `${kind.kind}List is a list of objects of kind ${kind.kind}.`,
      type: 'object',
      required: ['items'],
      properties: {
        ...identity,
        items: { type: 'array', items: reference },
        metadata: schemas.refer(objectSchema('gantry.meta.v1.ListMeta')),
      },
      'x-kubernetes-group-version-kind': [{ ...gvkOf(kind), kind: `${kind.kind}List` }],
    };
  }
  return schemas.byName;
}

function identityField(name: 'apiVersion' | 'kind'): Document {
  const description =
    name === 'kind'
      ? 'The kind of the object, in CamelCase.'
      : 'The group and version of the schema of this representation.';
  return { description, type: 'string' };
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
  return { $ref: `#/components/schemas/${schemaName(kind.message)}` };
}

function queryParameter(name: string): Document {
  return { name, in: 'query', schema: { type: 'string', uniqueItems: true } };
}

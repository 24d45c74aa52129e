import type { Form } from '@gantry/model/registry.ts';
import { openApiPath, subresourcesOf } from '../discovery.ts';
import { patchMediaTypes } from '../patch-types.ts';
import { gvkOf, type Schemas, type TypeName } from './schemas.ts';

// The paths of a form with their operations, in no version of OpenAPI yet.

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
}

export interface Operation {
  readonly method: 'get' | 'put' | 'post' | 'delete' | 'patch';
  /** Kubernetes' word for it, such as list. */
  readonly action: string;
  /** Such as listAppsV1NamespacedDeployment. */
  readonly id: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  /** Name of the body's schema; a patch has Kubernetes' own. Without one there is no body. */
  readonly body?: string | undefined;
  /** Name of the answer's schema; undefined for an answer that is no document. */
  readonly answer: string | undefined;
  /** The type that it is about. */
  readonly type: TypeName;
  /** Media types of the body; any for one that is no patch. */
  readonly takes?: readonly string[];
}

export interface Path {
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

function query(name: string, description: string, type: Parameter['type'] = 'string'): Parameter {
  return { name, in: 'query', type, description };
}

const dryRun = query('dryRun', 'All: everything is done but the write.');
const fieldManager = query('fieldManager', 'Owner of the fields that are set, at most 128 characters.');
const fieldValidation = query('fieldValidation', 'Treatment of unknown and duplicate fields: Ignore, Warn or Strict.');
const writes = [dryRun, fieldManager, fieldValidation];
const patches = [...writes, query('force', 'Takes fields over from other managers; for applications only.', 'boolean')];
const version = query('resourceVersion', 'The version that the answer is at least as new as, or exactly of.');
const lists = [
  query('allowWatchBookmarks', 'Asks for bookmarks in a watch.', 'boolean'),
  query('continue', 'Token of the next page, from the page before.'),
  query('fieldSelector', 'Restricts the objects by their fields.'),
  query('labelSelector', 'Restricts the objects by their labels.'),
  query('limit', 'Objects in one page, at most.', 'integer'),
  version,
  query('resourceVersionMatch', 'The meaning of resourceVersion: NotOlderThan or Exact.'),
  query('sendInitialEvents', 'Begins a watch with what exists.', 'boolean'),
  query('timeoutSeconds', 'Seconds until a list or watch ends.', 'integer'),
  query('watch', 'Sends changes instead of a list.', 'boolean'),
];
const deletes = [
  dryRun,
  query('gracePeriodSeconds', 'Seconds until the object goes; its own time by default.', 'integer'),
  query('orphanDependents', 'Replaced by propagationPolicy.', 'boolean'),
  query('propagationPolicy', 'What becomes of dependents: Orphan, Background or Foreground.'),
];
const pretty = query('pretty', 'Writes JSON with line breaks.');
const namespaceParameter: Parameter = {
  name: 'namespace',
  in: 'path',
  type: 'string',
  description: 'Namespace of the objects.',
};
const nameParameter: Parameter = { name: 'name', in: 'path', type: 'string', description: 'Name of the object.' };

/** The paths of a form. Schemas that they refer to are made where they are missing. */
export function pathsOf(form: Form, schemas: Schemas): Path[] {
  const { kind } = form;
  const root = `/${openApiPath(form)}`;
  const collection = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : `${root}/${kind.plural}`;
  const outer = [...(kind.namespaced ? [namespaceParameter] : []), pretty];
  const own = (verb: string, method: Operation['method'], rest: Partial<Operation> = {}): Operation => ({
    method,
    action: method,
    id: idOf(verb, form),
    description: `${verb} ${kind.kind} objects`,
    parameters: [],
    answer: schemas.kind(form),
    type: gvkOf(form),
    ...rest,
  });
  const body = schemas.kind(form);
  const create = own('create', 'post', { parameters: writes, body });
  const list = own('list', 'get', { action: 'list', parameters: lists, answer: schemas.list(form) });
  const read = own('read', 'get');
  if (kind.verbs !== undefined) {
    const isCall = kind.verbs[0] === 'create';
    const all = { path: collection, parameters: outer, operations: [isCall ? create : list] };
    return isCall
      ? [all]
      : [all, { path: `${collection}/{name}`, parameters: [nameParameter, ...outer], operations: [read] }];
  }
  const removal = { body: schemas.deleteOptions, answer: schemas.status };
  const ofAll = { id: idOf('list', form, 'ForAllNamespaces'), type: gvkOf(form) };
  const everywhere: Path[] = kind.namespaced
    ? [{ path: `${root}/${kind.plural}`, parameters: [pretty], operations: [{ ...list, ...ofAll }] }]
    : [];
  const replace = own('replace', 'put', { parameters: writes, body });
  const patch = own('patch', 'patch', { parameters: patches, body: schemas.patch, takes: patchMediaTypes(kind) });
  return [
    ...everywhere,
    {
      path: collection,
      parameters: outer,
      operations: [
        list,
        create,
        own('deleteCollection', 'delete', {
          action: 'deletecollection',
          parameters: [...lists.filter(({ name }) => name !== 'watch'), ...deletes],
          ...removal,
        }),
      ],
    },
    {
      path: `${collection}/{name}`,
      parameters: [nameParameter, ...outer],
      operations: [read, replace, own('delete', 'delete', { parameters: deletes, ...removal }), patch],
    },
    ...subresourcePaths(form, schemas, `${collection}/{name}`, [nameParameter, ...outer]),
  ];
}

const methods: Readonly<Record<string, readonly [method: Operation['method'], word: string]>> = {
  get: ['get', 'read'],
  update: ['put', 'replace'],
  patch: ['patch', 'patch'],
  create: ['post', 'create'],
  delete: ['delete', 'delete'],
};

function subresourcePaths(form: Form, schemas: Schemas, path: string, parameters: readonly Parameter[]): Path[] {
  return subresourcesOf(form).map(({ subresource, responseKind, verbs }) => {
    const schema = schemas.type(responseKind);
    const operations = verbs.map((verb): Operation => {
      const [method, word] = methods[verb]!;
      return {
        method,
        action: verb === 'create' && schema === undefined ? 'connect' : method,
        id: idOf(word, form, capital(subresource)),
        description: `${word} ${subresource} of the ${form.kind.kind}`,
        parameters: verb === 'patch' ? patches : verb === 'get' ? [] : writes,
        body: verb === 'get' || verb === 'delete' ? undefined : verb === 'patch' ? schemas.patch : schema,
        answer: schema,
        type: responseKind,
        ...(verb === 'patch' ? { takes: patchMediaTypes(form.kind) } : {}),
      };
    });
    return { path: `${path}/${subresource}`, parameters, operations };
  });
}

/** `list`, apps/v1 Deployment → `listAppsV1NamespacedDeployment`. */
function idOf(verb: string, { group, version: of, kind }: Form, suffix = ''): string {
  const words = group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split(/[.-]/);
  const scope = kind.namespaced && suffix !== 'ForAllNamespaces' ? 'Namespaced' : '';
  return `${verb}${words.map(capital).join('')}${capital(of)}${scope}${kind.kind}${suffix}`;
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

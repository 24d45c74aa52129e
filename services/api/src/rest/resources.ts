import type { Kind } from '@gantry/model/kind.ts';
import { apiVersionOf, resourceOf } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { ObjectQuery, ObjectRef } from '../core/api.ts';
import type { DeletionRequest } from '../core/deletion.ts';
import type { PatchType } from '../core/patching.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { type Wanted, wantedBy } from './accept.ts';
import { type Outgoing, Stream, sendDocument, sendText } from './answer.ts';
import { fieldsFrom, objectFrom } from './bodies.ts';
import { mediaTypeOf, readBody, unsupported } from './body.ts';
import { ListWriter } from './list-writer.ts';
import { revisionParameter, wholeNumber, writeParameters } from './parameters.ts';
import type { ResourceDeps, ResourceRequest } from './request.ts';
import { deletedStatus } from './status.ts';
import { handleSubresource } from './subresources/subresources.ts';
import { metadataOf, type RowObject, tableOf } from './table.ts';
import { watchResource } from './watching.ts';

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
};

const deleteOptions = { apiVersion: 'v1', kind: 'DeleteOptions' };

/** Answers a request for a resource, or throws the GantryError of its refusal. */
export async function handleResource(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { route } = request;
  if (route.subresource !== '' && route.subresource !== 'status') {
    return await handleSubresource(deps, request, response);
  }
  const wanted = wantedBy(request.incoming.headers.accept);
  if (wanted === undefined) {
    throw new GantryError(
      'NotAcceptable',
      `only the following media types are accepted: application/json, application/yaml`,
    );
  }
  switch (route.verb) {
    case 'get':
      return answer(deps, request, response, await deps.api.get(request.context, refOf(request)), wanted);
    case 'list':
      return await list(deps, request, response, wanted);
    case 'watch':
      return await watchResource(deps, request, queryOf(request), response, wanted);
    case 'create':
      return answer(deps, request, response, await create(deps, request), wanted, 201);
    case 'update':
      return answer(deps, request, response, await update(deps, request), wanted);
    case 'patch':
      return answer(deps, request, response, await patch(deps, request), wanted);
    case 'delete':
      return await remove(deps, request, response, wanted);
    case 'deletecollection':
      return await removeAll(deps, request, response);
  }
}

function answer(
  { clock }: ResourceDeps,
  { kind, query }: ResourceRequest,
  response: Outgoing,
  object: AnyObject,
  { encoding, form }: Wanted,
  code = 200,
): void {
  const { resourceVersion } = object.metadata;
  const document =
    form === 'table'
      ? tableOf(kind, [object], { metadata: { resourceVersion }, rowObject: rowObjectOf(query), nowMs: clock.now() })
      : form === 'metadata'
        ? metadataOf(object)
        : object;
  sendDocument(response, code, document, encoding);
}

/** Sends a list. Without a limit it is sent whole, page by page of one revision, and never held in memory. */
async function list(deps: ResourceDeps, request: ResourceRequest, response: Outgoing, wanted: Wanted): Promise<void> {
  const { api, clock } = deps;
  const { kind, query, context } = request;
  const limit = wholeNumber(query, 'limit') ?? 0;
  const writer = new ListWriter(kind, wanted, rowObjectOf(query), clock.now());
  let stream: Stream | undefined;
  let token = query.get('continue') ?? '';
  do {
    // Encoding is a part of the list's work: it waits for its turns, so that others are served between two objects.
    const page = await api.list(context, queryOf(request), { limit, token }, async ({ items, ...listed }, turn) => ({
      revision: listed.revision,
      token: listed.token,
      text: await writer.items(items, turn),
    }));
    token = page.token;
    const isLast = token === '' || limit > 0;
    if (stream === undefined) {
      if (isLast) {
        const text = writer.head(page.revision, limit > 0 ? token : '') + page.text + writer.tail();
        if (wanted.encoding === 'yaml') return sendDocument(response, 200, JSON.parse(text), 'yaml');
        return sendText(response, 200, text, 'application/json');
      }
      if (wanted.encoding === 'yaml')
        throw new GantryError('NotAcceptable', 'long lists are not sent as YAML: use a limit');
      stream = new Stream(response, 'application/json', context.signal);
      await stream.write(writer.head(page.revision, ''));
    }
    await stream.write(page.text);
  } while (token !== '');
  await stream.write(writer.tail());
  stream.end();
}

async function create(deps: ResourceDeps, request: ResourceRequest): Promise<AnyObject> {
  const { route, kind, query, context } = request;
  if (route.name !== '')
    throw new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  const { dryRun } = writeParameters(query);
  return deps.api.create(context, await objectIn(deps, request, kind), dryRun);
}

async function update(deps: ResourceDeps, request: ResourceRequest): Promise<AnyObject> {
  const { route, kind, query, context } = request;
  const { dryRun } = writeParameters(query);
  const object = await objectIn(deps, request, kind);
  if (object.metadata.name !== route.name) {
    throw new GantryError(
      'BadRequest',
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${route.name})`,
    );
  }
  return route.subresource === 'status'
    ? deps.api.updateStatus(context, object, dryRun)
    : deps.api.update(context, object, dryRun);
}

async function patch(deps: ResourceDeps, request: ResourceRequest): Promise<AnyObject> {
  const { route, query, context } = request;
  const mediaType = mediaTypeOf(request.incoming);
  const type = Object.hasOwn(patchTypes, mediaType) ? patchTypes[mediaType] : undefined;
  if (type === undefined) throw unsupported(mediaType, Object.keys(patchTypes));
  const { dryRun } = writeParameters(query);
  const body = (await readBody(request.incoming, deps.maxBodyBytes, context.signal)).toString('utf8');
  const subresource = route.subresource === 'status' ? 'status' : '';
  return deps.api.patch(context, refOf(request), { type, body, subresource, dryRun });
}

async function remove(deps: ResourceDeps, request: ResourceRequest, response: Outgoing, wanted: Wanted): Promise<void> {
  const { kind, query, context } = request;
  const options = await deletionOf(deps, request);
  const { object, gone } = await deps.api.delete(
    context,
    refOf(request),
    options,
    options.dryRun || writeParameters(query).dryRun,
  );
  if (!gone) return answer(deps, request, response, object, wanted);
  const { name, uid } = object.metadata;
  sendDocument(response, 200, deletedStatus({ name, uid, group: kind.group, kind: kind.plural }), wanted.encoding);
}

/** Deletes what a list shows, one object after another. Objects that are gone meanwhile are no failure. */
async function removeAll(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { kind, query, context } = request;
  const options = await deletionOf(deps, request);
  const dryRun = options.dryRun || writeParameters(query).dryRun;
  const deleted: AnyObject[] = [];
  let token = '';
  let revision = 0;
  do {
    const page = await deps.api.list(context, queryOf(request), { limit: 0, token }, async (listed) => listed);
    ({ token, revision } = page);
    for (const { metadata } of page.items) {
      const ref = { resource: resourceOf(kind), namespace: metadata.namespace ?? '', name: metadata.name };
      const result = await deps.api.delete(context, ref, options, dryRun).catch((error: unknown) => {
        if (error instanceof GantryError && error.reason === 'NotFound') return undefined;
        throw error;
      });
      if (result !== undefined) deleted.push(result.object);
    }
  } while (token !== '');
  const head = { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind) };
  sendDocument(response, 200, { ...head, metadata: { resourceVersion: String(revision) }, items: deleted });
}

/** DeleteOptions from the body, or from the query if there is none. */
async function deletionOf(
  deps: ResourceDeps,
  { incoming, query, context }: ResourceRequest,
): Promise<DeletionRequest & { readonly dryRun: boolean }> {
  const body = await readBody(incoming, deps.maxBodyBytes, context.signal);
  const given =
    body.length === 0 ? {} : fieldsFrom(body, mediaTypeOf(incoming), deleteOptions, 'gantry.meta.v1.DeleteOptions');
  const preconditions = (given.preconditions ?? {}) as Record<string, unknown>;
  const grace = given.gracePeriodSeconds ?? wholeNumber(query, 'gracePeriodSeconds');
  if (grace !== undefined && grace !== null && !Number.isInteger(grace)) {
    throw new GantryError(
      'BadRequest',
      `gracePeriodSeconds: Invalid value: ${JSON.stringify(grace)}: must be a whole number`,
    );
  }
  const orphans = given.orphanDependents;
  const policy = given.propagationPolicy ?? query.get('propagationPolicy') ?? (orphans === true ? 'Orphan' : undefined);
  return {
    ...(grace === undefined || grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy === undefined || policy === null ? {} : { propagationPolicy: String(policy) }),
    ...(preconditions.uid ? { uid: String(preconditions.uid) } : {}),
    ...(preconditions.resourceVersion ? { resourceVersion: String(preconditions.resourceVersion) } : {}),
    dryRun: Array.isArray(given.dryRun) && given.dryRun.includes('All'),
  };
}

/** The object in a request's body: of the URL's kind and, where the URL has one, namespace. */
async function objectIn(deps: ResourceDeps, request: ResourceRequest, kind: Kind): Promise<AnyObject> {
  const { route, incoming, context } = request;
  const mediaType = mediaTypeOf(incoming);
  const body = await readBody(incoming, deps.maxBodyBytes, context.signal);
  const object = objectFrom(body, mediaType, kind);
  if (object.kind !== kind.kind || object.apiVersion !== apiVersionOf(kind)) {
    throw new GantryError(
      'BadRequest',
      `${object.kind} in version "${object.apiVersion}" cannot be handled as a ${kind.kind}: the URL is that of ${apiVersionOf(kind)}`,
    );
  }
  const { metadata } = object;
  if (kind.namespaced && route.namespace !== '') {
    metadata.namespace ||= route.namespace;
    if (metadata.namespace !== route.namespace) {
      throw new GantryError(
        'BadRequest',
        `the namespace of the provided object does not match the namespace sent on the request`,
      );
    }
  }
  return object;
}

function refOf({ route, kind }: ResourceRequest): ObjectRef {
  return { resource: resourceOf(kind), namespace: route.namespace, name: route.name };
}

/** The objects that a list, watch or deletion of a collection is about; a watch may name one of them in its path. */
function queryOf({ route, kind, query }: ResourceRequest): ObjectQuery {
  revisionParameter(query);
  const named = route.name === '' ? [] : [`metadata.name=${route.name}`];
  return {
    resource: resourceOf(kind),
    namespace: route.namespace,
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: [...named, query.get('fieldSelector') ?? ''].filter((text) => text !== '').join(','),
  };
}

function rowObjectOf(query: URLSearchParams): RowObject {
  const value = query.get('includeObject') || 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw new GantryError(
    'BadRequest',
    `includeObject: Unsupported value: "${value}": supported values: "Metadata", "None", "Object"`,
  );
}

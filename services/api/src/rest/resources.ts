import type { Kind } from '@gantry/model/kind.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { partVerbs } from '../core/parts.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { Outgoing } from './answer.ts';
import { objectFrom } from './bodies.ts';
import { applyType, mediaTypeOf, readBody } from './body.ts';
import { deleteCollection, deleteObject } from './deleting.ts';
import { writeParameters } from './parameters.ts';
import { patchTypeOf } from './patch-types.ts';
import { refOf } from './query.ts';
import { answerObject, getObject, listObjects } from './reading.ts';
import type { ResourceDeps, ResourceRequest } from './request.ts';
import { handleSubresource } from './subresources/subresources.ts';
import { watchResource } from './watching.ts';

/** Answers a request for a resource, or throws the GantryError of its refusal. */
export async function handleResource(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { route, form } = request;
  const { subresource } = route;
  if (subresource !== '') {
    const verbs = partVerbs(form.kind, subresource);
    if (verbs === undefined) return await handleSubresource(deps, request, response);
    // A part comes and goes with its object.
    if (!verbs.includes(route.verb)) throw methodNotAllowed();
  }
  checkPath(route, form.kind);
  switch (route.verb) {
    case 'get':
      return await getObject(deps, request, response);
    case 'list':
      return await listObjects(deps, request, response);
    case 'watch':
      return await watchResource(deps, request, response);
    case 'create':
      return answerObject(deps, request, response, await create(deps, request), 201);
    case 'update':
      return answerObject(deps, request, response, await update(deps, request));
    case 'patch': {
      const { object, isNew } = await patch(deps, request);
      return answerObject(deps, request, response, object, isNew ? 201 : 200);
    }
    case 'delete':
      return await deleteObject(deps, request, response);
    case 'deletecollection':
      return await deleteCollection(deps, request, response);
  }
}

/** Refuses a path that no resource of the kind has, and a verb that its resource has not, as Kubernetes does. */
function checkPath({ verb, namespace, name }: ResourceRequest['route'], kind: Kind): void {
  const isCollection = name === '';
  const isEverywhere = kind.namespaced && namespace === '';
  if ((!kind.namespaced && namespace !== '') || (isEverywhere && !isCollection)) {
    throw new GantryError('NotFound', 'the server could not find the requested resource');
  }
  const ofCollections = ['create', 'deletecollection', 'list', 'watch'];
  const ofObjects = ['delete', 'get', 'patch', 'update', 'watch'];
  const isAllowed = isEverywhere
    ? verb === 'list' || verb === 'watch'
    : (isCollection ? ofCollections : ofObjects).includes(verb) &&
      !(verb === 'deletecollection' && kind.keepsCollections);
  if (!isAllowed) {
    throw new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
}

async function create(deps: ResourceDeps, request: ResourceRequest): Promise<AnyObject> {
  const { route, query, context } = request;
  if (route.name !== '') throw methodNotAllowed();
  const { dryRun } = writeParameters(query, 'CreateOptions');
  return deps.api.create(context, await objectIn(deps, request), dryRun);
}

async function update(deps: ResourceDeps, request: ResourceRequest): Promise<AnyObject> {
  const { route, query, context } = request;
  const { dryRun } = writeParameters(query, 'UpdateOptions');
  const object = await objectIn(deps, request);
  const { name = '' } = object.metadata;
  if (name === '') {
    throw new GantryError(
      'BadRequest',
      `the name of the object (${route.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (name !== route.name) {
    throw new GantryError(
      'BadRequest',
      `the name of the object (${name}) does not match the name on the URL (${route.name})`,
    );
  }
  return deps.api.update(context, object, dryRun, route.subresource);
}

function methodNotAllowed(): GantryError {
  return new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

/** Changes an object; true with it if a configuration made it. */
async function patch(
  deps: ResourceDeps,
  request: ResourceRequest,
): Promise<{ readonly object: AnyObject; readonly isNew: boolean }> {
  const { query, context } = request;
  const mediaType = mediaTypeOf(request.incoming);
  if (mediaType === applyType) {
    const { dryRun, force } = writeParameters(query, 'PatchOptions', true);
    const config = await readBody(request.incoming, deps.maxBodyBytes, context.signal);
    const { object, outcome } = await deps.api.applyConfig(context, refOf(request), {
      config,
      force,
      dryRun,
    });
    return { object, isNew: outcome === 'created' };
  }
  const type = patchTypeOf(mediaType, request.kind);
  const { dryRun } = writeParameters(query, 'PatchOptions');
  const body = (await readBody(request.incoming, deps.maxBodyBytes, context.signal)).toString('utf8');
  return {
    object: await deps.api.patch(context, refOf(request), { type, body, dryRun }),
    isNew: false,
  };
}

/** The object in a request's body: of the URL's kind and version and, where the URL has one, namespace. */
async function objectIn(deps: ResourceDeps, request: ResourceRequest): Promise<AnyObject> {
  const { route, form, incoming, context } = request;
  const mediaType = mediaTypeOf(incoming);
  const body = await readBody(incoming, deps.maxBodyBytes, context.signal);
  const object = objectFrom(body, mediaType, form, { ...context, kinds: deps.kinds });
  const { metadata } = object;
  if (form.kind.namespaced && route.namespace !== '') {
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

import { decodeObject } from '@gantry/model/decode.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { apiVersionOf } from '@gantry/model/registry.ts';
import { compileFieldSelector, compileLabelSelector } from '@gantry/model/selectors.ts';
import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import { GantryError, notFound } from '@gantry/runtime/errors.ts';
import type { RequestContext } from '../../core/context.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { wantedBy } from '../accept.ts';
import { type Outgoing, send, sendDocument } from '../answer.ts';
import { fieldsFrom } from '../bodies.ts';
import { mediaTypeOf, readBody } from '../body.ts';
import { notAcceptable } from '../encoding.ts';
import { encodeList } from '../list-writer.ts';
import { writeParameters } from '../parameters.ts';
import { answerObject } from '../reading.ts';
import type { ResourceDeps, ResourceRequest } from '../request.ts';
import { rowObjectOf, Shape } from '../shape.ts';

/** A kind whose objects are calls, with the answer to them. */
export interface VirtualResource {
  /** One of virtualKinds. */
  readonly kind: Kind;
  /**
   * Answers an object that a client creates, which is decoded and may be changed; the user may create it. Throws GantryErrors.
   * @param namespace Of the request; empty for kinds that are in none.
   */
  readonly answer: (context: RequestContext, object: AnyObject, namespace: string) => AnyObject | Promise<AnyObject>;
}

/** The objects that a request is about. */
export interface ReadQuery {
  /** Empty for all, and for kinds that are in none. */
  readonly namespace: string;
  /** Empty for a list. */
  readonly name: string;
  readonly labelSelector: string;
}

/** A kind whose objects are made when they are read. */
export interface ReadResource {
  /** One of virtualKinds. */
  readonly kind: Kind;
  /** Text of the warning of each answer. */
  readonly warning?: string;
  /** The objects that are asked for, as of now; more are left out afterwards. */
  readonly list: (context: RequestContext, asked: ReadQuery) => Promise<readonly AnyObject[]>;
}

export interface VirtualDeps {
  /** Largest body of a request, in bytes. */
  readonly maxBodyBytes: number;
}

/** Answers an authorized request for a kind whose objects are made when they are read, or throws the GantryError of its refusal. */
export async function handleRead(
  deps: ResourceDeps,
  { kind, warning, list }: ReadResource,
  request: ResourceRequest,
  response: Outgoing,
): Promise<void> {
  const { route, query, context, wanted, form } = request;
  if (route.verb !== 'get' && route.verb !== 'list') {
    throw new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
  if (route.namespace !== '' && !kind.namespaced) {
    throw new GantryError('NotFound', 'the server could not find the requested resource');
  }
  const labelSelector = query.get('labelSelector') ?? '';
  const byLabels = compileLabelSelector(labelSelector);
  const byFields = compileFieldSelector(kind, query.get('fieldSelector') ?? '');
  const { namespace, name } = route;
  const objects = await list(context, { namespace, name, labelSelector });
  if (warning !== undefined) context.warn(warning);
  if (route.verb === 'get') {
    const found = objects.find(({ metadata }) => metadata.name === name);
    if (found === undefined) throw notFound({ group: kind.group, resource: kind.plural, name });
    return answerObject(deps, request, response, found);
  }
  const shape = new Shape(form, wanted, rowObjectOf(query), deps.clock.now());
  send(
    response,
    200,
    encodeList(
      shape,
      objects.filter((object) => byLabels(object.metadata.labels) && byFields(object)),
      { resourceVersion: '' },
      wanted,
    ),
  );
}

/** Answers an authorized request for a kind whose objects are calls, or throws the GantryError of its refusal. */
export async function handleVirtual(
  { maxBodyBytes }: VirtualDeps,
  { kind, answer }: VirtualResource,
  { route, query, incoming, context, wanted }: ResourceRequest,
  response: Outgoing,
): Promise<void> {
  const form = wanted.form === 'object' ? wanted : wantedBy(incoming.headers.accept, { parts: false });
  if (form === undefined) throw notAcceptable(['json', 'yaml', 'protobuf']);
  const { namespace, name, verb } = route;
  if (name !== '' || (namespace !== '') !== kind.namespaced) {
    throw new GantryError('NotFound', 'the server could not find the requested resource');
  }
  if (verb !== 'create') {
    throw new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
  // A call changes nothing: a dry run of it is the same.
  writeParameters(query, 'CreateOptions');
  const body = await readBody(incoming, maxBodyBytes, context.signal);
  const object = objectOf(kind, body, mediaTypeOf(incoming));
  sendDocument(response, 201, await answer(context, object, namespace), form, kind.message);
}

/** The object in a body. Clients may leave apiVersion and kind to the URL. */
function objectOf(kind: Kind, body: Uint8Array, mediaType: string): AnyObject {
  const own = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  const fields = { ...own, ...fieldsFrom(body, mediaType, own, kind.message) };
  if (fields.apiVersion !== own.apiVersion || fields.kind !== own.kind) {
    throw new GantryError(
      'BadRequest',
      `${fields.kind} in version "${fields.apiVersion}" cannot be handled as a ${own.kind}: the URL is that of ${own.apiVersion}`,
    );
  }
  return decodeObject(fields, virtualKinds) as AnyObject;
}

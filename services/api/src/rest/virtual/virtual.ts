import { decodeObject } from '@gantry/model/decode.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { apiVersionOf } from '@gantry/model/registry.ts';
import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { RequestContext } from '../../core/context.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { wantedBy } from '../accept.ts';
import { type Outgoing, sendDocument } from '../answer.ts';
import { fieldsFrom } from '../bodies.ts';
import { mediaTypeOf, readBody } from '../body.ts';
import { notAcceptable } from '../encoding.ts';
import { writeParameters } from '../parameters.ts';
import type { ResourceRequest } from '../request.ts';

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

export interface VirtualDeps {
  /** Largest body of a request, in bytes. */
  readonly maxBodyBytes: number;
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

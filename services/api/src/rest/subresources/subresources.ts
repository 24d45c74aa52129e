import { resourceOf } from '@gantry/model/registry.ts';
import { GantryError, notFound } from '@gantry/runtime/errors.ts';
import { infoOf } from '../../core/keys.ts';
import type { Outgoing } from '../answer.ts';
import { handleProxy } from '../proxying/proxy.ts';
import type { ResourceDeps, ResourceRequest } from '../request.ts';
import { handleBinding } from './binding.ts';
import { handleEviction } from './eviction.ts';
import { handleLog } from './log.ts';
import { handleScale } from './scale.ts';
import { handleToken } from './token.ts';

/** Answers a request for a subresource. */
export type SubresourceHandler = (deps: ResourceDeps, request: ResourceRequest, response: Outgoing) => Promise<void>;

/** Subresources that are no parts of the object and no scale, by resource. */
const handlers: Readonly<Record<string, SubresourceHandler>> = {
  'nodes/proxy': handleProxy,
  'pods/binding': handleBinding,
  'pods/eviction': handleEviction,
  'pods/log': handleLog,
  'pods/proxy': handleProxy,
  'services/proxy': handleProxy,
  'serviceaccounts/token': handleToken,
  'pods/attach': refuseWithoutUpgrade,
  'pods/exec': refuseWithoutUpgrade,
  'pods/portforward': refuseWithoutUpgrade,
};

/** Refuses a request for a stream that came without a protocol to stream in. */
async function refuseWithoutUpgrade(): Promise<void> {
  throw new GantryError('BadRequest', 'Upgrade request required');
}

/**
 * Answers a request for a subresource that is no part of the object. Throws NotFound for one that the kind does not declare,
 * MethodNotAllowed for a verb that it does not take.
 */
export async function handleSubresource(
  deps: ResourceDeps,
  request: ResourceRequest,
  response: Outgoing,
): Promise<void> {
  const { kind, route } = request;
  const { subresources = {} } = kind;
  const declared = Object.hasOwn(subresources, route.subresource) ? subresources[route.subresource] : undefined;
  const name = `${resourceOf(kind)}/${route.subresource}`;
  const handle =
    declared?.scale !== undefined ? handleScale : Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (declared === undefined || handle === undefined) {
    if (kind.custom !== undefined) throw notFound(infoOf(kind, route.name));
    throw new GantryError('NotFound', 'the server could not find the requested resource');
  }
  if (!(declared.verbs as readonly string[]).includes(route.verb)) {
    throw new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
  await handle(deps, request, response);
}

import { GantryError, type Reason, reasonTable } from '@gantry/runtime/errors.ts';
import { type Outgoing, sendStatus } from '../answer.ts';
import { fieldsFrom } from '../bodies.ts';
import { mediaTypeOf, readBody } from '../body.ts';
import { writeParameters } from '../parameters.ts';
import type { ResourceDeps, ResourceRequest } from '../request.ts';
import { createdStatus } from '../status.ts';

const bindingType = { apiVersion: 'v1', kind: 'Binding' };

interface BindingBody {
  readonly metadata: { readonly uid?: string };
  readonly target?: { readonly kind?: string; readonly name?: string };
}

/** Binds a pod to a node, as a scheduler that somebody else wrote does it. */
export async function handleBinding(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { route, incoming, context, query } = request;
  if (route.verb !== 'create') throw new GantryError('MethodNotAllowed', 'bindings can only be created');
  const { dryRun } = writeParameters(query, 'CreateOptions');
  const body = await readBody(incoming, deps.maxBodyBytes, context.signal);
  const fields = fieldsFrom(body, mediaTypeOf(incoming), bindingType, 'gantry.core.v1.Binding');
  const { namespace, name } = route;
  const { metadata: given } = fields as Partial<BindingBody>;
  const asked = { ...fields, ...bindingType, metadata: { ...given, name, namespace } };
  const admitted = await deps.scheduling.admitBinding(context, request.form, asked, dryRun);
  const { metadata, target } = admitted as BindingBody;
  if (!target?.name || (target.kind && target.kind !== 'Node')) {
    throw new GantryError('BadRequest', `target: Invalid value: ${JSON.stringify(target ?? null)}: must name a Node`);
  }
  const wanted = { namespace, name, uid: metadata.uid ?? '', nodeName: target.name, gpuDevices: [] };
  if (dryRun) {
    await deps.scheduling.tryBinding(context, wanted);
    return sendStatus(response, createdStatus, request.wanted);
  }
  const [result] = await deps.scheduling.bind(context, [wanted], context.user.name);
  if (result!.code !== 0) {
    const reason = Object.hasOwn(reasonTable, result!.reason) ? (result!.reason as Reason) : 'InternalError';
    throw new GantryError(reason, result!.message);
  }
  sendStatus(response, createdStatus, request.wanted);
}

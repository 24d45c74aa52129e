import { GantryError } from '@gantry/runtime/errors.ts';
import { type Outgoing, sendStatus } from '../answer.ts';
import { fieldsFrom } from '../bodies.ts';
import { mediaTypeOf, readBody } from '../body.ts';
import { writeParameters } from '../parameters.ts';
import type { ResourceDeps, ResourceRequest } from '../request.ts';
import { createdStatus } from '../status.ts';

const evictionType = { apiVersion: 'policy/v1', kind: 'Eviction' };

/** Evicts a pod if its disruption budgets allow it; answers 429 if they do not. */
export async function handleEviction(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { route, incoming, context, query } = request;
  if (route.verb !== 'create') throw new GantryError('MethodNotAllowed', 'evictions can only be created');
  const body = await readBody(incoming, deps.maxBodyBytes, context.signal);
  const eviction = fieldsFrom(body, mediaTypeOf(incoming), evictionType, 'gantry.policy.v1.Eviction');
  const { metadata, deleteOptions } = eviction as {
    readonly metadata?: { readonly name?: string };
    readonly deleteOptions?: {
      readonly gracePeriodSeconds?: number;
      readonly preconditions?: { readonly uid?: string };
      readonly dryRun?: readonly string[];
    };
  };
  if (metadata?.name && metadata.name !== route.name) {
    throw new GantryError('BadRequest', `name in URL does not match name in Eviction object: ${metadata.name}`);
  }
  const { gracePeriodSeconds, preconditions, dryRun = [] } = deleteOptions ?? {};
  await deps.scheduling.evict(context, {
    namespace: route.namespace,
    name: route.name,
    ...(preconditions?.uid ? { uid: preconditions.uid } : {}),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: Number(gracePeriodSeconds) }),
    dryRun: dryRun.includes('All') || writeParameters(query).dryRun,
  });
  sendStatus(response, createdStatus, request.wanted);
}

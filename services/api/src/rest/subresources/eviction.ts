import { invalid, invalidValue } from '@gantry/model/validation/causes.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type Outgoing, sendStatus } from '../answer.ts';
import { fieldsFrom } from '../bodies.ts';
import { mediaTypeOf, readBody } from '../body.ts';
import { checkDeletionOptions, type GivenOptions } from '../deletion-options.ts';
import { writeParameters } from '../parameters.ts';
import type { ResourceDeps, ResourceRequest } from '../request.ts';
import { createdStatus } from '../status.ts';

const evictionType = { apiVersion: 'policy/v1', kind: 'Eviction' };
const breaking = 'ignoreStoreReadErrorWithClusterBreakingPotential';

/** The body of an eviction. */
interface Given {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly deleteOptions?: GivenOptions | null;
}

/** Evicts a pod if its disruption budgets allow it; answers 429 if they do not. */
export async function handleEviction(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { route, incoming, context, query } = request;
  if (route.verb !== 'create') {
    throw new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
  const asked = writeParameters(query, 'CreateOptions');
  const body = await readBody(incoming, deps.maxBodyBytes, context.signal);
  const given = fieldsFrom(body, mediaTypeOf(incoming), evictionType, 'gantry.policy.v1.Eviction') as Given;
  checkIdentity(given, route);
  const { [breaking]: breaks, ...others } = given.deleteOptions ?? {};
  if (breaks === true) {
    const why = 'can not be set for pod eviction, try after removing the option';
    throw invalid({ kind: 'Eviction', group: 'policy', plural: 'evictions' }, route.name, [
      invalidValue(`deleteOptions.${breaking}`, true, why),
    ]);
  }
  const { dryRun: isDryRun, orphanDependents: _orphans, ...options } = checkDeletionOptions(others);
  const dryRun = (others.dryRun ?? []) as readonly string[];
  if (asked.dryRun && isDryRun && dryRun.length !== query.getAll('dryRun').length) {
    const shown = (values: readonly string[]): string => `[${values.join(' ')}]`;
    const text = `Non-matching dry-run options in request and content: ${shown(query.getAll('dryRun'))} and ${shown(dryRun)}`;
    throw new GantryError('BadRequest', text);
  }
  await deps.scheduling.evict(context, {
    namespace: route.namespace,
    name: route.name,
    ...options,
    dryRun: asked.dryRun || isDryRun,
  });
  sendStatus(response, createdStatus, request.wanted);
}

/** Throws BadRequest, in Kubernetes' words, for an eviction of another kind, pod or namespace than the URL's. */
function checkIdentity(given: Given, { name, namespace }: { readonly name: string; readonly namespace: string }): void {
  const { kind = 'Eviction', metadata = {} } = given;
  if (kind !== 'Eviction') {
    throw new GantryError('BadRequest', `${kind} in version "v1" cannot be handled as a Eviction: unknown conversion`);
  }
  if ((metadata.namespace || namespace) !== namespace) {
    const text = 'the namespace of the provided object does not match the namespace sent on the request';
    throw new GantryError('BadRequest', text);
  }
  if (metadata.name === name) return;
  throw new GantryError('BadRequest', 'name in URL does not match name in Eviction object');
}

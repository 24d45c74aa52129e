import type { EvictRequest } from '@gantry/client/object-messages.ts';
import { genericKindOf } from '@gantry/model/built-in.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { attemptOn } from '../auth/authorization.ts';
import { admissionRequest, attemptOf } from '../core/admit.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import { checkPreconditions } from '../core/deletion.ts';
import { keyPrefix } from '../core/keys.ts';
import { type AnyObject, copyOf } from '../core/stored-object.ts';
import { readStored, remove, type Target, updateStatus } from '../core/writer.ts';
import { ownersAsBefore, ownersBy, ownManager } from '../ownership/track.ts';
import { setCondition } from './conditions.ts';
import { charge, type Price, priceOf, stillProcessed } from './disruption.ts';

const pods = genericKindOf('Pod');
const budgets = genericKindOf('PodDisruptionBudget');
/** Decisions anew about a pod or budget that others write at the same time, as in Kubernetes. */
const maxAttempts = 20;

/** An eviction as the edges take it. */
export type Eviction = EvictRequest & { readonly dryRun?: boolean };

/** Asks for a pod's end within its disruption budget, and says in its status why. */
export async function evict(deps: CoreDeps, context: RequestContext, eviction: Eviction): Promise<void> {
  const { namespace, name, ignoreBudgets = false, dryRun = false } = eviction;
  const { authorize, chain, kinds } = deps;
  authorize(context.user, attemptOn('create', 'pods/eviction', { namespace, name }));
  // Whoever passes over budgets deletes, as schedulers do.
  if (ignoreBudgets) authorize(context.user, attemptOn('delete', 'pods', { namespace, name }));
  const target = { kind: pods, namespace, name };
  const stored = (await readStored(deps, target)).object;
  const attempt = { ...target, form: kinds.formOf(stored), object: evictionOf(eviction), stored };
  const by = admissionRequest(context, 'eviction', dryRun);
  await chain.admit(attemptOf(by, { ...attempt, operation: 'CREATE' }));
  for (let left = maxAttempts; ; left--) {
    try {
      return await evictOnce(deps, target, eviction);
    } catch (error) {
      // Whoever named a revision is told that it is another one now.
      const isChanged = isError(error, 'Conflict') && !eviction.resourceVersion && !hasOtherUid(eviction, error);
      if (!isChanged || left <= 1) throw error;
    }
  }
}

/** Pays for the eviction of a pod in the state that it has now, and ends it. Throws Conflict where that state is gone meanwhile. */
async function evictOnce(deps: CoreDeps, target: Target, eviction: Eviction): Promise<void> {
  const { uid, resourceVersion, ignoreBudgets = false, dryRun = false } = eviction;
  const { object } = await readStored(deps, target);
  // Before a budget is charged for what cannot be.
  checkPreconditions(pods, object, { uid, resourceVersion });
  const price: Price = ignoreBudgets ? { type: 'free' } : await priceNow(deps, object);
  if (price.type === 'budget') await pay(deps, target, price.budget, dryRun);
  const guard = price.type === 'freeAsItIs' ? (resourceVersion ?? object.metadata.resourceVersion) : resourceVersion;
  try {
    await end(deps, target, { ...eviction, resourceVersion: guard });
  } catch (error) {
    const isChanged = isError(error, 'Conflict') && !resourceVersion && !hasOtherUid(eviction, error);
    // The pod may have become ready, so that its eviction would have a price.
    if (isChanged && price.type === 'freeAsItIs' && price.budget !== undefined) throw stillProcessed(price.budget);
    throw error;
  }
}

/** Says in the pod's status that it is about to go, and deletes it. */
async function end(
  deps: CoreDeps,
  target: Target,
  { uid, resourceVersion, gracePeriodSeconds, propagationPolicy, reason, dryRun = false }: Eviction,
): Promise<void> {
  const now = rfc3339(deps.clock.now());
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: reason || 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  } as const;
  const marked = await updateStatus(
    deps,
    target,
    (stored) => {
      checkPreconditions(pods, stored.object, { uid, resourceVersion });
      const pod = copyOf(stored);
      pod.status = setCondition(pod.status, condition, now);
      return pod;
    },
    { dryRun, owners: ownersAsBefore },
  );
  const revision = resourceVersion === undefined || dryRun ? resourceVersion : marked.object.metadata.resourceVersion;
  await remove(deps, target, { uid, resourceVersion: revision, gracePeriodSeconds, propagationPolicy }, dryRun);
}

async function priceNow({ store, cache }: CoreDeps, pod: AnyObject): Promise<Price> {
  const { entries } = await store.list({ prefix: keyPrefix(budgets, pod.metadata.namespace!) });
  const known = entries.map((entry) => cache.decode(entry).object as unknown as PodDisruptionBudget);
  return priceOf(pod as unknown as Pod, known);
}

/**
 * Takes the eviction of a pod from its budget, which is decided anew on the budget as it is stored until nobody wrote it in between.
 * Throws TooManyRequests if it has nothing left.
 */
async function pay(deps: CoreDeps, { namespace, name }: Target, budget: string, dryRun: boolean): Promise<void> {
  const nowMs = deps.clock.now();
  for (let left = maxAttempts; ; left--) {
    try {
      await updateStatus(
        deps,
        { kind: budgets, namespace, name: budget },
        (stored) =>
          charge(copyOf(stored) as unknown as PodDisruptionBudget, name, rfc3339(nowMs)) as unknown as AnyObject,
        { dryRun, owners: ownersBy({ manager: ownManager, subresource: 'status', nowMs }) },
      );
      return;
    } catch (error) {
      if (!isError(error, 'Conflict') || left <= 1) throw error;
    }
  }
}

/** True for the conflict of an eviction that names another uid than the pod's: no attempt will find that one. */
function hasOtherUid({ uid }: Eviction, error: Error): boolean {
  return Boolean(uid) && error.message.includes('the UID in the precondition');
}

/** The object that a client creates to evict a pod. */
function evictionOf({
  namespace,
  name,
  uid,
  resourceVersion,
  gracePeriodSeconds,
  propagationPolicy,
}: Eviction): AnyObject {
  const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
  const deleteOptions = {
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy ? { propagationPolicy } : {}),
  };
  const metadata = { name, namespace };
  const options = Object.keys(deleteOptions).length === 0 ? {} : { deleteOptions };
  return { apiVersion: 'policy/v1', kind: 'Eviction', metadata, ...options } as unknown as AnyObject;
}

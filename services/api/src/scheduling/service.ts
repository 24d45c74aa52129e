import type { ItemResult } from '@gantry/client/api.ts';
import type { Binding, EvictRequest, UnschedulablePod } from '@gantry/client/object-messages.ts';
import { genericKindOf } from '@gantry/model/built-in.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { Form } from '@gantry/model/registry.ts';
import { conflict } from '@gantry/runtime/errors.ts';
import { Semaphore } from '@gantry/runtime/semaphore.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { attemptOn, authorizeAll } from '../auth/authorization.ts';
import { admissionRequest, attemptOf } from '../core/admit.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import { checkUidPrecondition } from '../core/deletion.ts';
import { keyPrefix, objectKey } from '../core/keys.ts';
import { checkBatchSize } from '../core/limits.ts';
import { type AnyObject, copyOf } from '../core/stored-object.ts';
import { readStored, remove, type Target, updateStatus } from '../core/writer.ts';
import type { ApiEvents } from '../events/recorder.ts';
import { ownersAsBefore, ownersBy, ownManager } from '../ownership/track.ts';
import type { WatchHub } from '../watch/hub.ts';
import { maxItemsPerCommit, runBatch, runWhole } from './batch.ts';
import { BindPlanner } from './bind.ts';
import { setCondition } from './conditions.ts';
import { charge, type Price, priceOf } from './disruption.ts';
import type { CapacityLedger } from './ledger.ts';
import { planUnschedulable } from './unschedulable.ts';

export interface SchedulingDeps extends CoreDeps {
  readonly hub: WatchHub;
  readonly ledger: CapacityLedger;
  readonly events: ApiEvents;
}

const pods = genericKindOf('Pod');
const budgets = genericKindOf('PodDisruptionBudget');
/** Component of events where a scheduler does not say its name. */
const defaultScheduler = 'default-scheduler';
/** Longest time that a Bind waits to see another api replica's change of a node before it tries again anyway. */
const hearMs = 1_000;

/** Requests of schedulers and evictors to the api. */
export class SchedulingApi {
  readonly #deps: SchedulingDeps;
  /** Binds of one process go one after another: each must know what the one before took. */
  readonly #turn = new Semaphore(1);

  constructor(deps: SchedulingDeps) {
    this.#deps = deps;
  }

  /** Binds pods to nodes, each on its own; one result each, in order. */
  async bind(context: RequestContext, bindings: readonly Binding[], scheduler: string): Promise<ItemResult[]> {
    const { authorize, limits } = this.#deps;
    checkBatchSize('bindings', bindings.length, limits.maxBatchItems);
    authorizeAll(authorize, context.user, 'create', 'pods/binding', bindings);
    const parts = byGang(bindings);
    for (const [gang, part] of parts) {
      if (gang !== '') checkBatchSize(`bindings of gang ${gang}`, part.length, maxItemsPerCommit);
    }
    using _turn = await this.#turn.acquire(context.signal);
    const results = new Array<ItemResult>(bindings.length);
    for (const [gang, part] of parts) {
      const items = part.map((index) => bindings[index]!);
      const outcome = await this.#bindPart(context, items, gang);
      for (const [at, index] of part.entries()) results[index] = outcome[at]!;
    }
    for (const [index, binding] of bindings.entries()) {
      if (results[index]!.code !== 0) continue;
      const message = `Successfully assigned ${binding.namespace}/${binding.name} to ${binding.nodeName}`;
      this.#tell(binding, 'Normal', 'Scheduled', message, scheduler);
    }
    return results;
  }

  /** Asks admission for a Binding that a client made of itself, and gives it after the mutating steps. Throws a refusal. */
  async admitBinding(context: RequestContext, form: Form, binding: AnyObject, dryRun: boolean): Promise<AnyObject> {
    const { namespace, name } = binding.metadata;
    const about = { kind: pods, form, namespace, name, object: binding, stored: undefined };
    const attempt = attemptOf(admissionRequest(context, 'binding', dryRun), about);
    await this.#deps.chain.admit(attempt);
    return attempt.object!;
  }

  /** Throws the refusal that a binding would end with, as of now; binds nothing. */
  async tryBinding({ user }: RequestContext, binding: Binding): Promise<void> {
    const { authorize, ledger, clock, store, cache } = this.#deps;
    authorizeAll(authorize, user, 'create', 'pods/binding', [binding]);
    const entry = await store.get(keyOfPod(binding));
    const planner = new BindPlanner((node) => ledger.account(node), clock.now());
    const plan = planner.plan(binding, entry && cache.decode(entry));
    if (plan.type === 'refused') throw plan.error;
  }

  /** Binds pods that are of no gang each on its own, those of a gang all or none. */
  #bindPart(context: RequestContext, items: readonly Binding[], gang: string): Promise<ItemResult[]> {
    const { ledger, hub, clock } = this.#deps;
    const run = gang === '' ? runBatch : runWhole;
    return run(this.#deps, {
      items,
      keyOf: keyOfPod,
      planner: () => new BindPlanner((node) => ledger.account(node), clock.now()),
      onGuardLost: async (_key, actual) => {
        await hub.reached(actual, hearMs, context.signal).catch(() => context.signal.throwIfAborted());
      },
      onCommitted: (operations, revisions) => ledger.noteCommitted(operations, revisions),
    });
  }

  /** Records why pods wait; one result each, in order. */
  async reportUnschedulable(
    context: RequestContext,
    reports: readonly UnschedulablePod[],
    scheduler: string,
  ): Promise<ItemResult[]> {
    const { authorize, limits, clock } = this.#deps;
    checkBatchSize('pods', reports.length, limits.maxBatchItems);
    authorizeAll(authorize, context.user, 'patch', 'pods/status', reports);
    const author = { manager: context.fieldManager, subresource: 'status', nowMs: clock.now() };
    const results = await runBatch(this.#deps, {
      items: reports,
      keyOf: keyOfPod,
      planner: () => ({
        plan: (report, stored) => planUnschedulable(report, stored, author),
        guards: () => [],
      }),
    });
    for (const [index, report] of reports.entries()) {
      if (results[index]!.code !== 0) continue;
      this.#tell(report, 'Warning', 'FailedScheduling', report.message, scheduler);
    }
    return results;
  }

  /** Asks for a pod's end within its disruption budget, and says in its status why. */
  async evict(context: RequestContext, request: EvictRequest & { readonly dryRun?: boolean }): Promise<void> {
    const { namespace, name, uid, gracePeriodSeconds, reason = 'EvictionByEvictionAPI', dryRun = false } = request;
    const { authorize, chain, kinds } = this.#deps;
    authorize(context.user, attemptOn('create', 'pods/eviction', { namespace, name }));
    // Whoever passes over budgets deletes, as schedulers do.
    if (request.ignoreBudgets) authorize(context.user, attemptOn('delete', 'pods', { namespace, name }));
    const target = { kind: pods, namespace, name };
    const stored = (await readStored(this.#deps, target)).object;
    const attempt = { ...target, form: kinds.formOf(stored), object: evictionOf(request), stored };
    const by = admissionRequest(context, 'eviction', dryRun);
    await chain.admit(attemptOf(by, { ...attempt, operation: 'CREATE' }));
    const now = rfc3339(this.#deps.clock.now());
    const price: Price = request.ignoreBudgets ? { type: 'free' } : await this.#pay(target, uid, now, dryRun);
    const condition = { type: 'DisruptionTarget', status: 'True', reason, message: `Eviction API: evicting` } as const;
    await updateStatus(
      this.#deps,
      target,
      (stored) => {
        const pod = copyOf(stored);
        // A pod of that name that came later is another one: the uid is a precondition of the write.
        if (uid) pod.metadata.uid = uid;
        if (price.type === 'freeWhileUnready' && isReady(pod as unknown as Pod)) {
          throw conflict({ group: '', resource: 'pods', name }, `pod ${name} has become ready`);
        }
        pod.status = setCondition(pod.status, condition, now);
        return pod;
      },
      { dryRun, owners: ownersAsBefore },
    );
    await remove(this.#deps, target, { uid, gracePeriodSeconds }, dryRun);
  }

  /** Takes the eviction of a pod from its budget. Throws TooManyRequests if that has nothing left. */
  async #pay(target: Target, uid: string | undefined, now: string, dryRun: boolean): Promise<Price> {
    const { namespace, name } = target;
    const stored = await readStored(this.#deps, target);
    checkUidPrecondition(pods, stored.object, uid);
    const { entries } = await this.#deps.store.list({ prefix: keyPrefix(budgets, namespace) });
    const known = entries.map((entry) => this.#deps.cache.decode(entry).object as unknown as PodDisruptionBudget);
    const price = priceOf(stored.object as unknown as Pod, known);
    if (price.type !== 'budget') return price;
    await updateStatus(
      this.#deps,
      { kind: budgets, namespace, name: price.name },
      (budget) => charge(copyOf(budget) as unknown as PodDisruptionBudget, name, now) as unknown as AnyObject,
      { dryRun, owners: ownersBy({ manager: ownManager, subresource: 'status', nowMs: this.#deps.clock.now() }) },
    );
    return price;
  }

  #tell(
    ref: Binding | UnschedulablePod,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    by: string,
  ): void {
    const { namespace, name, uid } = ref;
    const about = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid } };
    this.#deps.events.record({ about, type, reason, message, component: by || defaultScheduler });
  }
}

/** Store key of the pod that an item of a batch is about. */
export function keyOfPod({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return objectKey(pods, namespace, name);
}

/** Indexes of bindings by gang, in the order of their first; those of none under the empty name. */
function byGang(bindings: readonly Binding[]): Map<string, number[]> {
  const parts = new Map<string, number[]>();
  for (const [index, { gang = '' }] of bindings.entries()) {
    const part = parts.get(gang);
    if (part === undefined) parts.set(gang, [index]);
    else part.push(index);
  }
  return parts;
}

/** The object that a client creates to evict a pod. */
function evictionOf({ namespace, name, uid, gracePeriodSeconds }: EvictRequest): AnyObject {
  const deleteOptions = {
    ...(uid ? { preconditions: { uid } } : {}),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  };
  const metadata = { name, namespace };
  const options = Object.keys(deleteOptions).length === 0 ? {} : { deleteOptions };
  return { apiVersion: 'policy/v1', kind: 'Eviction', metadata, ...options } as unknown as AnyObject;
}

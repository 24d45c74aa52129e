import type { ItemResult } from '@gantry/client/api.ts';
import type { Binding, UnschedulablePod } from '@gantry/client/object-messages.ts';
import { genericKindOf } from '@gantry/model/built-in.ts';
import type { Form } from '@gantry/model/registry.ts';
import { Semaphore } from '@gantry/runtime/semaphore.ts';
import { authorizeAll } from '../auth/authorization.ts';
import { admissionRequest, attemptOf } from '../core/admit.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import { objectKey } from '../core/keys.ts';
import { checkBatchSize } from '../core/limits.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { ApiEvents } from '../events/recorder.ts';
import type { WatchHub } from '../watch/hub.ts';
import { maxItemsPerCommit, runBatch, runWhole } from './batch.ts';
import { BindPlanner } from './bind.ts';
import { type Eviction, evict } from './eviction.ts';
import type { CapacityLedger } from './ledger.ts';
import { planUnschedulable } from './unschedulable.ts';

export interface SchedulingDeps extends CoreDeps {
  readonly hub: WatchHub;
  readonly ledger: CapacityLedger;
  readonly events: ApiEvents;
}

const pods = genericKindOf('Pod');
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
  async evict(context: RequestContext, eviction: Eviction): Promise<void> {
    await evict(this.#deps, context, eviction);
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

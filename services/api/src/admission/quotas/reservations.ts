import { builtIn } from '@gantry/model/built-in.ts';
import type { ResourceQuota } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import type { CountedWrite, Counter } from '@gantry/model/quota/counter.ts';
import { counterOf } from '@gantry/model/quota/counters.ts';
import { askQuotas } from '@gantry/model/quota/decide.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Operation, Store } from '@gantry/store/store.ts';
import { infoOf, keyPrefix, objectKey } from '../../core/keys.ts';
import { type AnyObject, type ObjectCache, putObject, Stored, storedBy } from '../../core/stored-object.ts';
import type { Accompaniment, AdmissionStep, PendingWrite } from '../chain.ts';
import type { KindView } from '../kind-view.ts';
import { NamespaceTurns } from './turns.ts';

interface Deps {
  readonly store: Pick<Store, 'get' | 'list'>;
  readonly cache: ObjectCache;
  readonly clock: Pick<Clock, 'now'>;
  /** All quotas. */
  readonly quotas: KindView;
}

const quotaKind = builtIn.kindOf('', 'ResourceQuota')!;
const namespaceKind = builtIn.kindOf('', 'Namespace')!;

/** A quota as it is, or will be with the rest of a batch. */
interface Held {
  readonly key: string;
  /** The revision that its key must have. */
  readonly expected: number;
  readonly quota: ResourceQuota;
}

/**
 * ResourceQuota: the amounts that a write takes are added to its quotas in the same batch as the write, on the revisions that they
 * were decided on. So the sum in a quota is never less than what exists, whatever fails half-way, and never more than its bounds.
 * Writers of one namespace take turns within this process; those of other replicas meet at the commit.
 *
 * A new quota changes the revision of its namespace, on which every creation stands: no replica creates anything without knowing
 * of it. Until its controller has counted, each creation that it will count changes its revision: no count misses one.
 */
export function quotaStep(deps: Deps): AdmissionStep {
  const turns = new NamespaceTurns();
  return {
    name: 'ResourceQuota',
    handles: () => false,
    commit: (write) => {
      const { kind, object, stored } = write;
      if (!kind.namespaced || object === undefined) return undefined;
      const counted = countedOf(write, object);
      const isNewQuota = kind === quotaKind && stored === undefined;
      if (isNewQuota) return withNewQuota(deps, write, counted, turns);
      return counted === undefined || hasNoQuota(deps, object) ? undefined : reserve(deps, write, counted, turns);
    },
  };
}

interface Counted {
  readonly counter: Counter<KubeObject>;
  readonly write: CountedWrite<KubeObject>;
}

/** A write as quotas see it; undefined for one that takes nothing. */
function countedOf({ kind, stored }: PendingWrite, object: AnyObject): Counted | undefined {
  const counter = counterOf(resourceOf(kind));
  if (counter === undefined) return undefined;
  const before = stored?.object;
  // A write of the status leaves all else as it is, by identity.
  const subresource =
    before !== undefined && object.spec === before.spec && object.status !== before.status ? 'status' : '';
  const operation = before === undefined ? 'CREATE' : 'UPDATE';
  const write = { operation, subresource, object, stored: before } as const;
  return counter.handles(write) ? { counter, write } : undefined;
}

function namespaceKey({ metadata }: AnyObject): string {
  return objectKey(namespaceKind, undefined, metadata.namespace ?? '');
}

/** True where this process knows for sure that an object's namespace has no quota. */
function hasNoQuota({ quotas, cache }: Deps, object: AnyObject): boolean {
  for (const _ of quotas.in(object.metadata.namespace)) return false;
  const namespace = cache.peek(namespaceKey(object));
  return namespace !== undefined && namespace.revision <= quotas.revision;
}

async function withNewQuota(
  deps: Deps,
  write: PendingWrite,
  counted: Counted | undefined,
  turns: NamespaceTurns,
): Promise<Accompaniment> {
  const reserved = counted === undefined ? { operations: [] } : await reserve(deps, write, counted, turns);
  const namespace = await namespaceOf(deps, write.object!, write.attempt).catch((error: unknown) => {
    reserved.settle?.();
    throw error;
  });
  if (namespace === undefined || write.dryRun) return reserved;
  const touch: Operation = { type: 'put', key: namespace.key, value: namespace.text, expected: namespace.revision };
  return { ...reserved, operations: [...reserved.operations, touch] };
}

async function reserve(
  deps: Deps,
  write: PendingWrite,
  { counter, write: asked }: Counted,
  turns: NamespaceTurns,
): Promise<Accompaniment> {
  const { dryRun, batch } = write;
  const object = write.object!;
  const turn = dryRun || batch !== undefined ? undefined : await turns.next(object.metadata.namespace ?? '');
  const settle = (): void => turn?.[Symbol.dispose]();
  try {
    const namespace = await namespaceOf(deps, object, write.attempt);
    const held = await heldIn(deps, write, namespace);
    const decision = askQuotas(
      held.map(({ quota }) => quota),
      counter,
      asked,
      deps.clock.now(),
    );
    if (decision.type === 'refused') throw forbidden(write, decision.problem);
    const operations: Operation[] = decision.changed.map((quota) => {
      const { key, expected } = held.find((each) => each.quota.metadata.name === quota.metadata.name)!;
      return putObject(key, quota as unknown as AnyObject, expected);
    });
    // Creations stand on their namespace already.
    if (asked.operation === 'UPDATE' && namespace !== undefined) {
      operations.push({ type: 'check', key: namespace.key, expected: namespace.revision });
    }
    return { operations, settle };
  } catch (error) {
    settle();
    throw error;
  }
}

async function namespaceOf({ cache, store }: Deps, object: AnyObject, attempt: number): Promise<Stored | undefined> {
  const key = namespaceKey(object);
  const seen = attempt > 1 ? undefined : cache.peek(key);
  if (seen !== undefined) return seen;
  const entry = await store.get(key);
  return entry && cache.decode(entry);
}

/** The quotas of an object's namespace: as the batch leaves them, as this process saw them last, or as the store has them after a failed attempt. */
async function heldIn(deps: Deps, write: PendingWrite, namespace: Stored | undefined): Promise<Held[]> {
  const { quotas, store, cache } = deps;
  const { batch, attempt, object } = write;
  const isFresh = attempt === 1 && namespace !== undefined && namespace.revision <= quotas.revision;
  const held: Held[] = [];
  const add = (key: string, stored: { readonly revision: number; readonly object: AnyObject }): void => {
    const pending = batch?.pending(key);
    const quota = (pending === undefined ? stored : storedBy(pending, stored.revision))
      .object as unknown as ResourceQuota;
    held.push({ key, expected: pending?.expected ?? stored.revision, quota });
  };
  if (isFresh) {
    for (const seen of quotas.in(object!.metadata.namespace)) {
      const cached = cache.peek(seen.key);
      add(seen.key, cached !== undefined && cached.revision > seen.revision ? cached : seen);
    }
  } else {
    const prefix = keyPrefix(quotaKind, object!.metadata.namespace ?? '');
    for (const entry of (await store.list({ prefix })).entries) {
      const stored = new Stored(entry);
      if (stored.damage === undefined) add(entry.key, stored);
    }
  }
  return held.sort((left, right) => (left.key < right.key ? -1 : 1));
}

function forbidden({ kind, object }: PendingWrite, problem: string): GantryError {
  const { name = '' } = object!.metadata;
  return new GantryError('Forbidden', `${resourceOf(kind)} ${JSON.stringify(name)} is forbidden: ${problem}`, {
    resource: infoOf(kind, name),
  });
}

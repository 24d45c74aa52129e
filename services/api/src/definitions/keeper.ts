/** The loop that looks after definitions: it gives them their names, establishes them, and ends them with their objects. Run by one leader. */
import { builtIn } from '@gantry/model/built-in.ts';
import type { CustomResourceDefinition } from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import { withCondition } from '@gantry/model/kinds/customresourcedefinition/conditions.ts';
import { cleanupFinalizer } from '@gantry/model/kinds/customresourcedefinition/deletion.ts';
import { backoffMs } from '@gantry/runtime/backoff.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Change } from '@gantry/store/store.ts';
import type { User } from '../auth/user.ts';
import type { ResourceApi } from '../core/api.ts';
import { type CoreDeps, ownContext } from '../core/context.ts';
import { keyPrefix, objectKey, parseKey } from '../core/keys.ts';
import { type AnyObject, Stored } from '../core/stored-object.ts';
import { ownManager } from '../ownership/track.ts';
import type { WatchHub } from '../watch/hub.ts';
import { decide, emptied, notEmptied, type StatusChange } from './decide.ts';
import { deleteObjects, kindToDelete, remainingObjects } from './objects.ts';
import { type Outline, outlineOf } from './outline.ts';
import { DefinitionsView } from './view.ts';

const kind = builtIn.kindOf('apiextensions.k8s.io', 'CustomResourceDefinition')!;
const prefix = keyPrefix(kind, '');
const resource = 'customresourcedefinitions.apiextensions.k8s.io';

/** Characters of definitions that are read at a time. */
const maxPageChars = 4 * 1024 * 1024;
/** Milliseconds that this process gets to see the names of a definition before it is established all the same. */
const seenMs = 2_000;
/** Definitions whose objects are deleted at the same time. */
const maxEnding = 4;
/** Longest time between two looks at objects that finalizers hold. */
const lookAgain = { initialMs: 100, maxMs: 5_000, factor: 2, jitter: 0.2 };
const retryMs = 2_000;

const keeper: User = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

export interface KeeperDeps extends CoreDeps {
  readonly resources: Pick<ResourceApi, 'update' | 'change'>;
  readonly hub: Pick<WatchHub, 'reached'>;
}

/** Looks after definitions until the signal fires. */
export async function keepDefinitions(deps: KeeperDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await using keeper = new Keeper(deps, signal);
      await keeper.run();
    } catch (error) {
      if (signal.aborted) return;
      // A gap in the changes is none of anybody's fault: everything is read anew.
      if (!isError(error, 'Expired')) deps.log.warn({ error }, 'definitions could not be looked after');
      await deps.clock.sleep(retryMs, signal).catch(() => undefined);
    }
  }
}

class Keeper implements AsyncDisposable {
  readonly #deps: KeeperDeps;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #view = new DefinitionsView();
  /** Definitions whose objects are being deleted. */
  readonly #ending = new Map<string, Promise<void>>();
  /** Definitions that end once others have. */
  readonly #queued = new Set<string>();
  #wake: () => void = () => undefined;

  constructor(deps: KeeperDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#ending.values());
  }

  /** Rejects when the changes cannot be followed. */
  async run(): Promise<void> {
    const revision = await this.#load();
    const followed = this.#follow(revision).finally(() => this.#stop.abort());
    // Its failure is this one's, but may come while nobody waits for it.
    followed.catch(() => undefined);
    while (!this.#signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      if (this.#signal.aborted) break;
      for (let next = this.#view.next(); next !== undefined; next = this.#view.next()) await this.#lookAt(next);
      await Promise.race([promise, followed]);
    }
    await followed;
  }

  async #load(): Promise<number> {
    const { store } = this.#deps;
    const { revision } = await store.list({ prefix, limit: 1 });
    for (let after: string | undefined, more = true; more; ) {
      const page = await store.list({ prefix, maxChars: maxPageChars, after, revision });
      for (const entry of page.entries) this.#take(new Stored(entry));
      after = page.entries.at(-1)?.key;
      ({ more } = page);
    }
    return revision;
  }

  async #follow(after: number): Promise<void> {
    const { store } = this.#deps;
    for await (const changes of store.watch({ prefix, after, signal: this.#signal })) {
      for (const change of changes) this.#note(change);
      this.#wake();
    }
  }

  #note(change: Change): void {
    if (change.type === 'delete') this.#view.remove(parseKey(change.key)!.name, change.revision);
    else this.#take(new Stored(change));
  }

  /** A definition that cannot be read is left as it is; others are told of it. */
  #take(stored: Stored): void {
    if (stored.damage !== undefined) return;
    try {
      const definition = stored.object as unknown as CustomResourceDefinition;
      this.#view.set(outlineOf(definition, stored.revision, this.#view.get(definition.metadata.name)));
    } catch (error) {
      this.#deps.log.warn({ error, key: stored.key }, 'a definition makes no sense');
    }
  }

  async #lookAt(outline: Outline): Promise<void> {
    const step = decide(outline, this.#view.taken(outline.group), isBuiltIn(outline));
    try {
      switch (step.type) {
        case 'none':
          return;
        case 'tell':
          return await this.#tell(outline, step.change);
        case 'establish':
          // Whoever sees it established asks for its objects at once.
          await this.#deps.hub.reached(outline.revision, seenMs, this.#signal).catch(() => undefined);
          return await this.#tell(outline, step.change);
        case 'empty':
          return this.#end(outline);
        case 'release':
          await this.#tell(outline, step.change);
          return await this.#release(outline);
      }
    } catch (error) {
      this.#failed(outline, error);
    }
  }

  /** Whoever else wrote or deleted the definition brings it here again; anything else is tried again later. */
  #failed({ name }: Outline, error: unknown): void {
    if (this.#signal.aborted || isError(error, 'Conflict', 'NotFound')) return;
    this.#deps.log.warn({ error, definition: name }, 'a definition could not be looked after');
    this.#lookAgainLater(name);
  }

  #lookAgainLater(name: string): void {
    const again = (): void => {
      this.#view.lookAt(name);
      this.#wake();
    };
    this.#deps.clock.sleep(retryMs, this.#signal).then(again, () => undefined);
  }

  /** Writes a status, unless the definition is another one than the one that was decided about. */
  async #tell({ name, revision }: Outline, { acceptedNames, conditions, forgotten }: StatusChange): Promise<void> {
    const { store, cache, clock, resources } = this.#deps;
    const entry = await store.get(objectKey(kind, '', name));
    if (entry === undefined || entry.revision !== revision) return;
    const { metadata, ...definition } = structuredClone(
      cache.decode(entry).object,
    ) as unknown as CustomResourceDefinition;
    const now = rfc3339(clock.now());
    const status = { ...definition.status! };
    if (acceptedNames !== undefined) status.acceptedNames = acceptedNames;
    status.conditions = conditions.reduce(
      (known, condition) => withCondition(known, condition, now),
      (status.conditions ?? []).filter(({ type }) => !forgotten.includes(type)),
    );
    const wanted = { ...definition, metadata: { ...metadata, resourceVersion: String(revision) }, status };
    const written = await resources.update(this.#context(), wanted as unknown as AnyObject, false, 'status');
    const told = written as unknown as CustomResourceDefinition;
    this.#view.set(outlineOf(told, Number(written.metadata.resourceVersion), this.#view.get(name)));
  }

  #context() {
    return ownContext(keeper, this.#signal, ownManager);
  }

  /** Deletes the objects of a definition, some definitions at a time; the others wait. */
  #end(outline: Outline): void {
    const { name } = outline;
    if (this.#ending.has(name)) return;
    if (this.#ending.size >= maxEnding) {
      this.#queued.add(name);
      return;
    }
    const failed = (error: unknown): void => {
      if (this.#signal.aborted || isError(error, 'NotFound')) return;
      this.#deps.log.warn({ error, definition: name }, 'the objects of a definition could not be deleted');
      // Its changes were not looked at meanwhile.
      this.#lookAgainLater(name);
    };
    const ended = this.#empty(outline)
      .catch(failed)
      .finally(() => {
        this.#ending.delete(name);
        for (const other of this.#queued) this.#view.lookAt(other);
        this.#queued.clear();
        this.#wake();
      });
    this.#ending.set(name, ended);
  }

  /** Deletes the objects until none is left, then lets the definition go. */
  async #empty(outline: Outline): Promise<void> {
    const { clock } = this.#deps;
    for (let looks = 0; ; looks++) {
      const problem = await deleteObjects(this.#deps, outline, this.#signal).then(
        () => undefined,
        (error: unknown) => error,
      );
      this.#signal.throwIfAborted();
      const { name, uid } = outline;
      const current = this.#view.get(name);
      if (current?.uid !== uid) return;
      if (problem !== undefined) {
        await this.#tell(current, notEmptied(`could not issue all deletes: ${(problem as Error).message}`));
        throw problem;
      }
      if ((await remainingObjects(this.#deps, outline)).count === 0) {
        await this.#tell(current, emptied);
        return this.#release(outline);
      }
      await clock.sleep(backoffMs(lookAgain, looks + 1), this.#signal);
    }
  }

  /** Takes the finalizer away; that removes the definition where nothing else holds it. */
  async #release({ name, uid }: Outline): Promise<void> {
    const { resources } = this.#deps;
    await resources.change(
      this.#context(),
      { resource, namespace: '', name },
      { verb: 'update', dryRun: false },
      (object) => {
        const { metadata } = object;
        if (metadata.uid !== uid || metadata.deletionTimestamp === undefined) return object;
        const finalizers = (metadata.finalizers ?? []).filter((each) => each !== cleanupFinalizer);
        return { ...object, metadata: { ...metadata, finalizers } };
      },
    );
  }
}

/** True where the objects of a definition would be those of a kind that Gantry has of its own. */
function isBuiltIn(outline: Outline): boolean {
  const { group, plural } = kindToDelete(outline);
  return builtIn.kinds.some((each) => each.group === group && each.plural === plural);
}

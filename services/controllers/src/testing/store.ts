import { isDeepStrictEqual } from 'node:util';
import type { AnyKind, DeleteOptions, ObjectName, ObjectOf, ResourceName } from '@gantry/client/api.ts';
import { kindNames } from '@gantry/model/built-in.ts';
import type { Namespace } from '@gantry/model/gen/gantry.core.v1.ts';
import { applyMergePatch } from '@gantry/model/patch.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { alreadyExists, conflict, GantryError, notFound } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { AnyObject } from '../core/action.ts';
import { deletionOf, isReleased } from './deletion.ts';
import { foreignKinds, idOf, infoOf, traitsOf } from './foreign.ts';
import type { Random } from './random.ts';

/** One change of the truth. */
export interface Change {
  readonly revision: number;
  readonly type: 'put' | 'delete';
  readonly object: AnyObject;
  /** The object before; undefined for a new one. */
  readonly old: AnyObject | undefined;
  /** When, by the monotonic clock. */
  readonly atMs: number;
  /** Name of the writer: a controller's, `user`, `kubelet`, … */
  readonly by: string;
}

/** Hears of every deletion that is asked for, before it is carried out. May throw to fail the run. */
export type DeletionWatch = (object: AnyObject, options: DeleteOptions, by: string) => void;

type Meta = AnyObject['metadata'];
const finalizersRemoved = '$deleteFromPrimitiveList/finalizers';
type MetaPatch = Partial<Meta> & { readonly [finalizersRemoved]?: readonly string[] };

/**
 * The truth of a simulated cluster: objects with revisions, written the way the api writes them (optimistic locks, uids,
 * generations, finalizers, status apart from spec). Everything happens at once; lag and faults are around it.
 */
export class TruthStore {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #objects = new Map<string, AnyObject>();
  readonly #changes = new Map<AnyKind, Change[]>([...kindNames, ...foreignKinds.keys()].map((kind) => [kind, []]));
  readonly #served = new Set<AnyKind>(kindNames);
  readonly #watchers = new Set<(change: Change) => void>();
  readonly #deletionWatchers = new Set<DeletionWatch>();
  #revision = 0;
  #uids = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Of the last change of any object. */
  get revision(): number {
    return this.#revision;
  }

  /** All changes of a kind, oldest first. */
  changesOf(kind: AnyKind): readonly Change[] {
    return this.#changes.get(kind)!;
  }

  /** Calls back after each change. */
  onChange(watcher: (change: Change) => void): void {
    this.#watchers.add(watcher);
  }

  /** Calls back before each deletion that is asked for. */
  onDeletion(watcher: DeletionWatch): void {
    this.#deletionWatchers.add(watcher);
  }

  find<K extends AnyKind>(kind: K, namespace: string | undefined, name: string): ObjectOf<K> | undefined {
    return this.#objects.get(keyOf(kind, namespace, name)) as ObjectOf<K> | undefined;
  }

  /** @throws GantryError (NotFound) */
  get<K extends AnyKind>(kind: K, { namespace, name }: ObjectName): ObjectOf<K> {
    this.check(kind);
    const object = this.find(kind, namespace, name);
    if (object === undefined) throw notFound(infoOf(kind, name));
    return object;
  }

  all<K extends AnyKind>(kind: K): ObjectOf<K>[] {
    return [...this.#objects.values()].filter((object) => idOf(object) === kind) as unknown as ObjectOf<K>[];
  }

  /** Serves a kind of a definition from now on. */
  serve(kind: ResourceName): void {
    this.#served.add(kind);
  }

  /** Serves a kind no more. Its objects go first, as those of a definition that is deleted, or stay where nobody can see them. */
  unserve(kind: ResourceName, objects: 'go' | 'stay', by: string): void {
    if (objects === 'go') for (const object of this.all(kind) as AnyObject[]) this.#remove(object, by);
    this.#served.delete(kind);
  }

  serves(kind: AnyKind): boolean {
    return this.#served.has(kind);
  }

  /** Throws NotFound in the api's words for a kind that is not served. */
  check(kind: AnyKind): void {
    if (this.#served.has(kind)) return;
    throw new GantryError('NotFound', `the server doesn't have a resource type "${kind}"`);
  }

  byUid(uid: string): AnyObject | undefined {
    for (const object of this.#objects.values()) if (object.metadata.uid === uid) return object;
    return undefined;
  }

  create<T extends AnyObject>(object: T, by: string): T {
    const kind = idOf(object);
    this.check(kind);
    const { generateName } = object.metadata;
    const name = object.metadata.name || `${generateName}${this.#random.int(0, 2 ** 31).toString(36)}`;
    if (this.find(kind, object.metadata.namespace, name) !== undefined) throw alreadyExists(infoOf(kind, name));
    const home = this.find('Namespace', undefined, object.metadata.namespace ?? '');
    if (home?.metadata.deletionTimestamp !== undefined) {
      throw new GantryError('Forbidden', `unable to create new content in namespace ${home.metadata.name}`);
    }
    const metadata: Meta = {
      ...object.metadata,
      name,
      uid: `uid-${++this.#uids}`,
      creationTimestamp: rfc3339(this.#clock.now()),
      ...(traitsOf(kind)?.hasStatus ? { generation: 1 } : {}),
    };
    delete metadata.deletionTimestamp;
    return this.#put({ ...structuredClone(object), metadata }, undefined, by);
  }

  update<T extends AnyObject>(object: T, by: string): T {
    const kind = idOf(object);
    const stored = this.#locked(object);
    const metadata: Meta = { ...structuredClone(object.metadata) };
    const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation } = stored.metadata;
    Object.assign(metadata, { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation });
    const next = { ...structuredClone(object), metadata } as AnyObject & { status?: unknown };
    if (traitsOf(kind)?.hasStatus) next.status = (stored as { status?: unknown }).status;
    if (traitsOf(kind)?.hasStatus && !isDeepStrictEqual(contentOf(next), contentOf(stored))) {
      metadata.generation = (generation ?? 0) + 1;
    }
    if (metadata.deletionTimestamp !== undefined && isReleased(next)) return this.#remove(stored, by) as T;
    return this.#put(next, stored, by) as T;
  }

  updateStatus<T extends AnyObject>(object: T, by: string): T {
    const stored = this.#locked(object);
    const { status } = structuredClone(object) as { status?: unknown };
    return this.#put({ ...stored, status } as AnyObject, stored, by) as T;
  }

  /** A merge patch of metadata alone, or a strategic one that takes entries from its finalizers. */
  patchMetadata(kind: AnyKind, name: ObjectName, body: unknown, by: string): AnyObject {
    const stored = this.get(kind, name) as AnyObject;
    const { [finalizersRemoved]: removed, ...metadata } = (body as { readonly metadata: MetaPatch }).metadata;
    if (removed !== undefined) {
      metadata.finalizers = (stored.metadata.finalizers ?? []).filter((finalizer) => !removed.includes(finalizer));
    }
    if (metadata.uid !== undefined && metadata.uid !== stored.metadata.uid) {
      throw new GantryError('Invalid', 'metadata.uid: field is immutable');
    }
    return this.update({ ...stored, metadata: { ...stored.metadata, ...metadata } } as AnyObject, by);
  }

  /** A merge patch of the status, and of the annotations with it. */
  patchStatus(kind: AnyKind, name: ObjectName, body: unknown, by: string): AnyObject {
    const { metadata, status } = body as { readonly metadata: Partial<Meta>; readonly status: unknown };
    const named = this.get(kind, name) as AnyObject & { status?: unknown };
    const resourceVersion = metadata.resourceVersion ?? named.metadata.resourceVersion;
    const stored = this.#locked({ ...named, metadata: { ...named.metadata, resourceVersion } } as AnyObject);
    const annotations = { ...stored.metadata.annotations, ...metadata.annotations };
    const next = {
      ...named,
      metadata: { ...stored.metadata, annotations },
      status: applyMergePatch(named.status, status),
    };
    return this.#put(next as AnyObject, stored, by);
  }

  /** A merge patch of a namespace's own finalizers. */
  finalize({ name }: ObjectName, body: unknown, by: string): AnyObject {
    const { metadata, spec } = body as Pick<Namespace, 'metadata' | 'spec'>;
    const stored = this.get('Namespace', { name });
    return this.update({ ...stored, metadata: { ...stored.metadata, ...metadata }, ...(spec ? { spec } : {}) }, by);
  }

  /** Asks for an object's end. */
  delete(
    kind: AnyKind,
    { namespace, name }: ObjectName,
    options: DeleteOptions,
    by: string,
  ): { readonly object: AnyObject; readonly gone: boolean } {
    const stored = this.get(kind, namespace === undefined ? { name } : { namespace, name }) as AnyObject;
    const { uid, resourceVersion } = stored.metadata;
    if (options.uid !== undefined && options.uid !== uid) throw conflict(infoOf(kind, name), 'the UID is another one');
    if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
      throw conflict(infoOf(kind, name));
    }
    for (const watcher of this.#deletionWatchers) watcher(stored, options, by);
    const next = deletionOf(stored, options, this.#clock.now());
    if (next === 'gone') return { object: this.#remove(stored, by), gone: true };
    if (next === 'unchanged') return { object: stored, gone: false };
    return { object: this.#put(next, stored, by), gone: false };
  }

  /** A kubelet's word that a pod has ended: it goes, unless a finalizer holds it. */
  end(object: AnyObject, by: string): void {
    const { namespace, name, uid } = object.metadata;
    const stored = this.find(idOf(object), namespace, name) as AnyObject | undefined;
    if (stored?.metadata.uid !== uid) return;
    if ((stored!.metadata.finalizers ?? []).length === 0) this.#remove(stored!, by);
    else
      this.#put(
        { ...stored!, metadata: { ...stored!.metadata, deletionGracePeriodSeconds: 0 } } as AnyObject,
        stored,
        by,
      );
  }

  /** Changes the stored object as one write of somebody who reads the truth; nothing where it is gone. */
  edit<T extends AnyObject>(object: T, change: (draft: T) => void, by: string): void {
    const stored = this.find(idOf(object), object.metadata.namespace, object.metadata.name) as AnyObject | undefined;
    if (stored === undefined || stored.metadata.uid !== object.metadata.uid) return;
    const draft = structuredClone(stored) as T;
    change(draft);
    this.update(draft, by);
  }

  /** The same for the status. */
  editStatus<T extends AnyObject>(object: T, change: (draft: T) => void, by: string): void {
    const stored = this.find(idOf(object), object.metadata.namespace, object.metadata.name) as AnyObject | undefined;
    if (stored === undefined || stored.metadata.uid !== object.metadata.uid) return;
    const draft = structuredClone(stored) as T;
    change(draft);
    this.updateStatus(draft, by);
  }

  /** The stored object, which must be the one and the state that was observed. */
  #locked(object: AnyObject): AnyObject {
    const kind = idOf(object);
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const stored = this.get(kind, namespace === undefined ? { name } : { namespace, name }) as AnyObject;
    if (uid && uid !== stored.metadata.uid) throw conflict(infoOf(kind, name), 'the UID is another one');
    if (resourceVersion && resourceVersion !== stored.metadata.resourceVersion) throw conflict(infoOf(kind, name));
    return stored;
  }

  #put<T extends AnyObject>(object: T, old: AnyObject | undefined, by: string): T {
    const clean = withoutUndefined(object);
    if (old !== undefined && isDeepStrictEqual(unversioned(clean), unversioned(old))) return old as T;
    clean.metadata.resourceVersion = String(++this.#revision);
    this.#objects.set(keyOf(idOf(clean), clean.metadata.namespace, clean.metadata.name), clean);
    this.#tell({ type: 'put', object: clean, old, by });
    return clean;
  }

  #remove(object: AnyObject, by: string): AnyObject {
    this.#objects.delete(keyOf(idOf(object), object.metadata.namespace, object.metadata.name));
    const metadata = { ...object.metadata, resourceVersion: String(++this.#revision) };
    const last = { ...object, metadata } as AnyObject;
    this.#tell({ type: 'delete', object: last, old: object, by });
    return last;
  }

  #tell(what: Omit<Change, 'revision' | 'atMs'>): void {
    const change: Change = { ...what, revision: this.#revision, atMs: this.#clock.monotonic() };
    this.#changes.get(idOf(change.object))!.push(change);
    for (const watcher of this.#watchers) watcher(change);
  }
}

function keyOf(kind: string, namespace: string | undefined, name: string): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}

/** The parts whose change is a new generation. */
function contentOf(object: AnyObject): unknown {
  const { metadata, status: _status, ...content } = object as AnyObject & { status?: unknown };
  const counts = traitsOf(idOf(object))?.generation === 'spec and annotations';
  return withoutUndefined({ content, annotations: counts ? (metadata.annotations ?? {}) : undefined });
}

function unversioned(object: AnyObject): unknown {
  const { resourceVersion: _revision, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** As JSON has it: what is undefined is absent. */
function withoutUndefined<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** An error of the network or of the api's inside, after which nobody knows whether a write took effect. */
export function connectionLost(): GantryError {
  return new GantryError('ServiceUnavailable', 'the connection was lost');
}

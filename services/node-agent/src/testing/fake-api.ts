import type { ReviewCallerRequest, ReviewCallerResponse } from '@gantry/client/access.ts';
import type { AnyKind, ItemResult, ListPage, ObjectOf, Query, WatchEvent } from '@gantry/client/api.ts';
import type { PodReport } from '@gantry/client/object-messages.ts';
import type { KindName } from '@gantry/model/built-in.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { alreadyExists, GrpcCode, notFound } from '@gantry/runtime/errors.ts';
import type { AgentApi } from '../api.ts';

type Listener = (kind: AnyKind, event: WatchEvent<KubeObject>) => void;

/** An api of a few objects in memory, for tests of the agent alone: reads, writes and watches as the real one does, and validates nothing. */
export class FakeApi implements AgentApi {
  readonly #objects = new Map<string, KubeObject>();
  readonly #listeners = new Set<Listener>();
  readonly heartbeats: string[] = [];
  /** Whether the answers to heartbeats ask for the status of a node that exists. */
  asksForStatus = false;
  #revision = 0;

  /** Stores an object and tells watchers. */
  put<T extends object>(object: T): T {
    const { kind, metadata } = object as unknown as KubeObject;
    const key = keyOf(kind as KindName, metadata.namespace, metadata.name ?? '');
    const known = this.#objects.has(key);
    this.#revision++;
    const stored = structuredClone(object) as unknown as KubeObject;
    stored.metadata = { uid: `uid-${this.#revision}`, ...stored.metadata, resourceVersion: String(this.#revision) };
    this.#objects.set(key, stored);
    this.#tell(kind as KindName, known ? 'MODIFIED' : 'ADDED', stored);
    return structuredClone(stored) as unknown as T;
  }

  /** Removes an object and tells watchers. */
  remove(kind: AnyKind, name: string, namespace: string | undefined = 'default'): void {
    const key = keyOf(kind, namespace, name);
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    this.#revision++;
    this.#tell(kind, 'DELETED', object);
  }

  /** The object as stored; undefined if there is none. */
  peek<K extends AnyKind>(kind: K, name: string, namespace: string | undefined = 'default'): ObjectOf<K> | undefined {
    return this.#objects.get(keyOf(kind, namespace, name)) as ObjectOf<K> | undefined;
  }

  /** All objects of a kind. */
  all<K extends AnyKind>(kind: K): ObjectOf<K>[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${kind}/`))
      .map(([, object]) => object as unknown as ObjectOf<K>);
  }

  /** Asks for a pod's end, as a delete does. */
  deletePod(name: string, graceSeconds: number, nowMs: number): void {
    const pod = this.peek('Pod', name)!;
    const deletionTimestamp = new Date(nowMs + graceSeconds * 1_000).toISOString();
    this.put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: graceSeconds } });
  }

  get: AgentApi['get'] = async (kind, { namespace, name }) => {
    const object = this.#objects.get(keyOf(kind, namespace, name));
    if (object === undefined) throw notFound({ group: '', resource: `${kind.toLowerCase()}s`, name });
    return structuredClone(object) as never;
  };

  list: AgentApi['list'] = async <K extends AnyKind>(kind: K, query: Query = {}): Promise<ListPage<ObjectOf<K>>> => {
    const items = this.all(kind).filter((object) => matches(object as unknown as KubeObject, query));
    return { items: structuredClone(items), resourceVersion: this.#revision };
  };

  async *watch<K extends AnyKind>(
    kind: K,
    query: Query & { readonly resourceVersion: number },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<ObjectOf<K>>> {
    const queue: WatchEvent<KubeObject>[] = [];
    let wake: () => void = () => {};
    const listener: Listener = (changed, event) => {
      if (changed !== kind || event.type === 'BOOKMARK' || !matches(event.object, query)) return;
      queue.push(event);
      wake();
    };
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => wake());
    // Changes since the list that this watch follows.
    for (const object of this.all(kind) as unknown as KubeObject[]) {
      const resourceVersion = Number(object.metadata.resourceVersion);
      if (resourceVersion > query.resourceVersion && matches(object, query))
        queue.push({ type: 'MODIFIED', object, resourceVersion });
    }
    try {
      while (!signal.aborted) {
        const event = queue.shift();
        if (event !== undefined) yield structuredClone(event) as unknown as WatchEvent<ObjectOf<K>>;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }

  create: AgentApi['create'] = async (object) => {
    const { kind, metadata } = object;
    if (this.peek(kind as KindName, metadata.name ?? '', metadata.namespace) !== undefined) {
      throw alreadyExists({ group: '', resource: `${kind.toLowerCase()}s`, name: metadata.name ?? '' });
    }
    return this.put(object);
  };

  update: AgentApi['update'] = async (object) => {
    const stored = this.peek(object.kind as KindName, object.metadata.name ?? '', object.metadata.namespace);
    return this.put({ ...object, status: (stored as { status?: unknown } | undefined)?.status });
  };

  updateStatus: AgentApi['updateStatus'] = async (object) => {
    const stored = this.peek(object.kind as KindName, object.metadata.name ?? '', object.metadata.namespace);
    const { status } = object as { readonly status?: unknown };
    return this.put({ ...(stored as object), status } as unknown as typeof object);
  };

  patch: AgentApi['patch'] = async (kind, { namespace, name }, { body }) => {
    const stored = this.peek(kind, name, namespace);
    return this.put({ ...(stored as object), ...(body as object) }) as never;
  };

  delete: AgentApi['delete'] = async (kind, { namespace, name }) => {
    const object = await this.get(kind, namespace === undefined ? { name } : { namespace, name });
    this.remove(kind, name, namespace);
    return { object, gone: true };
  };

  heartbeat: AgentApi['heartbeat'] = async (nodeName) => {
    this.heartbeats.push(nodeName);
    return { reportStatus: this.asksForStatus || this.peek('Node', nodeName) === undefined };
  };

  reportPods: AgentApi['reportPods'] = async (_nodeName, reports: readonly PodReport[]): Promise<ItemResult[]> =>
    reports.map(({ namespace, name, uid, status, terminated }) => {
      const stored = this.peek('Pod', name, namespace);
      if (stored?.metadata.uid !== uid)
        return { code: GrpcCode.NOT_FOUND, message: 'not found', reason: 'NotFound', resourceVersion: 0 };
      if (terminated && stored.metadata.deletionTimestamp !== undefined) this.remove('Pod', name, namespace);
      else this.put({ ...stored, status });
      return { code: 0, message: '', reason: '', resourceVersion: this.#revision };
    });

  /** Decides on callers of the agent's port; nobody is known by default. */
  review = async (_: ReviewCallerRequest): Promise<ReviewCallerResponse> => {
    return { authenticated: false, user: '', allowed: false };
  };

  readonly access = { reviewCaller: (request: ReviewCallerRequest) => this.review(request) } as AgentApi['access'];

  requestToken: AgentApi['requestToken'] = async ({ name }, spec) => {
    const token = `token of ${name} for ${spec.boundObjectRef?.name}`;
    return { spec, status: { token, expirationTimestamp: '2026-01-01T00:00:00Z' } };
  };

  #tell(kind: AnyKind, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    for (const listener of this.#listeners) listener(kind, { type, object, resourceVersion: this.#revision });
  }
}

function keyOf(kind: AnyKind, namespace: string | undefined, name: string): string {
  const isNamespaced = kind !== 'Node' && kind !== 'Namespace';
  return `${kind}/${isNamespaced ? (namespace ?? 'default') : ''}/${name}`;
}

/** As much of field selectors as the agent uses. */
function matches(object: KubeObject, { namespace, fieldSelector }: Query): boolean {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  const { nodeName = '' } = (object as { readonly spec?: { readonly nodeName?: string } }).spec ?? {};
  if (fieldSelector?.startsWith('spec.nodeName!=')) return nodeName !== '';
  if (fieldSelector?.startsWith('spec.nodeName=')) return nodeName === fieldSelector.slice('spec.nodeName='.length);
  if (fieldSelector?.startsWith('metadata.name='))
    return object.metadata.name === fieldSelector.slice('metadata.name='.length);
  return true;
}

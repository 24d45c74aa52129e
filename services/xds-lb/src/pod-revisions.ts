/** The revisions of pods, followed only where a Service is split: a cluster without Rollouts costs nothing. */
import type { Clock } from '@gantry/runtime/clock.ts';
import type { RevisionOf, Split } from './splits.ts';

/** The part of a pod that is followed. */
export interface PodLabels {
  readonly metadata: {
    readonly uid?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
  };
}

/** A local copy of the metadata of the pods of a namespace that have a label (packages/client's Informer is one). */
export interface PodSource extends AsyncDisposable {
  readonly hasSynced: Promise<void>;
  /** Calls back for each pod that is there, and for each change from now on. */
  onChange(
    handler: (change: { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: PodLabels }) => void,
  ): unknown;
}

/** Opens the source of the pods of a namespace that have a label, whatever its value. */
export type OpenPods = (namespace: string, label: string) => PodSource;

/**
 * Services are held as they were for so long while the pods of their namespace cannot be read. After it their endpoints matter more than
 * their parts: they are served as if they were not split.
 */
const patienceMs = 60_000;

interface Followed {
  /** When it began, by the monotonic clock. */
  readonly sinceMs: number;
  readonly source: PodSource;
  /** By uid: a StatefulSet's pods have their names again and again. */
  readonly byPod: Map<string, string>;
  readonly synced: Promise<void>;
  isSynced: boolean;
}

/** Follows the pods of the namespaces that have a split. */
export class PodRevisions implements AsyncDisposable {
  readonly #open: OpenPods;
  readonly #onChange: () => void;
  readonly #clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly #stop = new AbortController();
  readonly #followed = new Map<string, Followed>();

  /** @param onChange Told when a pod has another revision, and when those of a namespace are known for the first time. */
  constructor(open: OpenPods, onChange: () => void, clock: Pick<Clock, 'monotonic' | 'sleep'>) {
    this.#open = open;
    this.#onChange = onChange;
    this.#clock = clock;
  }

  /** Begins to follow what the splits need, and ends to follow all else. The keys are those of the Services. */
  follow(splits: ReadonlyMap<string, Split>): void {
    const wanted = new Map(
      [...splits].map(([service, { label }]) => {
        const namespace = service.slice(0, service.indexOf('/'));
        return [`${namespace} ${label}`, { namespace, label }];
      }),
    );
    for (const [key, { source }] of this.#followed) {
      if (wanted.has(key)) continue;
      this.#followed.delete(key);
      void source[Symbol.asyncDispose]();
    }
    for (const [key, { namespace, label }] of wanted) {
      if (!this.#followed.has(key)) this.#followed.set(key, this.#begin(namespace, label));
    }
  }

  /** The revisions of the pods of a namespace; undefined while they are not known and may be soon. */
  of(namespace: string, label: string): RevisionOf | undefined {
    const followed = this.#followed.get(`${namespace} ${label}`);
    if (followed === undefined) return undefined;
    if (followed.isSynced) return (uid) => followed.byPod.get(uid);
    return this.#clock.monotonic() - followed.sinceMs > patienceMs ? () => undefined : undefined;
  }

  /** Resolves when all that is followed now is known, or has been waited for in vain; rejects where it is stopped before. */
  async synced(): Promise<void> {
    const all = Promise.all([...this.#followed.values()].map(({ synced }) => synced));
    const enough = new AbortController();
    const waited = this.#clock.sleep(patienceMs + 1, AbortSignal.any([enough.signal, this.#stop.signal]));
    // It is no failure to be done before.
    waited.catch(() => {});
    await Promise.race([all, waited]).finally(() => enough.abort());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const sources = [...this.#followed.values()].map(({ source }) => source);
    this.#followed.clear();
    await Promise.all(sources.map((source) => source[Symbol.asyncDispose]()));
  }

  #begin(namespace: string, label: string): Followed {
    const source = this.#open(namespace, label);
    const synced = source.hasSynced.then(() => {
      followed.isSynced = true;
      this.#onChange();
    });
    // Those who do not wait for it must not be ended by its rejection.
    synced.catch(() => {});
    const sinceMs = this.#clock.monotonic();
    const followed: Followed = { source, byPod: new Map(), synced, isSynced: false, sinceMs };
    source.onChange(({ type, object: { metadata } }) => {
      const { byPod, isSynced } = followed;
      const uid = metadata.uid!;
      const now = type === 'DELETED' ? undefined : metadata.labels?.[label];
      if (byPod.get(uid) === now) return;
      if (now === undefined) byPod.delete(uid);
      else byPod.set(uid, now);
      // A pod that is gone is in no slice for long, and nobody waits for its end.
      if (now !== undefined && isSynced) this.#onChange();
    });
    return followed;
  }
}

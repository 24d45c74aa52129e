import type { Kind } from '@gantry/model/kind.ts';
import type { Change, Store } from '@gantry/store/store.ts';
import { keyPrefix, objectKey } from '../core/keys.ts';
import { type AnyObject, decodeEntry, type Stored, storedBy } from '../core/stored-object.ts';
import type { HubChange } from '../watch/change.ts';
import type { ChangeObserver } from '../watch/observers.ts';
import type { CommittedBatch } from './admission.ts';
import type { AdmissionStep } from './chain.ts';

/** An object of a view. Shared: never change it. */
export interface Seen {
  readonly key: string;
  readonly revision: number;
  readonly object: AnyObject;
}

/** By namespace (empty for kinds that are in none), then by key. */
type Objects = Map<string, Map<string, Seen>>;

/**
 * The objects of one kind by which others are admitted, in memory: from the store's changes, and from this process's own writes
 * as soon as they are committed. While they are loaded anew, the former ones stay: what refuses writes must not let them pass meanwhile.
 */
export class KindView implements ChangeObserver {
  readonly kind: Kind;
  readonly prefixes: readonly string[];
  readonly #store: Pick<Store, 'get'>;
  #seen: Objects = new Map();
  #revision = 0;
  /** The objects as far as they were loaded anew, and the revision at which they are. */
  #loading: { readonly seen: Objects; readonly revision: number } | undefined;

  constructor(kind: Kind, store: Pick<Store, 'get'>) {
    this.kind = kind;
    this.prefixes = [keyPrefix(kind, '')];
    this.#store = store;
  }

  /** All changes up to this revision of the store are in the view; some later ones are, too. */
  get revision(): number {
    return this.#revision;
  }

  reset(revision: number): void {
    this.#loading = { seen: new Map(), revision };
  }

  onEntry({ key, revision, object }: Stored): void {
    this.#keepIn(this.#loading?.seen ?? this.#seen, { key, revision, object });
  }

  loaded(): void {
    if (this.#loading === undefined) return;
    ({ seen: this.#seen, revision: this.#revision } = this.#loading);
    this.#loading = undefined;
  }

  onChange({ key, revision }: Change, event: HubChange | undefined): void {
    if (key.startsWith(this.prefixes[0]!)) {
      const object = event?.object;
      if (object === undefined || event?.deleted === true) this.#drop(key, revision);
      else this.#keep({ key, revision, object });
    }
    this.#revision = revision;
  }

  /** Takes the writes of this kind from a batch that this process committed. */
  note({ operations, revisions }: CommittedBatch): void {
    for (const [index, operation] of operations.entries()) {
      if (operation.type === 'check' || !operation.key.startsWith(this.prefixes[0]!)) continue;
      const revision = revisions[index]!;
      if (operation.type === 'delete') this.#drop(operation.key, revision);
      else this.#keep(storedBy(operation, revision));
    }
  }

  /** The objects of a namespace, in no order; all of a kind that is in none. */
  in(namespace = ''): Iterable<Seen> {
    return this.#seen.get(namespace)?.values() ?? [];
  }

  /** An object by its name. One that was made through another replica just now is looked for in the store. */
  async find(namespace: string | undefined, name: string): Promise<AnyObject | undefined> {
    const key = objectKey(this.kind, namespace, name);
    const known = this.#seen.get(this.kind.namespaced ? (namespace ?? '') : '')?.get(key);
    if (known !== undefined) return known.object;
    const entry = await this.#store.get(key);
    return entry && decodeEntry(entry);
  }

  #keep(object: Seen): void {
    this.#keepIn(this.#seen, object);
    if (this.#loading !== undefined) this.#keepIn(this.#loading.seen, object);
  }

  #keepIn(seen: Objects, { key, revision, object }: Seen): void {
    const namespace = this.#namespaceOf(key);
    const inside = seen.get(namespace) ?? new Map<string, Seen>();
    seen.set(namespace, inside);
    const known = inside.get(key);
    if (known === undefined || known.revision <= revision) inside.set(key, { key, revision, object });
  }

  #drop(key: string, revision: number): void {
    const namespace = this.#namespaceOf(key);
    const inside = this.#seen.get(namespace);
    const known = inside?.get(key);
    if (known === undefined || known.revision > revision) return;
    inside!.delete(key);
    if (inside!.size === 0) this.#seen.delete(namespace);
  }

  #namespaceOf(key: string): string {
    const start = this.prefixes[0]!.length;
    return this.kind.namespaced ? key.slice(start, key.indexOf('/', start)) : '';
  }
}

/** Tells views of this process's own writes: what is written is in force for the request that follows. */
export function notingStep(views: readonly KindView[]): AdmissionStep {
  const byKind = new Map(views.map((view) => [view.kind, view]));
  return {
    name: 'views',
    handles: () => false,
    commit: ({ kind, dryRun }) => {
      const view = dryRun ? undefined : byKind.get(kind);
      if (view === undefined) return undefined;
      return Promise.resolve({ operations: [], settle: (batch) => batch && view.note(batch) });
    },
  };
}

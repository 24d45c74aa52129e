/** Holds the current snapshot of each group of clients and tells streams about new ones. */
import type { Snapshot } from './snapshot.ts';

/** Source of a server's snapshots. */
export interface SnapshotSource {
  /** The current snapshot of a group; undefined until there is one, and clients wait until then. */
  get(group: string): Snapshot | undefined;
  /** Calls back after each change, until the returned function is called. */
  onChange(listener: (group: string) => void): () => void;
}

/** Snapshots in memory. */
export class SnapshotCache implements SnapshotSource {
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #listeners = new Set<(group: string) => void>();

  get(group: string): Snapshot | undefined {
    return this.#snapshots.get(group);
  }

  /**
   * Puts a snapshot in place. Returns false, and tells nobody, where the group has the same already.
   * @throws AggregateError of what listeners threw, after all were told.
   */
  set(group: string, snapshot: Snapshot): boolean {
    if (this.#snapshots.get(group)?.version === snapshot.version) return false;
    this.#snapshots.set(group, snapshot);
    const errors: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener(group);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `listeners failed after a change of group "${group}"`);
    return true;
  }

  /** Forgets a group. Its clients keep what they have. */
  delete(group: string): void {
    this.#snapshots.delete(group);
  }

  onChange(listener: (group: string) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

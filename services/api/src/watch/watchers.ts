import { toGantryError } from '@gantry/runtime/errors.ts';
import type { Backlog } from './backlog.ts';
import type { HubChange, Selection, WatchEvent } from './change.ts';

/** An open watch, as the hub sees it. */
export interface Watcher {
  readonly selection: Selection;
  /** Changes up to this revision are not for it. */
  readonly after: number;
  readonly backlog: Backlog<WatchEvent>;
  /** Gets bookmarks promptly: see `progress`. */
  readonly prompt: boolean;
}

/**
 * The open watches by their scope: a change is offered to the watches of the scopes that it touches, and costs nothing for
 * all others.
 */
export class Watchers {
  readonly #byScope = new Map<string, Set<Watcher>>();
  readonly #prompt = new Set<Watcher>();
  /** Revision of the last bookmark that all prompt watches got. */
  #told = 0;

  add(watcher: Watcher): void {
    const { id } = watcher.selection.scope;
    const known = this.#byScope.get(id);
    if (known === undefined) this.#byScope.set(id, new Set([watcher]));
    else known.add(watcher);
    if (!watcher.prompt) return;
    this.#prompt.add(watcher);
    this.#told = 0;
  }

  delete(watcher: Watcher): void {
    const { id } = watcher.selection.scope;
    const known = this.#byScope.get(id);
    known?.delete(watcher);
    if (known?.size === 0) this.#byScope.delete(id);
    this.#prompt.delete(watcher);
  }

  /** Delivers a change to the watches of the scopes that it touches. */
  deliver(change: HubChange): void {
    const { resource, namespace } = change.parts;
    for (const scope of [`${resource}/`, `${resource}/${namespace}/`, change.key, ...(change.fieldScopes ?? [])]) {
      for (const watcher of this.#byScope.get(scope) ?? []) deliver(change, watcher);
    }
  }

  /** Delivers a bookmark to all watches that have come to its revision. */
  bookmark(resourceVersion: number): void {
    const bookmark: WatchEvent = { type: 'BOOKMARK', resourceVersion };
    for (const watchers of this.#byScope.values()) {
      for (const watcher of watchers) if (watcher.after <= resourceVersion) watcher.backlog.push(bookmark);
    }
  }

  /** Delivers a bookmark to the watches that asked for prompt ones, where anything changed since the last. */
  progress(resourceVersion: number): void {
    if (this.#prompt.size === 0 || resourceVersion === this.#told) return;
    this.#told = resourceVersion;
    const bookmark: WatchEvent = { type: 'BOOKMARK', resourceVersion };
    for (const watcher of this.#prompt) if (watcher.after <= resourceVersion) watcher.backlog.push(bookmark);
  }

  /** Ends the watches of a resource with an error, after the events that wait for them: the ends of its objects may be among these. */
  endOf(resource: string, error: Error): void {
    for (const watchers of this.#byScope.values()) {
      for (const watcher of watchers) if (watcher.selection.resource === resource) watcher.backlog.endAfterItems(error);
    }
  }

  /** Ends all watches: with an error, or after the events that wait for them. */
  endAll(error?: Error): void {
    for (const watchers of this.#byScope.values()) for (const watcher of watchers) watcher.backlog.end(error);
  }
}

/** True if a change may be about an object of the selection; the selectors themselves are not looked at. */
export function concerns(change: HubChange, { resource, namespace, scope }: Selection): boolean {
  const { parts, key, fieldScopes } = change;
  if (parts.resource !== resource || (namespace !== '' && namespace !== parts.namespace)) return false;
  if (scope.type === 'object') return key === scope.id;
  return scope.type === 'prefix' || fieldScopes === undefined || fieldScopes.includes(scope.id);
}

/** Delivers a change to one watch. If its selector throws, that watch alone ends with the error. */
export function deliver(change: HubChange, watcher: Watcher): void {
  if (change.revision <= watcher.after || !concerns(change, watcher.selection)) return;
  try {
    const event = change.eventFor(watcher.selection);
    if (event !== undefined) watcher.backlog.push(event);
  } catch (error) {
    watcher.backlog.end(toGantryError(error));
  }
}

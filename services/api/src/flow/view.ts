import { kindOf } from '@gantry/model/built-in.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '@gantry/model/gen/gantry.flowcontrol.v1.ts';
import type { Change } from '@gantry/store/store.ts';
import { keyPrefix } from '../core/keys.ts';
import type { AnyObject, Stored } from '../core/stored-object.ts';
import type { HubChange } from '../watch/change.ts';
import type { ChangeObserver } from '../watch/observers.ts';

/** The flow schemas and priority levels that are stored. */
export interface FlowConfiguration {
  readonly schemas: readonly FlowSchema[];
  readonly levels: readonly PriorityLevelConfiguration[];
}

const [schemas, levels] = [kindOf('FlowSchema'), kindOf('PriorityLevelConfiguration')].map((kind) => {
  return keyPrefix(kind, '');
}) as [string, string];

/** Follows the flow schemas and priority levels in the store. While they are loaded anew, what was known before stays. */
export class FlowView implements ChangeObserver {
  readonly prefixes = [schemas, levels];
  readonly #objects = new Map<string, AnyObject>();
  #isLoaded = true;
  #configuration: FlowConfiguration | undefined;
  #known: FlowConfiguration = { schemas: [], levels: [] };
  readonly #listeners = new Set<() => void>();

  reset(): void {
    this.#isLoaded = false;
    this.#objects.clear();
  }

  loaded(): void {
    this.#isLoaded = true;
    this.#changed();
  }

  onEntry(stored: Stored): void {
    this.#put(stored.key, stored.object);
  }

  onChange({ key }: Change, event: HubChange | undefined): void {
    if (!this.prefixes.some((prefix) => key.startsWith(prefix))) return;
    // A damaged object counts as absent.
    const object = event?.deleted === false ? event.object : undefined;
    if (object === undefined) this.#objects.delete(key);
    else this.#put(key, object);
    this.#changed();
  }

  /** The objects as they are; the same value until they change. */
  get configuration(): FlowConfiguration {
    if (this.#isLoaded && this.#configuration === undefined) {
      const of = <T>(prefix: string): T[] =>
        [...this.#objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object as T);
      this.#configuration = this.#known = { schemas: of(schemas), levels: of(levels) };
    }
    return this.#configuration ?? this.#known;
  }

  /** Calls a listener after each change, until the result is disposed of. */
  onConfiguration(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #put(key: string, object: AnyObject): void {
    this.#objects.set(key, object);
  }

  #changed(): void {
    this.#configuration = undefined;
    for (const listener of this.#listeners) listener();
  }
}

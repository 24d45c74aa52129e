import type { ListPage, Query, WatchEvent } from '@gantry/client/api.ts';
import type { Client } from '@gantry/client/client.ts';
import { queryMatcher } from '@gantry/client/selection.ts';
import type { KindName } from '@gantry/model/built-in.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Context } from '../context.ts';

/** The error that the api answers in place of a page. */
type Failure = GantryError | undefined;

/** An api in memory whose pages hold two objects, whatever they are asked for. */
export class FakeApi {
  objects: KubeObject[];
  /** Failures of the next lists after their first page, in order. */
  readonly pageFailures: Failure[] = [];
  /** Events and end of the next watches, in order. */
  readonly watches: { readonly events: WatchEvent<KubeObject>[]; readonly end?: GantryError }[] = [];
  /** Names of objects that cannot be decoded; all are on the last page. */
  damaged: string[] = [];
  /** Patches that were asked for: the object's kind and name, and the patch's body. */
  readonly patches: { readonly kind: KindName; readonly name: string; readonly body: unknown }[] = [];
  /** Names of the objects that were deleted. */
  readonly deleted: string[] = [];
  /** Failures of deletions, by name of the object. */
  readonly refusals = new Map<string, GantryError>();

  constructor(objects: readonly KubeObject[] = []) {
    this.objects = [...objects];
  }

  async get(kind: KindName, { name }: { readonly name: string }): Promise<KubeObject> {
    const found = this.objects.find((object) => object.kind === kind && object.metadata.name === name);
    if (found === undefined) throw new GantryError('NotFound', `${kind} "${name}" not found`);
    return found;
  }

  async list(kind: KindName, query: Query & { readonly continue?: string } = {}): Promise<ListPage<KubeObject>> {
    const start = Number(query.continue ?? 0);
    const failure = start > 0 ? this.pageFailures.shift() : undefined;
    if (failure !== undefined) throw failure;
    const matches = queryMatcher(kind, query) as (object: KubeObject) => boolean;
    const all = this.objects.filter((object) => object.kind === kind && matches(object));
    const items = all.slice(start, start + 2);
    if (start + 2 < all.length) return { items, resourceVersion: 7, continue: String(start + 2) };
    const damaged = this.damaged.map((name) => {
      return { resource: 'configmaps', namespace: 'default', name, resourceVersion: 1, problem: 'no JSON' };
    });
    return { items, resourceVersion: 7, ...(damaged.length > 0 ? { damaged } : {}) };
  }

  async getRaw(_kind: KindName, { name }: { readonly name: string }): Promise<{ text: string }> {
    return { text: `{"name":"${name}"` };
  }

  async *watch(): AsyncGenerator<WatchEvent<KubeObject>> {
    const next = this.watches.shift();
    if (next === undefined) throw new GantryError('Cancelled', 'no more watches');
    yield* next.events;
    if (next.end !== undefined) throw next.end;
  }

  async patch(kind: KindName, target: { readonly name: string }, { body }: { body: unknown }): Promise<KubeObject> {
    this.patches.push({ kind, name: target.name, body });
    return this.get(kind, target);
  }

  async delete(_kind: KindName, { name }: { readonly name: string }): Promise<{ object: KubeObject; gone: boolean }> {
    const refusal = this.refusals.get(name);
    if (refusal !== undefined) throw refusal;
    const stored = this.objects.find(({ metadata }) => metadata.name === name);
    const object = stored ?? { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
    this.deleted.push(name);
    return { object, gone: true };
  }
}

/** A context over an api in memory, and what commands print in it. */
export interface FakeContext extends Context {
  readonly clock: FakeClock;
  readonly printed: { out: string; err: string };
}

export function fakeContext(api: FakeApi, signal = new AbortController().signal): FakeContext {
  const printed = { out: '', err: '' };
  return {
    client: api as unknown as Client,
    namespace: 'default',
    clock: new FakeClock(),
    signal,
    printed,
    output: {
      write: (text) => {
        printed.out += text;
      },
      note: (text) => {
        printed.err += text;
      },
    },
  };
}

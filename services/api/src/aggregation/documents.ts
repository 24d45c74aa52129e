import { createHash } from 'node:crypto';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { type AskDeps, askRemote } from './ask.ts';
import { discoveryOf, type ResourceDiscovery } from './discovery.ts';
import { type ApiServicesView, pathOf, type RemoteVersion } from './view.ts';

/** Discovery and OpenAPI of a version, as its server tells them. */
export interface RemoteDocument {
  readonly group: string;
  readonly version: string;
  /** Its resources, as aggregated discovery has them. */
  readonly resources: readonly ResourceDiscovery[];
  /** The server did not answer lately: the resources are those of before, or none. */
  readonly isStale: boolean;
  /** Changes with its OpenAPI 3 document; undefined where it has none. */
  readonly schemaHash: string | undefined;
  /** Its part of OpenAPI 2; undefined where it has none. */
  readonly swagger: Swagger | undefined;
}

/** A document of OpenAPI 2, as far as it is looked into. */
export interface Swagger {
  readonly paths?: Readonly<Record<string, unknown>>;
  readonly definitions?: Readonly<Record<string, unknown>>;
}

/** Milliseconds between looks at the documents of other servers. */
const lookEveryMs = 60_000;
/** Least milliseconds between two looks. */
const restMs = 50;

interface Deps extends AskDeps {
  readonly view: ApiServicesView;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps what other servers tell of their versions: each replica asks for itself. */
export class RemoteDocuments {
  readonly #deps: Deps;
  readonly #listeners = new Set<() => void>();
  #known = new Map<string, RemoteDocument>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get all(): readonly RemoteDocument[] {
    return [...this.#known.values()];
  }

  /** Calls a listener after each change, until the result is disposed of. */
  onUpdate(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Asks again after each change of API services, and now and then, until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { view, clock, log } = this.#deps;
    while (!signal.aborted) {
      const changed = new AbortController();
      using _listener = view.onUpdate(() => changed.abort());
      try {
        await this.#look(signal);
      } catch (error) {
        if (!signal.aborted) log.warn({ error }, 'the documents of other api servers could not be read');
      }
      await clock.sleep(restMs, signal).catch(() => undefined);
      const either = AbortSignal.any([signal, changed.signal]);
      if (!either.aborted) await clock.sleep(lookEveryMs, either).catch(() => undefined);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { view } = this.#deps;
    if (view.remotes.length === 0 && this.#known.size === 0) return;
    const found = await Promise.all(
      view.remotes.map(async (remote) => [pathOf(remote), await this.#documentOf(remote, signal)] as const),
    );
    const before = JSON.stringify([...this.#known.values()]);
    this.#known = new Map(found);
    if (JSON.stringify([...this.#known.values()]) === before) return;
    for (const listener of this.#listeners) listener();
  }

  async #documentOf(remote: RemoteVersion, signal: AbortSignal): Promise<RemoteDocument> {
    const { group, version } = remote;
    const path = pathOf(remote);
    const resources = remote.isAvailable ? await this.#ask(remote, path, signal).then(discoveryOf) : undefined;
    const known = this.#known.get(path);
    if (resources === undefined) {
      const { schemaHash, swagger } = known ?? { schemaHash: undefined, swagger: undefined };
      return { group, version, resources: known?.resources ?? [], isStale: true, schemaHash, swagger };
    }
    const [index, swagger] = await Promise.all([
      this.#ask(remote, '/openapi/v3', signal),
      this.#ask(remote, '/openapi/v2', signal),
    ]);
    const schemaHash = hashIn(index, path.slice(1));
    return { group, version, resources, isStale: false, schemaHash, swagger: swagger as Swagger | undefined };
  }

  /** A document; undefined where the server does not give it. */
  async #ask(remote: RemoteVersion, path: string, signal: AbortSignal): Promise<unknown> {
    try {
      const { status, body } = await askRemote(this.#deps, remote.target, path, 'application/json', signal);
      return status === 200 ? JSON.parse(body) : undefined;
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }
}

/** The hash of a version's document in an index of OpenAPI 3, or one of its address where that has none. */
function hashIn(index: unknown, path: string): string | undefined {
  const { paths } = (index ?? {}) as { readonly paths?: Readonly<Record<string, { serverRelativeURL?: unknown }>> };
  const url = paths?.[path]?.serverRelativeURL;
  if (typeof url !== 'string') return undefined;
  return new URL(url, 'http://localhost').searchParams.get('hash') ?? createHash('sha256').update(url).digest('hex');
}

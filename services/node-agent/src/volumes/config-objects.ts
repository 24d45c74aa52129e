import type { Reader } from '@gantry/client/api.ts';
import { watchSource } from '@gantry/client/change-source.ts';
import { Informer } from '@gantry/client/informer.ts';
import type { ConfigMap, Pod, Secret } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { contain } from '../contain.ts';
import type { ConfigData } from '../containers/env.ts';
import { podUid } from '../pods/spec.ts';
import { withDeadline } from './deadline.ts';
import { type ConfigReference, configReferencesOf } from './references.ts';

/** Objects watched at once; more than a node's pods can name within reason. */
const maxWatched = 4_096;

interface Watched {
  readonly informer: Informer<ConfigMap> | Informer<Secret>;
  readonly key: string;
  /** Uids of the pods that name it. */
  readonly users: Set<string>;
}

/** The configMaps and secrets that the node's pods name, and no others: each is watched for as long as a pod names it. */
export class ConfigObjects implements AsyncDisposable {
  readonly #reader: Pick<Reader, 'list' | 'watch'>;
  readonly #log: Logger;
  readonly #onChange: (podUids: ReadonlySet<string>) => void;
  readonly #watched = new Map<string, Watched>();

  /** @param onChange Called with the pods that name an object that changed. */
  constructor(
    reader: Pick<Reader, 'list' | 'watch'>,
    options: { readonly log: Logger; readonly onChange: (podUids: ReadonlySet<string>) => void },
  ) {
    this.#reader = reader;
    this.#log = options.log;
    this.#onChange = options.onChange;
  }

  /** The data of everything that the pod names. Rejects with ServiceUnavailable if the api does not answer in time. */
  async dataFor(pod: Pod, signal: AbortSignal): Promise<ConfigData> {
    const namespace = pod.metadata.namespace ?? '';
    const watched = configReferencesOf(pod).map((reference) => this.#watch(namespace, reference, podUid(pod)));
    const known = watched.map(({ informer }) => informer.hasSynced);
    if (known.length > 0) await withDeadline(Promise.all(known), 'configMaps and secrets', signal);
    const objectOf = (kind: string, name: string) => {
      const entry = this.#watched.get(`${kind}/${namespace}/${name}`);
      return entry?.informer.get(entry.key);
    };
    return {
      configMap: (name) => configMapData(objectOf('ConfigMap', name) as ConfigMap | undefined),
      secret: (name) => secretData(objectOf('Secret', name) as Secret | undefined),
    };
  }

  /** Ends the watches of objects that only this pod named. */
  release(uid: string): void {
    for (const [id, entry] of this.#watched) {
      if (!entry.users.delete(uid) || entry.users.size > 0) continue;
      this.#watched.delete(id);
      contain(this.#log, 'the end of a watch', () => entry.informer[Symbol.asyncDispose]());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#watched.values()].map(({ informer }) => informer[Symbol.asyncDispose]()));
    this.#watched.clear();
  }

  #watch(namespace: string, { kind, name }: ConfigReference, uid: string): Watched {
    const id = `${kind}/${namespace}/${name}`;
    const known = this.#watched.get(id);
    if (known !== undefined) {
      known.users.add(uid);
      return known;
    }
    if (this.#watched.size >= maxWatched) {
      throw new GantryError('ServiceUnavailable', `this node watches ${maxWatched} configMaps and secrets already`);
    }
    const query = { namespace, fieldSelector: `metadata.name=${name}` };
    const onError = (error: unknown): void => this.#log.warn({ error, object: id }, 'an object cannot be watched');
    const informer =
      kind === 'ConfigMap'
        ? new Informer<ConfigMap>({ source: watchSource(this.#reader, 'ConfigMap', query), onError })
        : new Informer<Secret>({ source: watchSource(this.#reader, 'Secret', query), onError });
    const entry: Watched = { informer, key: `${namespace}/${name}`, users: new Set([uid]) };
    this.#watched.set(id, entry);
    informer.start().onChange(() => contain(this.#log, 'the change of an object', () => this.#onChange(entry.users)));
    return entry;
  }
}

function configMapData(object: ConfigMap | undefined): ReadonlyMap<string, Buffer> | undefined {
  if (object === undefined) return undefined;
  const text = Object.entries(object.data ?? {}).map(([key, value]): [string, Buffer] => [
    key,
    Buffer.from(value, 'utf8'),
  ]);
  return new Map([...text, ...decoded(object.binaryData)]);
}

function secretData(object: Secret | undefined): ReadonlyMap<string, Buffer> | undefined {
  return object === undefined ? undefined : new Map(decoded(object.data));
}

function decoded(data: Readonly<Record<string, string>> | undefined): [string, Buffer][] {
  return Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]);
}

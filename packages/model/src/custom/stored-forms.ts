/** Objects of a definition between the store and the version in which they are asked for. */
import type { KubeObject, StoredForms } from '../kind.ts';
import { withDefaults } from './defaults.ts';
import type { SchemaNode } from './node.ts';
import { pruned } from './prune.ts';

/** Converts objects to an apiVersion, many in one call, in order. Throws where one of them cannot be converted. */
export type ConvertObjects = (objects: readonly KubeObject[], apiVersion: string) => Promise<readonly KubeObject[]>;

/** Schemas of the versions of a definition, and how objects get from one to another. */
export interface VersionSchemas {
  /** By apiVersion; undefined for a version that keeps everything. */
  readonly nodes: ReadonlyMap<string, SchemaNode | undefined>;
  /** The apiVersion in which objects are written. */
  readonly storage: string;
  /** Asks a webhook; without one versions differ in apiVersion alone. */
  readonly convert: ConvertObjects | undefined;
}

/** The stored objects of a definition as one of its versions sees them. */
export function storedFormsOf(apiVersion: string, { nodes, storage, convert }: VersionSchemas): StoredForms {
  /** Objects in this version, by the stored ones. */
  const known = new WeakMap<KubeObject, KubeObject>();
  const prunedFor = (version: string, object: KubeObject): KubeObject => {
    const node = nodes.get(version);
    return node === undefined ? object : (pruned(node, object) as KubeObject);
  };
  const today = (object: KubeObject): KubeObject =>
    withDefaults(nodes.get(object.apiVersion), prunedFor(object.apiVersion, object)) as KubeObject;
  const renamed = (object: KubeObject, version: string): KubeObject =>
    object.apiVersion === version ? object : prunedFor(version, { ...object, apiVersion: version });

  const read = (object: KubeObject): KubeObject | undefined => {
    const made = known.get(object);
    if (made !== undefined) return made;
    if (convert !== undefined && object.apiVersion !== apiVersion) return undefined;
    const form = renamed(today(object), apiVersion);
    known.set(object, form);
    return form;
  };
  /** Conversions that are asked for, by the stored objects: whoever wants one of these meanwhile waits for the same answer. */
  const asked = new WeakMap<KubeObject, Promise<void>>();
  const ask = (objects: readonly KubeObject[]): void => {
    if (objects.length === 0) return;
    const answered = convert!(objects.map(today), apiVersion).then(
      (converted) => {
        for (const [index, object] of objects.entries()) known.set(object, prunedFor(apiVersion, converted[index]!));
      },
      (error: unknown) => {
        // The next one asks again.
        for (const object of objects) asked.delete(object);
        throw error;
      },
    );
    for (const object of objects) asked.set(object, answered);
  };
  return {
    apiVersion: storage,
    asksWebhook: convert !== undefined,
    read,
    readAll: async (objects) => {
      const waiting = objects.filter((object) => read(object) === undefined);
      ask(waiting.filter((object) => !asked.has(object)));
      await Promise.all(new Set(waiting.map((object) => asked.get(object))));
      return objects.map((object) => read(object)!);
    },
    write: (object) => {
      if (convert === undefined || storage === apiVersion) return renamed(object, storage);
      return convert([object], storage).then(([converted]) => prunedFor(storage, converted!));
    },
    convert: (object, version) => {
      if (object.apiVersion === version) return object;
      return convert === undefined && nodes.has(version) ? renamed(object, version) : undefined;
    },
  };
}

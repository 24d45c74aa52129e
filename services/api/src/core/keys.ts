import type { Kind } from '@gantry/model/kind.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import type { ResourceInfo } from '@gantry/runtime/errors.ts';

/** The part of a kind that addresses its objects. */
export type Addressed = Pick<Kind, 'group' | 'plural' | 'namespaced'>;

/** Store key of an object. */
export function objectKey(kind: Addressed, namespace: string | undefined, name: string): string {
  return `${resourceOf(kind)}/${kind.namespaced ? namespace : '_'}/${name}`;
}

/** Prefix of the keys of a kind's objects, in one namespace or (where it is empty) in all. */
export function keyPrefix(kind: Addressed, namespace: string): string {
  return namespace === '' || !kind.namespaced ? `${resourceOf(kind)}/` : `${resourceOf(kind)}/${namespace}/`;
}

/** A store key, taken apart. */
export interface KeyParts {
  readonly resource: string;
  /** `_` for objects that are in no namespace. */
  readonly namespace: string;
  readonly name: string;
}

/** First parts of keys that the api keeps for itself: they are no objects, and nobody watches them. */
const internal = new Set(['claims', 'allocations']);

/** The parts of an object's store key; undefined if the key is not that of an object. */
export function parseKey(key: string): KeyParts | undefined {
  const first = key.indexOf('/');
  const second = key.indexOf('/', first + 1);
  if (first < 1 || second < 0) return undefined;
  const resource = key.slice(0, first);
  if (internal.has(resource)) return undefined;
  return { resource, namespace: key.slice(first + 1, second), name: key.slice(second + 1) };
}

/** Names an object in an error. */
export function infoOf(kind: Addressed, name: string): ResourceInfo {
  return { group: kind.group, resource: kind.plural, name };
}

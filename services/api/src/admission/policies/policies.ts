import type { Kind, KubeObject } from '@gantry/model/kind.ts';
import type { Registry } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { FollowedObjects } from '../following.ts';
import { Candidates } from '../matching/candidates.ts';
import { type Binding, bindingOf, type Policy, type StoredBinding, type StoredPolicy } from './policy.ts';

/** The policies of one type that have bindings. Each is compiled when it or one of its bindings changes. */
export class Policies<Stored extends StoredPolicy, Body> {
  readonly #kinds: Registry;
  readonly #followed: FollowedObjects;
  readonly #policyKind: Kind;
  readonly #bindingKind: Kind;
  readonly #compile: (stored: Stored, bindings: readonly Binding[]) => Policy<Body>;
  #compiled = new Map<string, { readonly of: readonly object[]; readonly policy: Policy<Body> }>();
  #candidates: Candidates<Policy<Body>>;
  #version = -1;

  constructor(
    kinds: Registry,
    followed: FollowedObjects,
    types: { readonly policy: Kind; readonly binding: Kind },
    compile: (stored: Stored, bindings: readonly Binding[]) => Policy<Body>,
  ) {
    this.#kinds = kinds;
    this.#followed = followed;
    this.#policyKind = types.policy;
    this.#bindingKind = types.binding;
    this.#compile = compile;
    this.#candidates = new Candidates(kinds, []);
  }

  /** The policies, by their names. Throws ServiceUnavailable before they are known. */
  get candidates(): Candidates<Policy<Body>> {
    const { isLoaded, version } = this.#followed;
    if (!isLoaded) throw new GantryError('ServiceUnavailable', 'not yet ready to handle request');
    if (version !== this.#version) this.#refresh(version);
    return this.#candidates;
  }

  #refresh(version: number): void {
    const bindings = Map.groupBy(
      this.#followed.of<StoredBinding>(this.#bindingKind).toSorted(byName),
      ({ spec }) => spec?.policyName ?? '',
    );
    const before = this.#compiled;
    this.#compiled = new Map();
    for (const stored of this.#followed.of<Stored>(this.#policyKind).toSorted(byName)) {
      const name = stored.metadata.name ?? '';
      const own = bindings.get(name) ?? [];
      if (own.length === 0) continue;
      const of = [stored, ...own];
      const known = before.get(name);
      const isSame = known?.of.length === of.length && known.of.every((object, index) => object === of[index]);
      this.#compiled.set(name, isSame ? known : { of, policy: this.#compile(stored, own.map(bindingOf)) });
    }
    const all = [...this.#compiled.values()].map(({ policy }) => policy);
    this.#candidates = new Candidates(this.#kinds, all);
    this.#version = version;
  }
}

function byName(a: KubeObject, b: KubeObject): number {
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
}

import type { PersistentVolume, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Change } from '@gantry/store/store.ts';
import { parseKey } from '../../core/keys.ts';
import type { AnyObject, Stored } from '../../core/stored-object.ts';
import type { HubChange } from '../../watch/change.ts';
import type { ChangeObserver } from '../../watch/observers.ts';
import { type ReferencedKind, referencesOf } from './references.ts';

/** A bound pod, as far as its node's rights go. */
interface BoundPod {
  readonly node: string;
  /** `KIND/NAME` of what it refers to. Pods of one template share it. */
  readonly references: readonly string[];
}

/** A volume: the claim that it is bound to, and the secrets that it is mounted with, each as `NAMESPACE/NAME`. */
interface BoundVolume {
  readonly claim: string;
  readonly secrets: readonly string[];
}

const pods = 'pods';
const volumes = 'persistentvolumes';

/** The objects that the pods of each node refer to, kept up to date from the store's changes. Nothing is known while it is loaded. */
export class NodeGraph implements ChangeObserver {
  readonly prefixes = [`${pods}/`, `${volumes}/`];
  readonly #pods = new Map<string, BoundPod>();
  /** Keys of the pods of each node. */
  readonly #byNode = new Map<string, Set<string>>();
  readonly #volumes = new Map<string, BoundVolume>();
  /** Lists of references that several pods share, by their text. */
  readonly #shared = new Map<string, { readonly list: readonly string[]; users: number }>();
  #loaded = false;

  reset(): void {
    this.#loaded = false;
    for (const map of [this.#pods, this.#byNode, this.#volumes, this.#shared]) map.clear();
  }

  loaded(): void {
    this.#loaded = true;
  }

  onEntry(stored: Stored): void {
    this.#put(stored.key, stored.object);
  }

  onChange({ key }: Change, event: HubChange | undefined): void {
    if (event === undefined || (event.parts.resource !== pods && event.parts.resource !== volumes)) return;
    if (event.deleted || event.object === undefined) this.#remove(key);
    else this.#put(key, event.object);
  }

  /** Whether a pod is bound to a node. */
  hasPod(node: string, namespace: string, name: string): boolean {
    this.#check();
    return this.#byNode.get(node)?.has(`${pods}/${namespace}/${name}`) ?? false;
  }

  /** Whether a pod of a node refers to an object, a secret also by way of a volume. */
  refersTo(node: string, kind: ReferencedKind, namespace: string, name: string): boolean {
    this.#check();
    const wanted = `${kind}/${name}`;
    const prefix = `${pods}/${namespace}/`;
    for (const key of this.#byNode.get(node) ?? []) {
      if (key.startsWith(prefix) && this.#pods.get(key)!.references.includes(wanted)) return true;
    }
    if (kind !== 'secret') return false;
    for (const volume of this.#volumes.values()) {
      if (volume.secrets.includes(`${namespace}/${name}`) && this.#claims(node, volume)) return true;
    }
    return false;
  }

  /** Whether a pod of a node claims a volume. */
  usesVolume(node: string, name: string): boolean {
    this.#check();
    const volume = this.#volumes.get(`${volumes}/_/${name}`);
    return volume !== undefined && this.#claims(node, volume);
  }

  #claims(node: string, { claim }: BoundVolume): boolean {
    const [namespace = '', name = ''] = claim.split('/');
    return claim !== '' && this.refersTo(node, 'claim', namespace, name);
  }

  #check(): void {
    if (!this.#loaded)
      throw new GantryError('ServiceUnavailable', 'the pods are being loaded', { retryAfterMs: 1_000 });
  }

  #put(key: string, object: AnyObject): void {
    if (parseKey(key)?.resource === volumes) {
      this.#volumes.set(key, volumeOf(object as unknown as PersistentVolume));
      return;
    }
    const pod = object as unknown as Pod;
    const node = pod.spec.nodeName ?? '';
    // Read before anything is changed: a pod with a field of another type throws.
    const references = node === '' ? [] : referencesOf(pod);
    this.#remove(key);
    if (node === '') return;
    this.#pods.set(key, { node, references: this.#share(references) });
    this.#byNode.set(node, (this.#byNode.get(node) ?? new Set()).add(key));
  }

  #remove(key: string): void {
    this.#volumes.delete(key);
    const pod = this.#pods.get(key);
    if (pod === undefined) return;
    this.#pods.delete(key);
    this.#release(pod.references);
    const members = this.#byNode.get(pod.node)!;
    members.delete(key);
    if (members.size === 0) this.#byNode.delete(pod.node);
  }

  #share(references: readonly string[]): readonly string[] {
    const text = references.join(' ');
    const shared = this.#shared.get(text) ?? { list: references, users: 0 };
    shared.users++;
    this.#shared.set(text, shared);
    return shared.list;
  }

  #release(references: readonly string[]): void {
    const text = references.join(' ');
    const shared = this.#shared.get(text)!;
    shared.users--;
    if (shared.users === 0) this.#shared.delete(text);
  }
}

function volumeOf({ spec }: PersistentVolume): BoundVolume {
  const { claimRef, ...source } = spec ?? {};
  const claim = claimRef?.name ? `${claimRef.namespace ?? ''}/${claimRef.name}` : '';
  const secrets = secretsIn(source).map(({ name, namespace = claimRef?.namespace ?? '' }) => `${namespace}/${name}`);
  return { claim, secrets };
}

/** References to secrets in a volume's source: its fields whose names end with secretRef, and azureFile's secretName. */
function secretsIn(source: object): { readonly name: string; readonly namespace?: string }[] {
  return Object.entries(source).flatMap(([field, value]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    if (/secretRef$/i.test(field)) return typeof value.name === 'string' ? [value] : [];
    const { secretName, secretNamespace } = value as { secretName?: string; secretNamespace?: string };
    const named = secretName ? [{ name: secretName, ...(secretNamespace ? { namespace: secretNamespace } : {}) }] : [];
    return [...named, ...secretsIn(value)];
  });
}

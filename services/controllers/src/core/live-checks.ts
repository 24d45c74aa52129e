import type { Reader } from '@gantry/client/api.ts';
import { kindOf } from '@gantry/model/registry.ts';
import { conflict, isError } from '@gantry/runtime/errors.ts';
import type { ObjectRef, Requirement } from './action.ts';

/** Looks at the api itself, past every cache. Each object is read once for as long as this lives. */
export class LiveChecks {
  readonly #api: Pick<Reader, 'get'>;
  readonly #signal: AbortSignal;
  readonly #read = new Map<string, Promise<Found | undefined>>();

  constructor(api: Pick<Reader, 'get'>, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
  }

  /**
   * Resolves where all requirements hold.
   * @throws GantryError (Conflict) that names the first that does not hold; any error of the read.
   */
  async hold(requirements: readonly Requirement[] = []): Promise<void> {
    for (const { type, ref } of requirements) {
      const found = await this.#get(ref);
      const exists = found !== undefined && (ref.uid === undefined || found.uid === ref.uid);
      const { group, plural } = kindOf(ref.kind);
      const resource = { group, resource: plural, name: ref.name };
      if (type === 'absent' && exists)
        throw conflict(resource, 'the object exists, although the cache does not show it');
      if (type === 'alive' && !exists) throw conflict(resource, 'the object is gone, although the cache shows it');
      if (type === 'alive' && found?.deletionTimestamp !== undefined) {
        throw conflict(resource, 'the object is being deleted');
      }
    }
  }

  #get(ref: ObjectRef): Promise<Found | undefined> {
    const key = `${ref.kind}/${ref.namespace ?? ''}/${ref.name}`;
    const known = this.#read.get(key) ?? this.#fetch(ref);
    this.#read.set(key, known);
    return known;
  }

  async #fetch({ kind, namespace, name }: ObjectRef): Promise<Found | undefined> {
    try {
      const target = namespace === undefined ? { name } : { namespace, name };
      return (await this.#api.get(kind, target, { signal: this.#signal })).metadata;
    } catch (error) {
      if (isError(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

interface Found {
  readonly uid?: string | undefined;
  readonly deletionTimestamp?: string | undefined;
}

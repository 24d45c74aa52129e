import { isResourceName, type Reader } from '@gantry/client/api.ts';
import { kindOf } from '@gantry/model/built-in.ts';
import { conflict, isError } from '@gantry/runtime/errors.ts';
import type { ObjectRef, Requirement } from './action.ts';

/** Set by the api on an object that is to go after its dependents. */
export const foregroundFinalizer = 'foregroundDeletion';
/** Uids that are remembered as gone. */
const maxAbsent = 4_096;

/** Uids that the api said to be gone. No uid comes back, so that one answer serves all dependents of an owner. */
export class AbsentUids {
  readonly #uids = new Set<string>();

  has(uid: string | undefined): boolean {
    return uid !== undefined && this.#uids.has(uid);
  }

  add(uid: string): void {
    this.#uids.add(uid);
    if (this.#uids.size <= maxAbsent) return;
    const [oldest] = this.#uids;
    this.#uids.delete(oldest!);
  }
}

/** Looks at the api itself, past every cache. Each object is read once for as long as this lives. */
export class LiveChecks {
  readonly #api: Pick<Reader, 'get'>;
  readonly #absent: AbsentUids;
  readonly #signal: AbortSignal;
  readonly #read = new Map<string, Promise<Found | undefined>>();

  constructor(api: Pick<Reader, 'get'>, absent: AbsentUids, signal: AbortSignal) {
    this.#api = api;
    this.#absent = absent;
    this.#signal = signal;
  }

  /**
   * Resolves where all requirements hold.
   * @throws GantryError (Conflict) that names the first that does not hold; any error of the read.
   */
  async hold(requirements: readonly Requirement[] = []): Promise<void> {
    for (const requirement of requirements) {
      const { type, ref } = requirement;
      if (type === 'absent' && this.#absent.has(ref.uid)) continue;
      const found = await this.#get(ref);
      const exists = found !== undefined && (ref.uid === undefined || found.uid === ref.uid);
      if (!exists && ref.uid !== undefined) this.#absent.add(ref.uid);
      const problem = problemWith(requirement, exists ? found : undefined);
      if (problem === undefined) continue;
      throw conflict({ ...typeOf(ref), name: ref.name }, problem);
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
      return (await this.#api.get(kind, target, { signal: this.#signal, metadataOnly: true })).metadata;
    } catch (error) {
      // While the kind itself is not served, nobody knows whether there is such an object.
      if (isError(error, 'NotFound') && error.resource?.name === name) return undefined;
      throw error;
    }
  }
}

function typeOf({ kind }: ObjectRef): { readonly group: string; readonly resource: string } {
  if (!isResourceName(kind)) return { group: kindOf(kind).group, resource: kindOf(kind).plural };
  const dot = kind.indexOf('.');
  return { group: kind.slice(dot + 1), resource: kind.slice(0, dot) };
}

function problemWith(requirement: Requirement, found: Found | undefined): string | undefined {
  const isEnding = found?.deletionTimestamp !== undefined;
  switch (requirement.type) {
    case 'absent':
      return found === undefined ? undefined : 'the object exists, although the cache does not show it';
    case 'alive':
    case 'generation':
      if (found === undefined) return 'the object is gone, although the cache shows it';
      if (isEnding) return 'the object is being deleted';
      if (requirement.type === 'alive' || found.generation === requirement.generation) return undefined;
      return 'the object asks for something else than the cache shows';
    case 'unchanged':
      return found?.resourceVersion === requirement.resourceVersion
        ? undefined
        : 'the object changed since it was seen';
    case 'foreground':
      if (found === undefined || (isEnding && found.finalizers?.includes(foregroundFinalizer))) return undefined;
      return 'the object does not wait for its dependents any more';
  }
}

interface Found {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly generation?: number | undefined;
  readonly deletionTimestamp?: string | undefined;
  readonly finalizers?: readonly string[] | undefined;
}

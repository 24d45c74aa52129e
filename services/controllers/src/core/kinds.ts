import type { AnyKind, ResourceName, ServedResources, UnknownResources } from '@gantry/client/api.ts';
import { builtIn, type KindName } from '@gantry/model/built-in.ts';
import { resourceOf } from '@gantry/model/registry.ts';

// Garbage collection and the deletion of namespaces are about every kind that the api serves, those of CustomResourceDefinitions
// among them, which come and go while controllers run.

/** A kind whose objects can be listed and deleted. */
export interface ServedKind {
  /** As views and the api take it. */
  readonly id: AnyKind;
  /** Empty for the core group. */
  readonly group: string;
  readonly kind: string;
  /** Plural name, such as pods. */
  readonly plural: string;
  /** Plural name with the group, such as deployments.apps. */
  readonly resource: string;
  readonly namespaced: boolean;
  /**
   * False where no view shows its objects: they cannot be watched, or are Events, of which there may be a hundred thousand that own
   * nothing and are owned by nobody.
   */
  readonly isShown: boolean;
}

/** Resources that no view shows although they could be watched, as in Kubernetes. */
const unwatched: ReadonlySet<string> = new Set(['events', 'events.events.k8s.io']);

/** All kinds that are served at one time. */
export class KindTable {
  readonly all: readonly ServedKind[];
  /** Groups whose kinds cannot be told at present. */
  readonly unknown: readonly UnknownResources[];
  readonly #byType: ReadonlyMap<string, ServedKind>;
  readonly #byResource: ReadonlyMap<string, ServedKind>;

  constructor(all: readonly ServedKind[], unknown: readonly UnknownResources[] = []) {
    this.all = all;
    this.unknown = unknown;
    this.#byType = new Map(all.map((kind) => [`${kind.group} ${kind.kind}`, kind]));
    this.#byResource = new Map(all.map((kind) => [kind.resource, kind]));
  }

  /** The kind of a reference or an object, whatever its version; undefined for one that is not served. */
  of({ apiVersion, kind }: Typed): ServedKind | undefined {
    return this.#byType.get(`${groupOf(apiVersion)} ${kind}`);
  }

  /** The kind of a resource, such as deployments.apps. */
  ofResource(resource: string): ServedKind | undefined {
    return this.#byResource.get(resource);
  }
}

/** A reference or an object. */
interface Typed {
  readonly apiVersion: string;
  readonly kind: string;
}

/** True where a reference or an object is of a kind, whatever its version. */
export function isOfKind({ apiVersion, kind }: Typed, of: ServedKind): boolean {
  return kind === of.kind && groupOf(apiVersion) === of.group;
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** The table of what the api says it serves. A kind that cannot be listed or deleted concerns nobody here. */
export function kindTable({ resources, unknown }: ServedResources): KindTable {
  const kinds = resources.flatMap(({ resource, group, kind, plural, namespaced, verbs }): ServedKind[] => {
    const known = builtIn.kindOf(group, kind);
    const id = known === undefined || resourceOf(known) !== resource ? resource : known.kind;
    const isUsable = verbs.includes('list') && verbs.includes('delete');
    // A kind of the core group that this program does not know of has no name by which to ask for it.
    if (!isUsable || (known === undefined && group === '')) return [];
    const isShown = verbs.includes('watch') && !unwatched.has(resource);
    return [{ id: id as KindName | ResourceName, group, kind, plural, resource, namespaced, isShown }];
  });
  return new KindTable(kinds, unknown);
}

import type { Kind } from '@gantry/model/kind.ts';
import { type Registry, resourceOf } from '@gantry/model/registry.ts';

/** gantry.api.v1.ServedResources. */
export interface ServedResourcesMessage {
  readonly resources: readonly object[];
}

/** All verbs of a resource whose objects are stored. */
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** The resources of a registry, and all of them anew after each change. Changes that come together are told together. */
export async function* servedResources(kinds: Registry, signal: AbortSignal): AsyncGenerator<ServedResourcesMessage> {
  let changed = Promise.withResolvers<void>();
  const ring = (): void => changed.resolve();
  using _listener = kinds.onChange(ring);
  signal.addEventListener('abort', ring, { once: true });
  try {
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>();
      yield { resources: kinds.kinds.filter(isStored).map((kind) => resourceMessage(kind, kinds)) };
      if (!signal.aborted) await changed.promise;
    }
  } finally {
    signal.removeEventListener('abort', ring);
  }
}

/** Kinds with verbs of their own are calls, or made when they are read. */
function isStored(kind: Kind): boolean {
  return kind.verbs === undefined;
}

function resourceMessage(kind: Kind, kinds: Registry): object {
  const { group, plural, singular, shortNames, namespaced, categories = [] } = kind;
  const resource = resourceOf(kind);
  const { version } = kinds.formOfResource(resource);
  const others = (kind.versions ?? []).filter((each) => each.group === group).map((each) => each.version);
  return {
    resource,
    group,
    version,
    kind: kind.kind,
    plural,
    singular,
    shortNames,
    namespaced,
    verbs: kind.verbs ?? verbs,
    categories,
    versions: [...new Set([version, kind.version, ...others])],
  };
}

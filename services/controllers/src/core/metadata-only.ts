import type { Reader } from '@gantry/client/api.ts';
import type { ChangeSource, SourceEvent } from '@gantry/client/change-source.ts';
import type { KindName } from '@gantry/model/built-in.ts';
import type { KubeObject } from '@gantry/model/kind.ts';

// Garbage collection and the deletion of namespaces watch every kind, and there may be a hundred thousand ConfigMaps of many
// kilobytes: of kinds whose content no controller reads only the metadata is kept.

/** Kinds of which views hold the metadata alone. Their objects may be deleted and their metadata patched, and no more. */
export const metadataOnlyKinds: ReadonlySet<KindName> = new Set<KindName>(['ConfigMap', 'Secret', 'Event']);

/** The object without its content, and without the metadata that no controller goes by. */
function slim<T extends KubeObject>({ apiVersion, kind, metadata }: T): T {
  const { annotations: _annotations, managedFields: _managedFields, ...kept } = metadata;
  // Its type says more than there is: nobody reads more of these kinds.
  return { apiVersion, kind, metadata: kept } as T;
}

/** The source, of whose objects nothing but the metadata comes through. */
export function metadataSource<T extends KubeObject>(source: ChangeSource<T>): ChangeSource<T> {
  return {
    async *read(after, signal) {
      for await (const event of source.read(after, signal)) yield slimEvent(event);
    },
  };
}

function slimEvent<T extends KubeObject>(event: SourceEvent<T>): SourceEvent<T> {
  if (event.type === 'snapshot') return { ...event, objects: event.objects.map(slim) };
  if (event.type === 'put') return { ...event, object: slim(event.object) };
  if (event.type === 'delete' && event.object !== undefined) return { ...event, object: slim(event.object) };
  return event;
}

type ListReader = Pick<Reader, 'list' | 'get' | 'watch'>;

/** The reader, whose lists are slim page by page: a whole state with its content is never held. */
export function metadataReader(reader: ListReader): ListReader {
  return {
    list: async (kind, query, options) => {
      const page = await reader.list(kind, query, options);
      return { ...page, items: page.items.map(slim) };
    },
    get: (kind, name, options) => reader.get(kind, name, options),
    watch: (kind, query, signal) => reader.watch(kind, query, signal),
  };
}

import type { Reader } from '@gantry/client/api.ts';
import type { ChangeSource, SourceEvent } from '@gantry/client/change-source.ts';
import type { KubeObject } from '@gantry/model/kind.ts';

// Garbage collection and the deletion of namespaces watch every kind, and there may be a hundred thousand ConfigMaps of many
// kilobytes: of kinds whose content no controller reads only the metadata is sent and kept.

/** Marks objects of which there is the metadata alone, and copies of them. */
const partial: unique symbol = Symbol('metadata only');

/** True for an object that lacks its content. It may be deleted and its metadata patched, and no more. */
export function isMetadataOnly(object: object): boolean {
  return partial in object;
}

/** The object without its content, and without the metadata that no controller goes by. */
function slim<T extends KubeObject>({ apiVersion, kind, metadata }: T): T {
  const { annotations: _annotations, managedFields: _managedFields, ...kept } = metadata;
  // Its type says more than there is: nobody reads more of these kinds.
  return { apiVersion, kind, metadata: kept, [partial]: true } as unknown as T;
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

type ListReader = Pick<Reader, 'list' | 'watch'>;

/** The reader, which asks for nothing but metadata, and whose lists are slim page by page: annotations may be large, too. */
export function metadataReader(reader: ListReader): ListReader {
  return {
    list: async (kind, query, options) => {
      const page = await reader.list(kind, { ...query, metadataOnly: true }, options);
      return { ...page, items: page.items.map(slim) };
    },
    // Decisions about owners go by how new the views of all kinds are.
    watch: (kind, query, signal) => reader.watch(kind, { ...query, metadataOnly: true, prompt: true }, signal),
  };
}

/** The reader, whose watches tell promptly how new they are. */
export function promptReader(reader: ListReader): ListReader {
  return {
    list: (kind, query, options) => reader.list(kind, query, options),
    watch: (kind, query, signal) => reader.watch(kind, { ...query, prompt: true }, signal),
  };
}

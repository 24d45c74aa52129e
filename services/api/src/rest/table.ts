import { printedColumns } from '@gantry/model/columns.ts';
import type { Kind } from '@gantry/model/kind.ts';
import type { AnyObject } from '../core/stored-object.ts';

/** Part of an object that a row of a table carries, by the query parameter includeObject. */
export type RowObject = 'None' | 'Metadata' | 'Object';

/** meta.k8s.io/v1 Table, the form in which kubectl prints objects. */
export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly columnDefinitions: readonly object[];
  readonly rows: readonly object[];
}

/** The objects as rows of a table with a kind's printed columns. */
export function tableOf(
  kind: Kind,
  objects: readonly AnyObject[],
  options: {
    readonly metadata: Table['metadata'];
    readonly rowObject: RowObject;
    readonly nowMs: number;
    readonly version: string;
    /** The form in which rows carry whole objects; as they are if absent. */
    readonly served?: (object: AnyObject) => AnyObject;
  },
): Table {
  const { metadata, rowObject, nowMs, version, served = (object) => object } = options;
  const columns = printedColumns(kind, true);
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: columns.map(({ name, wide = false, definition }) => ({
      name,
      type: 'string',
      format: name === 'NAME' ? 'name' : '',
      description: '',
      priority: wide ? 1 : 0,
      ...definition,
    })),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell, value = cell }) => value(object, nowMs)),
      ...(rowObject === 'None'
        ? {}
        : { object: rowObject === 'Object' ? served(object) : metadataOf(object, version) }),
    })),
  };
}

/** An object reduced to its identity and metadata. @param version Of meta.k8s.io. */
export function metadataOf({ metadata }: Pick<AnyObject, 'metadata'>, version: string): object {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
}

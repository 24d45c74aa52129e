import type { Kind } from './kind.ts';

/** Names of a kind, and its scope. */
export type KindNames = Pick<Kind, 'group' | 'version' | 'kind' | 'plural' | 'singular' | 'shortNames' | 'namespaced'>;

/** A kind of which no more is known than its names: without a schema, a status, validation and columns. */
export function bareKind({ group, version, kind, plural, singular, shortNames, namespaced }: KindNames): Kind {
  return {
    ...{ group, version, kind, plural, singular, shortNames, namespaced },
    message: '',
    objectField: '',
    hasStatus: false,
    setDefaults: () => {},
    validate: () => [],
    selectableFields: {},
    columns: [],
  };
}

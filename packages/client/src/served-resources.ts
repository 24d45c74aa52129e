import type { ServedResource, ServedResources, UnknownResources } from './api.ts';

/** gantry.api.v1.ServedResources: zero values are absent. */
export interface ServedMessage {
  readonly resources?: readonly Partial<ServedResource>[];
  readonly unknown?: readonly Partial<UnknownResources>[];
}

/** The resources of a message, with its zero values. */
export function servedResourcesOf({ resources = [], unknown = [] }: ServedMessage): ServedResources {
  return {
    resources: resources.map((resource) => ({ ...noResource, ...resource })),
    unknown: unknown.map((group) => ({ group: '', version: '', problem: '', ...group })),
  };
}

const noResource: ServedResource = {
  resource: '',
  group: '',
  version: '',
  kind: '',
  plural: '',
  singular: '',
  shortNames: [],
  namespaced: false,
  verbs: [],
  categories: [],
  versions: [],
};

/** A resource as aggregated discovery has it (KEP-3352). */
export interface ResourceDiscovery {
  readonly resource: string;
  readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly scope: 'Namespaced' | 'Cluster';
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
    readonly verbs: readonly string[];
  }[];
}

/** A resource as a plain list of resources has it. */
interface PlainResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced?: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs?: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** The resources of an APIResourceList in the form of aggregated discovery; undefined for what is none. */
export function discoveryOf(list: unknown): ResourceDiscovery[] | undefined {
  const { groupVersion, resources } = (list ?? {}) as { groupVersion?: unknown; resources?: unknown };
  if (typeof groupVersion !== 'string' || !Array.isArray(resources)) return undefined;
  const [own, ownVersion] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  const all = resources.filter(isResource);
  const kindOf = ({ group, version, kind }: PlainResource) => {
    return { group: group || own!, version: version || ownVersion!, kind };
  };
  return all
    .filter(({ name }) => !name.includes('/'))
    .map((each): ResourceDiscovery => {
      const { name, namespaced = false, singularName = '', verbs = [], shortNames, categories } = each;
      const below = all.filter((other) => other.name.startsWith(`${name}/`));
      const subresources = below.map((other) => {
        return {
          subresource: other.name.slice(name.length + 1),
          responseKind: kindOf(other),
          verbs: other.verbs ?? [],
        };
      });
      return {
        resource: name,
        responseKind: kindOf(each),
        scope: namespaced ? 'Namespaced' : 'Cluster',
        singularResource: singularName,
        verbs,
        ...(shortNames === undefined ? {} : { shortNames }),
        ...(categories === undefined ? {} : { categories }),
        ...(subresources.length === 0 ? {} : { subresources }),
      };
    });
}

function isResource(value: unknown): value is PlainResource {
  const { name, kind } = (value ?? {}) as Partial<PlainResource>;
  return typeof name === 'string' && typeof kind === 'string';
}

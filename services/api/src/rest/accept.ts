/** The form in which a client wants objects. */
export interface Wanted {
  readonly encoding: 'json' | 'yaml';
  /** `object` is the resource's own type. */
  readonly form: 'object' | 'table' | 'metadata' | 'discovery';
  /** Version of the form, such as v1 of meta.k8s.io or v2 of apidiscovery.k8s.io. */
  readonly version: string;
}

const forms: Readonly<Record<string, Wanted['form']>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
  APIGroupDiscoveryList: 'discovery',
};

/**
 * Chooses the first media type of an Accept header that the server can give; undefined if it can give none.
 * @param discovery True where aggregated discovery documents are served.
 */
export function wantedBy(accept: string | undefined, discovery = false): Wanted | undefined {
  for (const clause of (accept || '*/*').split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    const given = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string]));
    const as = given.get('as');
    const version = given.get('v') ?? '';
    const encoding = encodingOf(type);
    if (encoding === undefined) continue;
    if (as === undefined) return { encoding, form: 'object', version: '' };
    const form = Object.hasOwn(forms, as) ? forms[as]! : undefined;
    if (form === undefined || (form === 'discovery') !== discovery) continue;
    if (form === 'discovery' ? ['v2', 'v2beta1'].includes(version) : ['v1', 'v1beta1', ''].includes(version)) {
      return { encoding, form, version: version || 'v1' };
    }
  }
  return undefined;
}

function encodingOf(type: string): Wanted['encoding'] | undefined {
  if (['application/json', 'application/*', '*/*'].includes(type)) return 'json';
  return ['application/yaml', 'application/x-yaml'].includes(type) ? 'yaml' : undefined;
}

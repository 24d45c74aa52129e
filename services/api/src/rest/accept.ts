/** The form in which a client wants objects. */
export interface Wanted {
  readonly encoding: Encoding;
  /** `object` is the resource's own type. */
  readonly form: 'object' | 'table' | 'metadata' | 'discovery';
  /** Version of the form, such as v1 of meta.k8s.io or v2 of apidiscovery.k8s.io. */
  readonly version: string;
  /** JSON with line breaks, for people. */
  readonly pretty: boolean;
}

/** The encodings of answers. */
export type Encoding = 'json' | 'yaml' | 'protobuf';

/** The form of answers to clients that ask for none. */
export const plainJson: Wanted = { encoding: 'json', form: 'object', version: '', pretty: false };

const forms: Readonly<Record<string, Wanted['form']>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
  APIGroupDiscoveryList: 'discovery',
};
const encodings: Readonly<Record<string, Encoding>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
  'application/x-yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};
/** Media types that one header may name: what is behind is not looked at. */
const maxClauses = 64;

/** A media type of an Accept header with its parameters. */
interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** The client's liking for it, from 0 to 1. */
  readonly quality: number;
}

/**
 * Chooses the media type of an Accept header that the client likes best of those that the server can give; undefined if it can
 * give none.
 * @param offers Encodings and forms that can be given, where those are others than a resource's.
 */
export function wantedBy(accept: string | undefined, offers?: Offers): Wanted | undefined {
  if (offers !== undefined) return chosen(accept, offers);
  const key = accept ?? '';
  if (known.has(key)) return known.get(key);
  const wanted = chosen(accept, {});
  if (known.size < maxKnown && key.length < maxKnownChars) known.set(key, wanted);
  return wanted;
}

/**
 * The same for a kind that has no messages: its whole objects have no form in protobuf, while their metadata has.
 */
export function wantedWithoutMessages(accept: string | undefined): Wanted | undefined {
  const wanted = wantedBy(accept);
  if (wanted?.encoding !== 'protobuf' || wanted.form !== 'object') return wanted;
  return chosen(accept, { encodings: ['json', 'yaml'] });
}

/** Answers of resources by Accept header: clients send few different ones, and each with every request. */
const known = new Map<string, Wanted | undefined>();
const maxKnown = 256;
const maxKnownChars = 1_024;

interface Offers {
  readonly encodings?: readonly Encoding[];
  readonly discovery?: boolean;
  /** Tables and metadata alone can be given; true if absent. */
  readonly parts?: boolean;
}

function chosen(accept: string | undefined, offers: Offers): Wanted | undefined {
  const { encodings: offered = ['json', 'yaml', 'protobuf'], discovery = false, parts = true } = offers;
  for (const { type, parameters } of clausesOf(accept || '*/*')) {
    const encoding = Object.hasOwn(encodings, type) ? encodings[type]! : undefined;
    if (encoding === undefined || !offered.includes(encoding)) continue;
    const pretty = encoding === 'json' && parameters.get('pretty') === '1';
    const as = parameters.get('as');
    const version = parameters.get('v') ?? '';
    if (as === undefined) return { encoding, form: 'object', version: '', pretty };
    const form = Object.hasOwn(forms, as) ? forms[as]! : undefined;
    if (form === undefined || (form === 'discovery') !== discovery || !parts) continue;
    // A table has no form in protobuf.
    if (form === 'table' && encoding === 'protobuf') continue;
    if (form === 'discovery' ? ['v2', 'v2beta1'].includes(version) : ['v1', 'v1beta1', ''].includes(version)) {
      return { encoding, form, version: version || 'v1', pretty };
    }
  }
  return undefined;
}

/** The clauses of a header, the one that the client likes best first; of the same quality in the order of the header. */
function clausesOf(accept: string): Clause[] {
  return accept
    .split(',', maxClauses)
    .map((clause) => {
      const [type = '', ...rest] = clause.split(';').map((part) => part.trim());
      const parameters = new Map(rest.map((parameter) => parameter.split('=', 2) as [string, string]));
      const quality = Number(parameters.get('q') ?? 1);
      return { type, parameters, quality: Number.isNaN(quality) ? 1 : quality };
    })
    .sort((one, other) => other.quality - one.quality);
}

/**
 * Whether JSON is to be written for people: the query parameter `pretty` says it, and else browsers, curl and wget get it, as from
 * Kubernetes.
 */
export function isPretty(query: URLSearchParams, userAgent: string | undefined): boolean {
  const asked = query.get('pretty');
  if (asked) return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(asked);
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(userAgent ?? '');
}

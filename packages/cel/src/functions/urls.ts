/** URLs, as Go's net/url reads them. */
import { ArrayList, EntryMap, fail, OpaqueValue } from '../values/value.ts';
import { declare, type FunctionDeclaration } from './function.ts';
import { type Parts, parseUrl } from './url-text.ts';

class UrlValue extends OpaqueValue {
  readonly typeName = 'kubernetes.URL';
  readonly parts: Parts;
  constructor(parts: Parts) {
    super();
    this.parts = parts;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof UrlValue && this.parts.text === other.parts.text;
  }
}

function url(text: string): UrlValue {
  const parts = parseUrl(text);
  return typeof parts === 'string'
    ? fail(`URL parse error during conversion from string: ${parts}`)
    : new UrlValue(parts);
}

function hostname({ parts: { host } }: UrlValue): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host);
  return bracketed === null ? host.replace(/:\d*$/, '') : bracketed[1]!;
}

function port({ parts: { host } }: UrlValue): string {
  return /:(\d*)$/.exec(host)?.[1] ?? '';
}

/** Values by their key, in order. Parts that are no pairs are left out. */
function query({ parts }: UrlValue): EntryMap {
  const values = new Map<string, string[]>();
  for (const pair of parts.query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const [key, ...rest] = pair.split('=') as [string, ...string[]];
    const decoded = [key, rest.join('=')].map(decoded1);
    if (decoded.includes(undefined)) continue;
    values.set(decoded[0]!, [...(values.get(decoded[0]!) ?? []), decoded[1]!]);
  }
  const map = new EntryMap();
  for (const [key, list] of values) map.set(key, new ArrayList(list));
  return map;
}

function decoded1(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

export const urlFunctions: readonly FunctionDeclaration[] = [
  declare('url', ['string_to_url', '(string) -> url', url]),
  declare('isURL', ['is_url_string', '(string) -> bool', (text: string) => typeof parseUrl(text) !== 'string']),
  declare('getScheme', ['url_get_scheme', 'url.() -> string', ({ parts }: UrlValue) => parts.scheme]),
  declare('getHost', ['url_get_host', 'url.() -> string', ({ parts }: UrlValue) => parts.host]),
  declare('getHostname', ['url_get_hostname', 'url.() -> string', hostname]),
  declare('getPort', ['url_get_port', 'url.() -> string', port]),
  declare('getEscapedPath', ['url_get_escaped_path', 'url.() -> string', ({ parts }: UrlValue) => parts.path]),
  declare('getQuery', ['url_get_query', 'url.() -> map(string, list(string))', query]),
];

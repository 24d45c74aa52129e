import { GantryError } from '@gantry/runtime/errors.ts';
import { flag } from './parameters.ts';

/** A request for objects of a resource, as its method and URL say it. */
export interface ResourceRoute {
  readonly type: 'resource';
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural name, such as deployments. */
  readonly resource: string;
  /** Empty for all namespaces, and for resources that are in none. */
  readonly namespace: string;
  /** Empty for requests about a collection. */
  readonly name: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** The path behind the subresource as the URL has it, for a proxy: empty, or from its slash on. */
  readonly restPath: string;
  readonly verb: ResourceVerb;
}

/** Verbs as authorization knows them. */
export type ResourceVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** Any other path, such as /version. */
export interface PathRoute {
  readonly type: 'path';
  readonly path: string;
}

export type Route = ResourceRoute | PathRoute;

/** Longest URL, in characters; a continue token and selectors fit. */
const maxUrlChars = 64 * 1024;

/**
 * Finds the resource that a request is about. Throws BadRequest for a URL that cannot be decoded, MethodNotAllowed for a method
 * that no resource knows.
 */
export function routeOf(method: string, url: URL): Route {
  if (url.href.length > maxUrlChars) throw new GantryError('BadRequest', `the URL has ${url.href.length} characters`);
  const segments = url.pathname.split('/').slice(1).map(decodeSegment);
  const raw = url.pathname.split('/').slice(1);
  const [root, ...rest] = segments;
  const isCore = root === 'api' && rest.length >= 2;
  const isGroup = root === 'apis' && rest.length >= 3;
  if (!isCore && !isGroup) return { type: 'path', path: `/${segments.join('/')}` };
  const [group, version, ...path] = isCore ? ['', ...rest] : rest;
  return resourceRoute({ method, query: url.searchParams, raw }, { group: group!, version: version! }, path);
}

function resourceRoute(
  asked: { readonly method: string; readonly query: URLSearchParams; readonly raw: readonly string[] },
  { group, version }: { readonly group: string; readonly version: string },
  path: readonly string[],
): ResourceRoute {
  // /namespaces/NAME and its subresources are about the namespace itself, anything deeper about objects in it.
  const isInNamespace = path[0] === 'namespaces' && path.length >= 3 && !namespaceSubresources.includes(path[2]!);
  const [resource = '', name = '', subresource = '', ...rest] = isInNamespace ? path.slice(2) : path;
  const namespace = isInNamespace ? path[1]! : '';
  const { method, query, raw } = asked;
  const verb = subresource === 'proxy' ? proxyVerbOf(method) : verbOf(method, name, query);
  const restPath = rest.length === 0 ? '' : `/${raw.slice(-rest.length).join('/')}`;
  return { type: 'resource', group, version, resource, namespace, name, subresource, restPath, verb };
}

const namespaceSubresources = ['status', 'finalize'];

function verbOf(method: string, name: string, query: URLSearchParams): ResourceVerb {
  switch (method) {
    case 'GET':
      if (flag(query, 'watch')) return 'watch';
      return name === '' ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    default:
      throw new GantryError('MethodNotAllowed', `the server does not allow this method on the requested resource`);
  }
}

/** Verb of a request that is passed on: its method and query are the pod's matter. */
function proxyVerbOf(method: string): ResourceVerb {
  if (method === 'HEAD' || method === 'OPTIONS') return 'get';
  return verbOf(method, 'any', new URLSearchParams());
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new GantryError('BadRequest', `the path segment ${JSON.stringify(segment)} is no valid encoding`, { cause });
  }
}

/** The URL of a request's target. Throws BadRequest for one that cannot be read. */
export function urlOf(text: string): URL {
  try {
    // A path that begins with two slashes names no host.
    return new URL(`http://localhost${text.startsWith('/') ? '' : '/'}${text}`);
  } catch (cause) {
    throw new GantryError('BadRequest', `the URL ${JSON.stringify(text.slice(0, 200))} cannot be read`, { cause });
  }
}

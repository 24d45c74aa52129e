import { type Attempt, attemptOn } from '../auth/authorization.ts';
import type { Route } from './route.ts';

/** The attempt that a request is, by its method and URL alone. */
export function attemptOf(method: string, route: Route, query: URLSearchParams): Attempt {
  if (route.type === 'path') return { type: 'path', verb: method.toLowerCase(), path: route.path };
  const { verb, group, version, resource, subresource, namespace, name } = route;
  const whole = `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`;
  const fieldSelector = verb === 'list' || verb === 'watch' ? (query.get('fieldSelector') ?? '') : '';
  return attemptOn(verb, whole, { namespace, name, version, fieldSelector });
}

import { describe, expect, test } from 'vitest';
import { routeOf } from './route.ts';

const at = (method: string, path: string) => routeOf(method, new URL(path, 'http://localhost'));

describe('routeOf', () => {
  test.each([
    ['GET', '/api/v1/pods', { group: '', version: 'v1', resource: 'pods', namespace: '', name: '', verb: 'list' }],
    ['GET', '/api/v1/namespaces/a/pods', { resource: 'pods', namespace: 'a', name: '', verb: 'list' }],
    ['GET', '/api/v1/namespaces/a/pods/p', { resource: 'pods', namespace: 'a', name: 'p', verb: 'get' }],
    ['GET', '/api/v1/namespaces/a/pods/p/log', { name: 'p', subresource: 'log', verb: 'get' }],
    ['GET', '/api/v1/namespaces/a/services/s/proxy/x/y', { name: 's', subresource: 'proxy', restPath: '/x/y' }],
    ['GET', '/api/v1/namespaces', { resource: 'namespaces', namespace: '', name: '', verb: 'list' }],
    ['GET', '/api/v1/namespaces/a', { resource: 'namespaces', namespace: '', name: 'a', verb: 'get' }],
    ['PUT', '/api/v1/namespaces/a/status', { resource: 'namespaces', name: 'a', subresource: 'status' }],
    ['PUT', '/api/v1/namespaces/a/finalize', { resource: 'namespaces', name: 'a', subresource: 'finalize' }],
    ['POST', '/apis/apps/v1/namespaces/a/deployments', { group: 'apps', resource: 'deployments', verb: 'create' }],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/d/scale', { name: 'd', subresource: 'scale', verb: 'patch' }],
    ['DELETE', '/apis/apps/v1/namespaces/a/deployments', { resource: 'deployments', verb: 'deletecollection' }],
    ['DELETE', '/apis/apps/v1/namespaces/a/deployments/d', { name: 'd', verb: 'delete' }],
    ['GET', '/api/v1/pods?watch=true', { resource: 'pods', verb: 'watch' }],
    ['GET', '/api/v1/watchers?watch=0', { resource: 'watchers', verb: 'list' }],
    ['GET', '/api/v1/namespaces/a/pods/a%2Fb', { name: 'a/b' }],
  ])('%s %s', (method, path, expected) => {
    expect(at(method, path)).toMatchObject({ type: 'resource', ...expected });
  });

  test.each(['/', '/api', '/api/v1', '/apis', '/apis/apps', '/apis/apps/v1', '/version', '/openapi/v3/api/v1'])(
    '%s is no resource',
    (path) => {
      expect(at('GET', path)).toEqual({ type: 'path', path });
    },
  );

  test('refuses what cannot be decoded, and methods that no resource knows', () => {
    expect(() => at('GET', '/api/v1/pods/%E0%A4%A')).toThrow('is no valid encoding');
    expect(() => at('TRACE', '/api/v1/pods')).toThrow('does not allow this method');
  });
});

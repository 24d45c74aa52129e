import { expect, test } from 'vitest';
import { service } from '../testing/fixtures.ts';
import { byRouteAnnotation, trafficKeys } from './keys.ts';

const plain = service('web', [{ name: 'http', port: 80 }]);
const apart = { ...plain, metadata: { ...plain.metadata, annotations: { [byRouteAnnotation]: 'true' } } };
const shares = [
  { cluster: 'web.default:80', revision: undefined, weight: 0, targets: [] },
  { cluster: 'web.default:80@7d9f', revision: '7d9f', weight: 100, targets: [] },
];
const own = { namespace: 'default', service: 'web', port: 80, isTcp: false };

test("the one route to a port has its clusters' counts, at no price", () => {
  expect(trafficKeys('web.default:80', plain, 80, 'http', shares)).toEqual([
    ['web.default_80', { ...own, revision: '', route: 'all' }],
    ['web.default_80@7d9f', { ...own, revision: '7d9f', route: 'all' }],
  ]);
});

test('routes that Envoy counts have series beside those of the clusters', () => {
  const part = { ...own, revision: '', isPart: true };
  expect(trafficKeys('web.default:80', apart, 80, 'http2', shares)).toEqual([
    ['web.default_80', { ...own, revision: '', route: '' }],
    ['web.default_80@7d9f', { ...own, revision: '7d9f', route: '' }],
    ['vhost.web.default_80.route.read', { ...part, route: 'read' }],
    ['vhost.web.default_80.route.write', { ...part, route: 'write' }],
  ]);
});

test('connections have no routes', () => {
  expect(trafficKeys('web.default:80', apart, 80, 'tcp', shares.slice(0, 1))).toEqual([
    ['web.default_80@tcp', { ...own, revision: '', route: '', isTcp: true }],
  ]);
});

import { expect, test } from 'vitest';
import { namedBy } from './targets.ts';

test.each([
  ['web', { scheme: 'http', name: 'web', port: '' }],
  ['web:8080', { scheme: 'http', name: 'web', port: '8080' }],
  ['web:http', { scheme: 'http', name: 'web', port: 'http' }],
  ['https:web:443', { scheme: 'https', name: 'web', port: '443' }],
  ['https:web:', { scheme: 'https', name: 'web', port: '' }],
])('%s names a port', (id, expected) => {
  expect(namedBy(id, 'pod')).toEqual(expected);
});

test.each(['', ':80', 'ftp:web:21', 'a:b:c:d'])('%j names none', (id) => {
  expect(() => namedBy(id, 'service')).toThrow(`invalid service request ${JSON.stringify(id)}`);
});

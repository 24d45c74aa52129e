import { expect, test } from 'vitest';
import { openEnvelope, sealEnvelope } from './envelope.ts';

const type = { apiVersion: 'v1', kind: 'ConfigMap' };
const message = 'gantry.core.v1.ConfigMap';

test('an object is the same in an envelope and out of it', () => {
  const fields = { metadata: { name: 'a', labels: { k: 'v' } }, data: { x: '1' } };
  const bytes = sealEnvelope(type, message, { ...type, ...fields });
  expect(bytes.subarray(0, 4).toString()).toBe('k8s\0');
  const opened = openEnvelope(bytes, () => message);
  expect(opened).toMatchObject(type);
  expect(opened.fields).toMatchObject(fields);
});

test('bytes of a namespace that kubectl sends are understood', () => {
  // kubectl create namespace foo, but for the name of its program.
  const bytes = Buffer.from('azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhMKDQoDZm9vEgAaACIAKgASABoAGgAiAA==', 'base64');
  const { fields, ...named } = openEnvelope(bytes, ({ kind }) => `gantry.core.v1.${kind}`);
  expect(named).toEqual({ apiVersion: 'v1', kind: 'Namespace' });
  expect(fields).toMatchObject({ metadata: { name: 'foo' } });
});

test.each([
  [Buffer.from('{}'), 'expected prefix'],
  [Buffer.from('k8s\0\xff\xff', 'latin1'), 'no valid protobuf of gantry.meta.v1.Unknown'],
  [Buffer.from('azhzABIC//8=', 'base64'), 'no valid protobuf of gantry.core.v1.ConfigMap'],
])('%s is refused', (bytes, problem) => {
  expect(() => openEnvelope(bytes, () => message)).toThrow(problem);
});

test('a time that a Go client leaves empty is not set', () => {
  const token = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' };
  const empty = sealEnvelope(token, 'gantry.authentication.v1.TokenRequest', { status: { expirationTimestamp: null } });
  const { fields } = openEnvelope(empty, () => 'gantry.authentication.v1.TokenRequest');
  expect(fields.status).toEqual({ token: '' });
});

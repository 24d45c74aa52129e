import { expect, test } from 'vitest';
import { wantedBy } from './accept.ts';

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

test.each([
  [undefined, { encoding: 'json', form: 'object' }],
  ['*/*', { encoding: 'json', form: 'object' }],
  ['application/yaml', { encoding: 'yaml', form: 'object' }],
  [`${table},application/json`, { encoding: 'json', form: 'table', version: 'v1' }],
  ['application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', { form: 'metadata' }],
  ['application/vnd.kubernetes.protobuf, application/json', { encoding: 'protobuf', form: 'object' }],
  ['application/json, application/vnd.kubernetes.protobuf', { encoding: 'json', form: 'object' }],
  ['application/json;q=0.1, application/vnd.kubernetes.protobuf', { encoding: 'protobuf' }],
  ['application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io', undefined],
  ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io', { form: 'metadata' }],
  ['application/json;pretty=1', { pretty: true }],
  ['text/html', undefined],
  ['application/json;as=Unheard;v=v1;g=x,application/json', { form: 'object' }],
])('%s', (accept, expected) => {
  const wanted = wantedBy(accept);
  if (expected === undefined) expect(wanted).toBeUndefined();
  else expect(wanted).toMatchObject(expected);
});

test('calls have objects alone', () => {
  expect(wantedBy(table, { parts: false })).toBeUndefined();
  expect(wantedBy(`${table},application/yaml`, { parts: false })).toMatchObject({ form: 'object', encoding: 'yaml' });
});

test('discovery documents are for discovery alone', () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
  expect(wantedBy(accept, { discovery: true })).toMatchObject({ form: 'discovery', version: 'v2' });
  expect(wantedBy(accept)).toMatchObject({ form: 'object' });
  expect(
    wantedBy('application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList', { discovery: true }),
  ).toBeUndefined();
});

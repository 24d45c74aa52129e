import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { encodeOpenApi2 } from './openapi-v2.ts';

// biome-ignore lint/suspicious/noExplicitAny: messages that are only known at run time
type Any = any;

/** The messages of gnostic's openapi.v2, as far as the test looks into them. */
const gnostic = `syntax = "proto3";
message Any { string yaml = 2; }
message NamedAny { string name = 1; Any value = 2; }
message TypeItem { repeated string value = 1; }
message ItemsItem { repeated Schema schema = 1; }
message Properties { repeated NamedSchema all = 1; }
message Schema {
  string _ref = 1; string description = 4; Any default = 5; repeated string required = 19; Additional additional = 21; TypeItem type = 22; ItemsItem items = 23;
  Properties properties = 25; repeated NamedAny extension = 31;
}
message Additional { Schema schema = 1; }
message NamedSchema { string name = 1; Schema value = 2; }
message Body { string name = 2; string in = 3; bool required = 4; Schema schema = 5; }
message Query { string in = 2; string name = 4; string type = 6; }
message Path { bool required = 1; string name = 4; }
message Other { Query query = 3; Path path = 4; }
message Parameter { Body body = 1; Other other = 2; }
message ParametersItem { Parameter parameter = 1; }
message Operation { repeated string consumes = 7; repeated ParametersItem parameters = 8; repeated NamedAny extension = 13; }
message PathItem { Operation get = 2; Operation patch = 8; repeated ParametersItem parameters = 9; }
message NamedPathItem { string name = 1; PathItem value = 2; }
message Paths { repeated NamedPathItem path = 2; }
message Document { string swagger = 1; Paths paths = 8; Properties definitions = 9; }`;

const ref = { $ref: '#/definitions/Part' };
const document = {
  swagger: '2.0',
  info: { title: 'T', version: 'v1' },
  paths: {
    '/things/{name}': {
      patch: {
        description: 'patch things',
        consumes: ['application/merge-patch+json'],
        produces: ['application/json'],
        schemes: ['https'],
        operationId: 'patchThing',
        parameters: [
          { name: 'body', in: 'body', required: true, schema: ref },
          { uniqueItems: true, type: 'string', description: 'dry', name: 'dryRun', in: 'query' },
        ],
        responses: { '200': { description: 'OK', schema: ref } },
        'x-kubernetes-action': 'patch',
      },
      parameters: [
        { uniqueItems: true, type: 'string', description: 'its name', name: 'name', in: 'path', required: true },
      ],
    },
  },
  definitions: {
    Thing: {
      description: 'A thing.',
      type: 'object',
      required: ['parts'],
      properties: {
        parts: { type: 'array', items: ref, 'x-kubernetes-patch-merge-key': 'name' },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        protocol: { type: 'string', default: 'TCP' },
      },
    },
    Part: { type: 'object' },
  },
};

test('another reader of the messages finds the document in them', () => {
  const type = protobuf.parse(gnostic, { keepCase: true }).root.lookupType('Document');
  const read: Any = type.toObject(type.decode(encodeOpenApi2(document)));
  expect(read.swagger).toBe('2.0');
  expect(read.definitions.all).toEqual([
    {
      name: 'Thing',
      value: {
        description: 'A thing.',
        type: { value: ['object'] },
        required: ['parts'],
        properties: {
          all: [
            {
              name: 'parts',
              value: {
                type: { value: ['array'] },
                items: { schema: [{ _ref: '#/definitions/Part' }] },
                extension: [{ name: 'x-kubernetes-patch-merge-key', value: { yaml: '"name"' } }],
              },
            },
            {
              name: 'labels',
              value: { type: { value: ['object'] }, additional: { schema: { type: { value: ['string'] } } } },
            },
            { name: 'protocol', value: { type: { value: ['string'] }, default: { yaml: '"TCP"' } } },
          ],
        },
      },
    },
    { name: 'Part', value: { type: { value: ['object'] } } },
  ]);
  const [{ name, value }] = read.paths.path;
  expect(name).toBe('/things/{name}');
  expect(value.patch).toEqual({
    consumes: ['application/merge-patch+json'],
    parameters: [
      { parameter: { body: { name: 'body', in: 'body', required: true, schema: { _ref: '#/definitions/Part' } } } },
      { parameter: { other: { query: { name: 'dryRun', in: 'query', type: 'string' } } } },
    ],
    extension: [{ name: 'x-kubernetes-action', value: { yaml: '"patch"' } }],
  });
  expect(value.parameters).toEqual([{ parameter: { other: { path: { required: true, name: 'name' } } } }]);
});

import { gunzipSync } from 'node:zlib';
import { codecFor } from '@gantry/model/codec.ts';
import { openEnvelope, sealEnvelope } from '@gantry/model/envelope.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestClient } from './testing/client.ts';

let client: RestClient;
beforeAll(async () => {
  client = await RestClient.start();
});
afterAll(() => client?.[Symbol.asyncDispose]());

const path = '/api/v1/namespaces/default/configmaps';
const protobuf = 'application/vnd.kubernetes.protobuf';
const typed = { accept: `${protobuf},application/json`, 'content-type': protobuf };
const type = { apiVersion: 'v1', kind: 'ConfigMap' };
const message = 'gantry.core.v1.ConfigMap';

const configMap = (name: string, data: object = {}): object => ({
  ...type,
  metadata: { name, labels: { t: '1' } },
  data,
});

describe('answers in protobuf', () => {
  test('are the objects of the answers in JSON', async () => {
    const created = await client.ask('POST', path, sealEnvelope(type, message, configMap('one', { a: 'b' })), typed);
    expect(created).toMatchObject({ code: 201, headers: { 'content-type': protobuf } });
    const { fields, ...named } = openEnvelope(created.bytes, () => message);
    const plain = await client.ask('GET', `${path}/one`);
    expect({ ...named, ...fields }).toEqual(plain.body);
  });

  test('lists have all items, with their metadata alone where that is asked for', async () => {
    for (const name of ['two', 'three']) await client.ask('POST', path, configMap(name));
    const { bytes } = await client.ask('GET', `${path}?labelSelector=t`, undefined, typed);
    const raw = rawOf(bytes, { apiVersion: 'v1', kind: 'ConfigMapList' });
    const plain = await client.ask('GET', `${path}?labelSelector=t`);
    expect(raw.items.map((item) => codecFor(message).decode(item))).toEqual(plain.body.items);
    expect(raw.metadata).toMatchObject({ resourceVersion: plain.body.metadata.resourceVersion });

    const accept = `${protobuf};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io`;
    const partial = await client.ask('GET', `${path}?labelSelector=t`, undefined, { accept });
    const reduced = rawOf(partial.bytes, { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadataList' });
    expect(reduced.items.map((item) => codecFor('gantry.meta.v1.PartialObjectMetadata').decode(item))).toEqual(
      plain.body.items.map(({ metadata }: { metadata: object }) => ({ metadata })),
    );
  });

  test('refusals and deletions are Statuses', async () => {
    const refused = await client.ask('GET', `${path}/nosuch`, undefined, typed);
    expect(refused).toMatchObject({ code: 404, headers: { 'content-type': protobuf } });
    expect(openEnvelope(refused.bytes, () => 'gantry.meta.v1.Status')).toMatchObject({
      kind: 'Status',
      fields: { status: 'Failure', reason: 'NotFound', code: 404, details: { name: 'nosuch', kind: 'configmaps' } },
    });
    await client.ask('POST', path, configMap('gone'));
    const options = { apiVersion: 'v1', kind: 'DeleteOptions' };
    const body = sealEnvelope(options, 'gantry.meta.v1.DeleteOptions', { dryRun: ['All'] });
    const tried = await client.ask('DELETE', `${path}/gone`, body, typed);
    expect(openEnvelope(tried.bytes, () => 'gantry.meta.v1.Status')).toMatchObject({ fields: { status: 'Success' } });
    expect(await client.ask('GET', `${path}/gone`)).toMatchObject({ code: 200 });
  });

  test('a table stays JSON', async () => {
    const accept = `${protobuf};as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1;g=meta.k8s.io`;
    expect(await client.ask('GET', path, undefined, { accept })).toMatchObject({ code: 200, body: { kind: 'Table' } });
  });
});

test('events of a watch are frames with their length before them', async () => {
  const query = 'watch=1&timeoutSeconds=1&allowWatchBookmarks=1&sendInitialEvents=1&resourceVersionMatch=NotOlderThan';
  const namespace = '/api/v1/namespaces/kube-public/configmaps';
  await client.ask('POST', namespace, configMap('watched', { x: 'y' }));
  const reply = await client.ask('GET', `${namespace}?${query}`, undefined, { accept: protobuf });
  expect(reply.headers['content-type']).toBe(`${protobuf};stream=watch`);
  const frames = framesOf(reply.bytes);
  expect(frames.map((frame) => frame.type)).toEqual(['ADDED', 'BOOKMARK']);
  const plain = await client.ask('GET', `${namespace}/watched`);
  const [added, bookmark] = frames.map(({ raw }) => openEnvelope(raw, () => message));
  expect({ ...added!.fields, ...type }).toEqual(plain.body);
  expect(bookmark!.fields).toMatchObject({ metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } });
});

test('a large answer is compressed for who takes that, a small one is not', async () => {
  const namespace = '/api/v1/namespaces/kube-system/configmaps';
  const data = { text: 'x'.repeat(150_000) };
  await client.ask('POST', namespace, configMap('large', data));
  const gzip = { 'accept-encoding': 'gzip' };
  const reply = await client.ask('GET', `${namespace}/large`, undefined, gzip);
  expect(reply.headers['content-encoding']).toBe('gzip');
  expect(reply.bytes.length).toBeLessThan(10_000);
  expect(JSON.parse(gunzipSync(reply.bytes).toString()).data).toEqual(data);
  expect((await client.ask('GET', `${namespace}/large`)).headers['content-encoding']).toBeUndefined();
  expect((await client.ask('GET', path, undefined, gzip)).headers['content-encoding']).toBeUndefined();
});

/** The fields of a message of which each is length-delimited, by number. */
function fieldsOf(bytes: Buffer): { readonly number: number; readonly content: Buffer }[] {
  const fields: { number: number; content: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++]!;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    fields.push({ number: tag >> 3, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

/** A list in its envelope. */
function rawOf(bytes: Buffer, expected: object): { readonly metadata: unknown; readonly items: Buffer[] } {
  expect(bytes.subarray(0, 4).toString()).toBe('k8s\0');
  const [typeMeta, raw] = fieldsOf(bytes.subarray(4));
  expect(codecFor('gantry.meta.v1.TypeMeta').decode(typeMeta!.content)).toEqual(expected);
  const fields = fieldsOf(raw!.content);
  return {
    metadata: codecFor('gantry.meta.v1.ListMeta').decode(fields.find(({ number }) => number === 1)!.content),
    items: fields.filter(({ number }) => number === 2).map(({ content }) => content),
  };
}

/** The events of a stream: each has its length in four bytes before it, its type and its object's bytes. */
function framesOf(bytes: Buffer): { readonly type: string; readonly raw: Buffer }[] {
  const frames: { type: string; raw: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const [type, object] = fieldsOf(bytes.subarray(at + 4, at + 4 + length));
    frames.push({ type: type!.content.toString(), raw: fieldsOf(object!.content)[0]!.content });
    at += 4 + length;
  }
  return frames;
}

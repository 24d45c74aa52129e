import type { Reader } from '@gantry/client/api.ts';
import type { ChangeSource, SourceEvent } from '@gantry/client/change-source.ts';
import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, it } from 'vitest';
import { isMetadataOnly, metadataReader, metadataSource } from './metadata-only.ts';

const metadata = { name: 'a', namespace: 'default', uid: 'u', resourceVersion: '7', labels: { app: 'web' } };
const full: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...metadata, annotations: { large: 'x'.repeat(1_000) } },
  data: { large: 'x'.repeat(1_000) },
};
const slim = expect.objectContaining({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
const { signal } = new AbortController();

it('lets nothing but metadata through, of every event', async () => {
  const source: ChangeSource<ConfigMap> = {
    async *read() {
      yield { type: 'snapshot', objects: [full], revision: 7 };
      yield { type: 'put', object: full, revision: 8 };
      yield { type: 'delete', key: 'default/a', object: full, revision: 9 };
      yield { type: 'progress', revision: 10 };
    },
  };
  const events: SourceEvent<ConfigMap>[] = [];
  for await (const event of metadataSource(source).read(0, signal)) events.push(event);
  const [first] = events;
  const [object] = first?.type === 'snapshot' ? first.objects : [];
  expect(Object.keys(object!)).toEqual(['apiVersion', 'kind', 'metadata']);
  expect([isMetadataOnly(object!), isMetadataOnly({ ...object }), isMetadataOnly(full)]).toEqual([true, true, false]);
  expect(events).toEqual([
    { type: 'snapshot', objects: [slim], revision: 7 },
    { type: 'put', object: slim, revision: 8 },
    { type: 'delete', key: 'default/a', object: slim, revision: 9 },
    { type: 'progress', revision: 10 },
  ]);
});

it('holds no page of a list in full', async () => {
  const asked: unknown[] = [];
  const list = async (_kind: string, query: unknown) => {
    asked.push(query);
    return { items: [full], resourceVersion: 7 };
  };
  const reader = metadataReader({ list } as unknown as Reader);
  const { items } = await reader.list('ConfigMap', { namespace: 'default' });
  expect(asked).toEqual([{ namespace: 'default', metadataOnly: true }]);
  expect(items).toEqual([slim]);
  expect(Object.keys(items[0]!)).toEqual(['apiVersion', 'kind', 'metadata']);
});

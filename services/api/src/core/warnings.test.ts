import { builtInKinds } from '@gantry/model/built-in.ts';
import { expect, test } from 'vitest';
import { startTestApi } from '../testing/harness.ts';
import { ownContext, type RequestContext } from './context.ts';
import type { AnyObject } from './stored-object.ts';

test('who makes an object that nothing acts on is told so, once, however it is made', async () => {
  await using running = await startTestApi();
  const api = running.api.resources;
  const told: string[] = [];
  const signal = new AbortController().signal;
  const context: RequestContext = {
    ...ownContext({ name: 'admin', groups: ['system:masters'] }, signal, 'test'),
    warn: (text) => told.push(text),
  };
  const quota = (name: string, namespace = 'default'): AnyObject =>
    ({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name, namespace } }) as AnyObject;
  const warning = builtInKinds.find(({ kind }) => kind === 'ResourceQuota')!.warnings!(quota('a'))[0]!;
  expect(warning).toMatch(/^ResourceQuota is not enforced by this version/);

  await api.create(context, quota('created'), false);
  expect(told.splice(0)).toEqual([warning]);
  await api.createBatch(context, [quota('batch'), quota('batch'), quota('other')], false);
  expect(told.splice(0)).toEqual([warning, warning]);
  const manifest = Buffer.from(JSON.stringify(quota('applied')));
  await api.apply(context, manifest, 'default', false);
  expect(told.splice(0)).toEqual([warning]);
  await api.apply(context, manifest, 'default', false);
  await expect(api.create(context, quota('lost', 'nowhere'), false)).rejects.toThrow('namespaces "nowhere" not found');
  await api.create(
    context,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'plain', namespace: 'default' } } as AnyObject,
    false,
  );
  expect(told).toEqual([]);
});

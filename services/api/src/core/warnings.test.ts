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
  const policy = (name: string, namespace = 'default'): AnyObject =>
    ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, namespace },
      spec: { podSelector: {} },
    }) as AnyObject;
  const warning = builtInKinds.find(({ kind }) => kind === 'NetworkPolicy')!.warnings!(policy('a'))[0]!;
  expect(warning).toMatch(/^NetworkPolicy.networking.k8s.io is not enforced by this version/);

  await api.create(context, policy('created'), false);
  expect(told.splice(0)).toEqual([warning]);
  await api.createBatch(context, [policy('batch'), policy('batch'), policy('other')], false);
  expect(told.splice(0)).toEqual([warning, warning]);
  const manifest = Buffer.from(JSON.stringify(policy('applied')));
  await api.apply(context, manifest, 'default', false);
  expect(told.splice(0)).toEqual([warning]);
  await api.apply(context, manifest, 'default', false);
  await expect(api.create(context, policy('lost', 'nowhere'), false)).rejects.toThrow('namespaces "nowhere" not found');
  await api.create(
    context,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'plain', namespace: 'default' } } as AnyObject,
    false,
  );
  expect(told).toEqual([]);
});

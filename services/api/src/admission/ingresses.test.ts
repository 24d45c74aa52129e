import type { Ingress, IngressClass } from '@gantry/model/gen/gantry.networking.v1.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing/harness.ts';

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running[Symbol.asyncDispose]());

const ingressClass = (name: string, annotations: Record<string, string> = {}): IngressClass => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name, annotations },
  spec: { controller: 'example.com/c' },
});
const ingress = (name: string, ingressClassName?: string, annotations: Record<string, string> = {}): Ingress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: 'default', annotations },
  spec: {
    defaultBackend: { service: { name: 's', port: { number: 80 } } },
    ...(ingressClassName === undefined ? {} : { ingressClassName }),
  },
});

test('new Ingresses that name no class get the one that is marked as default', async () => {
  const { client } = running;
  const classOf = async (object: Ingress): Promise<string | undefined> =>
    ((await client.create(object)) as Ingress).spec.ingressClassName;
  await client.create(ingressClass('plain'));
  expect(await classOf(ingress('before'))).toBeUndefined();
  await client.create(ingressClass('main', { 'ingressclass.kubernetes.io/is-default-class': 'true' }));
  expect(await classOf(ingress('after'))).toBe('main');
  expect(await classOf(ingress('own', 'plain'))).toBe('plain');
  expect(await classOf(ingress('old', undefined, { 'kubernetes.io/ingress.class': 'plain' }))).toBeUndefined();
});

import { expect, test } from 'vitest';
import { startTestApi } from '../testing/harness.ts';
import { sweepBootstrapTokens } from './bootstrap-tokens.ts';

test('bootstrap tokens go when their time is over, and nothing else does', async () => {
  await using running = await startTestApi();
  const { client, store } = running;
  const create = (name: string, type: string, stringData: Record<string, string>) =>
    client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'kube-system' }, type, stringData });
  const bootstrap = 'bootstrap.kubernetes.io/token';
  const expiration = '2026-11-28T12:00:00Z';
  await create('bootstrap-token-abcdef', bootstrap, { expiration });
  await create('bootstrap-token-later0', bootstrap, { expiration: '2026-11-29T12:00:00Z' });
  await create('bootstrap-token-always', bootstrap, {});
  await create('bootstrap-token-other0', 'Opaque', { expiration });
  const nowMs = Date.parse(expiration);
  expect(await sweepBootstrapTokens({ store }, nowMs - 1)).toBe(0);
  expect(await sweepBootstrapTokens({ store }, nowMs)).toBe(1);
  const left = (await client.list('Secret', { namespace: 'kube-system' })).items.map(({ metadata }) => metadata.name);
  expect(left.filter((name) => name.startsWith('bootstrap-')).sort()).toEqual([
    'bootstrap-token-always',
    'bootstrap-token-later0',
    'bootstrap-token-other0',
  ]);
});

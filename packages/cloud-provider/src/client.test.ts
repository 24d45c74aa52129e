import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { createLogger } from '@gantry/runtime/log.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectProvider, type ProviderClient } from './client.ts';
import type { NodeProvider } from './provider.ts';
import { atSocket, serveProvider } from './serve.ts';
import { playedNode, playedOptions, playProvider } from './testing/played-provider.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provider-'));
});
afterAll(() => rm(folder, { recursive: true }));

const log = createLogger('test', 'silent');
const node = (name: string) => ({ providerID: `played://${name}`, name, labels: { a: 'b' }, annotations: {} });

async function withProvider(provider: NodeProvider, use: (client: ProviderClient) => Promise<void>): Promise<void> {
  const path = join(folder, 'provider.sock');
  await using _ = await serveProvider(provider, { at: atSocket(path), log });
  using client = connectProvider({ address: `unix:${path}`, insecure: false, timeoutMs: 5_000 });
  await use(client);
}

const groups = [
  { id: 'small', minSize: 0, maxSize: 10, debug: 'small ones', size: 2 },
  { id: 'large', minSize: 1, maxSize: 3, debug: '', size: 1 },
];

describe('a provider of its own and its client', () => {
  it('tell groups, sizes and machines', async () => {
    await withProvider(playProvider(groups), async (client) => {
      expect(await client.nodeGroups()).toEqual({
        groups: groups.map(({ size: _, ...group }) => group),
        problems: [],
      });
      expect(await client.nodeGroupForNode(node('small-1'))).toMatchObject({ id: 'small', maxSize: 10 });
      expect(await client.nodeGroupForNode(node('elsewhere'))).toBeUndefined();
      expect(await client.targetSize('small')).toBe(2);
      expect(await client.instances('small')).toEqual([
        { id: 'played://small-0', state: 'running' },
        { id: 'played://small-1', state: 'running' },
      ]);
      await client.refresh();
      await client.cleanup();
      expect(await client.gpuLabel()).toBe('played/gpu');
      expect(await client.gpuTypes()).toEqual(['a100', 't4']);
    });
  });

  it('grow and shrink', async () => {
    await withProvider(playProvider(groups), async (client) => {
      await client.increaseSize('small', 3);
      expect(await client.targetSize('small')).toBe(5);
      await client.deleteNodes('small', [node('small-0'), node('small-1')]);
      expect(await client.targetSize('small')).toBe(3);
      await expect(client.decreaseTargetSize('small', 1)).rejects.toMatchObject({
        reason: 'FailedPrecondition',
        message: expect.stringMatching(
          /^provider unix:.*: NodeGroupDecreaseTargetSize of node group "small": all nodes of small are there$/,
        ),
      });
      await expect(client.deleteNodes('small', [node('large-0')])).rejects.toMatchObject({ reason: 'NotFound' });
      expect(await client.targetSize('large')).toBe(1);
      await expect(client.increaseSize('small', 0)).rejects.toMatchObject({ reason: 'Invalid' });
    });
  });

  it('carry templates, prices and settings', async () => {
    await withProvider(playProvider(groups), async (client) => {
      const template = await client.template('large');
      expect(template?.node).toMatchObject({
        metadata: { labels: { group: 'large' } },
        spec: { taints: [{ key: 'played', value: 'large', effect: 'NoSchedule' }] },
        status: playedNode('large').status,
      });
      expect(await client.groupOptions('small', playedOptions)).toEqual({
        ...playedOptions,
        scaleDownUnneededMs: 1_500,
      });
      expect(await client.nodePrice(node('small'), 0, 7_200_000)).toBe(10);
      const pod = { spec: { containers: [{ name: 'a' }, { name: 'b' }] } } as unknown as Pod;
      expect(await client.podPrice(pod, 1_000, 3_601_000)).toBe(2);
    });
  });

  it('do without what the provider lacks', async () => {
    const {
      template: _t,
      options: _o,
      nodePrice: _n,
      podPrice: _p,
      gpuLabel: _l,
      gpuTypes: _g,
      ...rest
    } = playProvider(groups);
    await withProvider(rest, async (client) => {
      expect(await client.template('small')).toBeUndefined();
      expect(await client.groupOptions('small', playedOptions)).toBe(playedOptions);
      expect(await client.nodePrice(node('small'), 0, 1)).toBeUndefined();
      expect(await client.podPrice({} as Pod, 0, 1)).toBeUndefined();
      expect(await client.gpuLabel()).toBe('');
      expect(await client.gpuTypes()).toEqual([]);
    });
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveGrpc } from '@gantry/client/serve.ts';
import { codecFor } from '@gantry/model/codec.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectProvider, type ProviderClient } from './client.ts';
import { providerService, providerServiceName } from './messages.ts';
import { atSocket } from './serve.ts';
import { playedNode, playedOptions } from './testing/played-provider.ts';

// Providers that others wrote do what they like: each answer here is one that no decision may go by.

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provider-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Answer = (request: Readonly<Record<string, unknown>>) => object | Error | 'silence';

/** A client of a server that answers one call, by hand. */
async function against(call: string, answer: Answer, use: (client: ProviderClient) => Promise<void>): Promise<void> {
  const path = join(folder, 'provider.sock');
  const handlers: UntypedServiceImplementation = {
    [call]: ((
      { request }: { request: Record<string, unknown> },
      done: (error: Error | null, sent?: object) => void,
    ) => {
      const given = answer(request);
      if (given === 'silence') return;
      if (given instanceof Error) done(given);
      else done(null, given);
    }) as never,
  };
  const service = { name: providerServiceName, definition: providerService, handlers };
  await using _ = await serveGrpc([service], { maxRequestBytes: 2 ** 20, drainMs: 0, ...atSocket(path) });
  using client = connectProvider({ address: `unix:${path}`, insecure: false, timeoutMs: 5_000 });
  await use(client);
}

const status = (code: number, details: string): Error => Object.assign(new Error(details), { code, details });
const bytes = (node: object): string =>
  Buffer.from(codecFor('gantry.core.v1.Node').encode(node, 'drop')).toString('base64');
const node = { providerID: 'x://1', name: 'n', labels: {}, annotations: {} };

describe('a provider that makes no sense', () => {
  it('has groups that cannot be: they are named, and the others stay', async () => {
    const nodeGroups = [
      { id: 'good', maxSize: 3 },
      { id: '', maxSize: 3 },
      { id: 'twice', maxSize: 1 },
      { id: 'twice', maxSize: 2 },
      { id: 'negative', minSize: -1, maxSize: 3 },
      { id: 'inverse', minSize: 4, maxSize: 3 },
    ];
    await against(
      'NodeGroups',
      () => ({ nodeGroups }),
      async (client) => {
        expect(await client.nodeGroups()).toEqual({
          groups: [{ id: 'good', minSize: 0, maxSize: 3, debug: '' }],
          problems: [
            'node group "" has no id',
            'node group "twice" comes 2 times',
            'node group "negative" has a least size of -1',
            'node group "inverse" has a greatest size of 3, below its least, 4',
          ],
        });
      },
    );
  });

  it('has more groups than are taken', async () => {
    const nodeGroups = Array.from({ length: 1_001 }, (_, index) => ({ id: `g${index}`, maxSize: 1 }));
    await against(
      'NodeGroups',
      () => ({ nodeGroups }),
      async (client) => {
        const { groups, problems } = await client.nodeGroups();
        expect(groups).toHaveLength(1_000);
        expect(problems).toEqual(['there are 1001 node groups; the first 1000 are taken']);
      },
    );
  });

  it.each<[string, string, object, string, (client: ProviderClient) => Promise<unknown>]>([
    ['a negative size', 'NodeGroupTargetSize', { targetSize: -2 }, 'a target size of -2', (c) => c.targetSize('g')],
    [
      'a machine without an id',
      'NodeGroupNodes',
      { instances: [{ id: 'a' }, {}] },
      'a machine without an id',
      (c) => c.instances('g'),
    ],
    [
      'a machine twice',
      'NodeGroupNodes',
      { instances: [{ id: 'a' }, { id: 'a' }] },
      'the machine "a" twice',
      (c) => c.instances('g'),
    ],
    [
      'a template of other bytes',
      'NodeGroupTemplateNodeInfo',
      { nodeBytes: Buffer.from('no node').toString('base64') },
      'a template that cannot be decoded',
      (c) => c.template('g'),
    ],
    [
      'a template without capacity',
      'NodeGroupTemplateNodeInfo',
      { nodeBytes: bytes({ metadata: { name: 'n' } }) },
      'a template without capacity',
      (c) => c.template('g'),
    ],
    [
      'a template with less than nothing',
      'NodeGroupTemplateNodeInfo',
      { nodeBytes: bytes({ status: { capacity: { cpu: '-4' } } }) },
      'a template with "-4" of "cpu"',
      (c) => c.template('g'),
    ],
    ['a price below zero', 'PricingNodePrice', { price: -1 }, 'a price of -1', (c) => c.nodePrice(node, 0, 1)],
    [
      'no number for a price',
      'PricingNodePrice',
      { price: Number.NaN },
      'a price of NaN',
      (c) => c.nodePrice(node, 0, 1),
    ],
    [
      'settings below zero',
      'NodeGroupGetOptions',
      { nodeGroupAutoscalingOptions: { scaleDownUnneededDuration: { seconds: -5 } } },
      'the setting scaleDownUnneededMs of -5000',
      (c) => c.groupOptions('g', playedOptions),
    ],
    [
      'a group of a node that cannot be',
      'NodeGroupForNode',
      { nodeGroup: { id: 'g', minSize: 5 } },
      'node group "g" has a greatest size of 0, below its least, 5',
      (c) => c.nodeGroupForNode(node),
    ],
  ])('%s', async (_, call, answer, problem, use) => {
    await against(
      call,
      () => answer,
      async (client) => {
        await expect(use(client)).rejects.toMatchObject({
          reason: 'FailedPrecondition',
          message: expect.stringMatching(new RegExp(`^provider unix:.*: ${call}.*: the answer makes no sense: `)),
        });
        await expect(use(client)).rejects.toThrow(problem);
      },
    );
  });

  it('hangs: the call ends in time, and says which it was', async () => {
    await against(
      'NodeGroupIncreaseSize',
      () => 'silence',
      async (client) => {
        await expect(client.increaseSize('g', 1, { timeoutMs: 50 })).rejects.toMatchObject({
          reason: 'Timeout',
          message: expect.stringMatching(/NodeGroupIncreaseSize of node group "g": no answer within 50 ms$/),
        });
      },
    );
  });

  it('refuses: its own words and reason come through', async () => {
    await against(
      'NodeGroupIncreaseSize',
      () => status(8, 'quota of machines is used up'),
      async (client) => {
        await expect(client.increaseSize('g', 1)).rejects.toMatchObject({
          reason: 'TooManyRequests',
          message: expect.stringContaining('quota of machines is used up'),
        });
      },
    );
  });

  it('lacks what it must have: that is an error, and no default', async () => {
    await against(
      'Refresh',
      () => ({}),
      async (client) => {
        await client.refresh();
        await expect(client.nodeGroups()).rejects.toMatchObject({ reason: 'MethodNotAllowed' });
        await expect(client.targetSize('g')).rejects.toMatchObject({ reason: 'MethodNotAllowed' });
      },
    );
  });

  it('is gone: nothing waits for it', async () => {
    using client = connectProvider({ address: `unix:${join(folder, 'none.sock')}`, insecure: false, timeoutMs: 5_000 });
    await expect(client.nodeGroups()).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });
});

describe('a provider of another version', () => {
  it('has templates and times in the earlier form', async () => {
    const earlier = { nodeInfo: bytes(playedNode('g')) };
    await against(
      'NodeGroupTemplateNodeInfo',
      () => earlier,
      async (client) => {
        expect((await client.template('g'))?.node.status?.allocatable).toEqual({ cpu: '3500m', memory: '7Gi' });
      },
    );
    const options = { scaleDownUnneededTime: { duration: 5_000_000_000 }, scaleDownUtilizationThreshold: 0.7 };
    await against(
      'NodeGroupGetOptions',
      () => ({ nodeGroupAutoscalingOptions: options }),
      async (client) => {
        expect(await client.groupOptions('g', playedOptions)).toMatchObject({
          scaleDownUnneededMs: 5_000,
          scaleDownUtilizationThreshold: 0.7,
          scaleDownUnreadyMs: playedOptions.scaleDownUnreadyMs,
          maxNodeStartupMs: playedOptions.maxNodeStartupMs,
        });
      },
    );
  });

  it('is told times and templates in both forms', async () => {
    let seen: Readonly<Record<string, unknown>> = {};
    const see: Answer = (request) => {
      seen = request;
      return {};
    };
    await against('NodeGroupGetOptions', see, async (client) => {
      expect(await client.groupOptions('g', playedOptions)).toBe(playedOptions);
      expect(seen.defaults).toMatchObject({
        scaleDownUnreadyTime: { duration: 1_200_500_000_000 },
        scaleDownUnreadyDuration: { seconds: 1_200, nanos: 500_000_000 },
      });
    });
    await against('PricingNodePrice', see, async (client) => {
      expect(await client.nodePrice(node, 1_500, 3_000)).toBe(0);
      expect(seen).toMatchObject({
        startTime: { seconds: 1, nanos: 500_000_000 },
        startTimestamp: { seconds: 1, nanos: 500_000_000 },
        endTime: { seconds: 3 },
        endTimestamp: { seconds: 3 },
      });
    });
  });

  it('tells troubles of machines, and states that are not known', async () => {
    const instances = [
      { id: 'a', status: { instanceState: 'instanceCreating', errorInfo: { errorCode: 'E', instanceErrorClass: 1 } } },
      { id: 'b', status: { instanceState: 'instanceDeleting', errorInfo: { errorMessage: 'no code, no trouble' } } },
      { id: 'c' },
      { id: 'd', status: { instanceState: 17 } },
    ];
    await against(
      'NodeGroupNodes',
      () => ({ instances }),
      async (client) => {
        expect(await client.instances('g')).toEqual([
          { id: 'a', state: 'creating', error: { kind: 'outOfResources', code: 'E', message: '' } },
          { id: 'b', state: 'deleting' },
          { id: 'c', state: 'unknown' },
          { id: 'd', state: 'unknown' },
        ]);
      },
    );
  });
});

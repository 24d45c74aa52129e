import type { ProviderNode } from '@gantry/cloud-provider/provider.ts';
import { playedOptions } from '@gantry/cloud-provider/testing/played-provider.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { describe, expect, it } from 'vitest';
import type { MachineHost, MachineRecord } from './machines.ts';
import { LocalProvider } from './provider.ts';
import { parseNodeGroup } from './spec.ts';

const facts = { cpuCount: 8, memoryBytes: 2 ** 34, storageBytes: 2 ** 40, systemInfo: { operatingSystem: 'linux' } };

/** A host whose starts and stops end when the test says so. */
class PlayedHost implements MachineHost {
  readonly up = new Set<string>();
  readonly starting = new Map<string, { readonly end: (error?: Error) => void; readonly signal: AbortSignal }>();
  stopProblem: Error | undefined;

  start({ name }: { name: string }, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        this.starting.delete(name);
        if (error !== undefined) reject(error);
        else {
          this.up.add(name);
          resolve();
        }
      };
      signal.addEventListener('abort', () => end(new Error('stopped')));
      this.starting.set(name, { end, signal });
    });
  }

  async stop(name: string): Promise<void> {
    if (this.stopProblem !== undefined) throw this.stopProblem;
    this.up.delete(name);
  }

  endStarts(): void {
    for (const { end } of [...this.starting.values()]) end();
  }
}

interface Played {
  readonly provider: LocalProvider;
  readonly host: PlayedHost;
  readonly clock: FakeClock;
  /** The books on the disk. */
  books: readonly MachineRecord[];
  saveProblem: Error | undefined;
}

async function play(groups: readonly string[], books: readonly MachineRecord[] = []): Promise<Played> {
  const host = new PlayedHost();
  const clock = new FakeClock();
  let seed = 0;
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  const played: { -readonly [K in keyof Played]: Played[K] } = {
    host,
    clock,
    books,
    saveProblem: undefined,
    provider: new LocalProvider(groups.map(parseNodeGroup), books, {
      hostOf: () => host,
      save: async (machines) => {
        if (played.saveProblem !== undefined) throw played.saveProblem;
        played.books = machines;
      },
      ...{ facts, clock, random, log: silentLogger },
    }),
  };
  await played.provider.start();
  await settled();
  return played;
}

/** Resolves when all that can go on has. */
async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

async function started(played: Played): Promise<void> {
  played.clock.advance(0);
  await settled();
  played.host.endStarts();
  await settled();
}

const nodeOf = (name: string): ProviderNode => ({ providerID: `local://${name}`, name, labels: {}, annotations: {} });
const names = (books: readonly MachineRecord[]): string[] => books.map(({ name }) => name);
const states = async ({ provider }: Played, group = 'a'): Promise<string[]> =>
  (await provider.instances(group)).map(({ state }) => state);

describe('the local provider', () => {
  it('starts what a group lacks of its least size, and what is asked for', async () => {
    const played = await play(['a:1:4', 'b:0:2']);
    const { provider } = played;
    expect(await provider.targetSize('a')).toBe(1);
    expect(await states(played)).toEqual(['creating']);
    await started(played);
    await provider.increaseSize('a', 2);
    expect(await provider.targetSize('a')).toBe(3);
    expect(await states(played)).toEqual(['running', 'creating', 'creating']);
    await started(played);
    expect(await states(played)).toEqual(['running', 'running', 'running']);
    expect(names(played.books).every((name) => /^a-[a-z0-9]{5}$/.test(name))).toBe(true);
    expect(new Set(names(played.books)).size).toBe(3);
    expect(await provider.targetSize('b')).toBe(0);
  });

  it('refuses sizes beyond the bounds, and changes nothing then', async () => {
    const played = await play(['a:1:2']);
    await started(played);
    const before = played.books;
    await expect(played.provider.increaseSize('a', 2)).rejects.toThrow('2 more are beyond its greatest size, 2');
    const [name = ''] = names(before);
    await expect(played.provider.deleteNodes('a', [nodeOf(name)])).rejects.toThrow('below its least size, 1');
    await expect(played.provider.increaseSize('c', 1)).rejects.toMatchObject({ reason: 'NotFound' });
    expect(played.books).toBe(before);
    expect(played.host.up).toEqual(new Set([name]));
  });

  it('ends named nodes, all or none, and twice the same is no error while it goes', async () => {
    const played = await play(['a:0:3', 'b:1:3']);
    const { provider, host } = played;
    await provider.increaseSize('a', 2);
    await started(played);
    const [other = '', first = '', second = ''] = names(played.books);
    await expect(provider.deleteNodes('a', [nodeOf(first), nodeOf(other)])).rejects.toMatchObject({
      reason: 'NotFound',
    });
    expect(await provider.targetSize('a')).toBe(2);
    host.stopProblem = new Error('busy');
    await provider.deleteNodes('a', [nodeOf(first)]);
    await provider.deleteNodes('a', [nodeOf(first)]);
    expect(await provider.targetSize('a')).toBe(1);
    await settled();
    expect(await provider.instances('a')).toEqual([
      {
        id: `local://${first}`,
        state: 'deleting',
        error: { kind: 'other', code: 'InternalError', message: expect.stringContaining('busy') },
      },
      { id: `local://${second}`, state: 'running' },
    ]);
    host.stopProblem = undefined;
    played.clock.advance(60_000);
    await settled();
    expect(await states(played)).toEqual(['running']);
    expect(names(played.books)).toEqual([other, second]);
    expect(host.up).toEqual(new Set([other, second]));
    await expect(provider.deleteNodes('a', [nodeOf(first)])).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('takes back nodes that are on their way, and never one that runs', async () => {
    const played = await play(['a:0:5']);
    const { provider, host } = played;
    await provider.increaseSize('a', 1);
    await started(played);
    await provider.increaseSize('a', 2);
    await settled();
    played.clock.advance(0);
    await settled();
    await expect(provider.decreaseTargetSize('a', 3)).rejects.toThrow('fewer than 3 nodes of group a are on their way');
    await provider.decreaseTargetSize('a', 2);
    expect(await provider.targetSize('a')).toBe(1);
    await settled();
    expect(await states(played)).toEqual(['running']);
    expect(host.starting.size).toBe(0);
    expect(host.up.size).toBe(1);
  });

  it('tells why a node does not come, and tries again', async () => {
    const played = await play(['a:1:1']);
    const { provider, host, clock } = played;
    clock.advance(0);
    await settled();
    for (const { end } of host.starting.values()) end(new Error('no disk'));
    await settled();
    expect(await provider.instances('a')).toMatchObject([
      { state: 'creating', error: { message: expect.stringContaining('no disk') } },
    ]);
    clock.advance(60_000);
    await settled();
    await started(played);
    expect(await provider.instances('a')).toEqual([{ id: expect.any(String), state: 'running' }]);
  });

  it('goes on after a restart where the books end: what is gone from the options is ended', async () => {
    const books: MachineRecord[] = [
      { name: 'a-1', group: 'a', state: 'running' },
      { name: 'a-2', group: 'a', state: 'creating' },
      { name: 'a-3', group: 'a', state: 'deleting' },
      { name: 'old-1', group: 'old', state: 'running' },
    ];
    const played = await play(['a:0:3'], books);
    await started(played);
    expect(played.books).toEqual([
      { name: 'a-1', group: 'a', state: 'running' },
      { name: 'a-2', group: 'a', state: 'running' },
    ]);
    expect(played.host.up).toEqual(new Set(['a-1', 'a-2']));
  });

  it('keeps its machines in the books when it is stopped', async () => {
    const played = await play(['a:2:3']);
    played.clock.advance(0);
    await settled();
    await played.provider[Symbol.asyncDispose]();
    expect(played.host.starting.size).toBe(0);
    expect(played.books).toMatchObject([{ state: 'creating' }, { state: 'creating' }]);
  });

  it('asks for nothing that the disk does not know', async () => {
    const played = await play(['a:0:3']);
    played.saveProblem = new Error('disk full');
    await expect(played.provider.increaseSize('a', 1)).rejects.toThrow('disk full');
    expect(await played.provider.targetSize('a')).toBe(0);
    expect(played.host.starting.size).toBe(0);
  });

  it('is asked for two things at once, and both count', async () => {
    const { provider } = await play(['a:0:3']);
    const outcomes = await Promise.allSettled([1, 1, 1, 1].map((count) => provider.increaseSize('a', count)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    expect(await provider.targetSize('a')).toBe(3);
  });

  it('knows the group of its nodes, and leaves others alone', async () => {
    const played = await play(['a:1:3']);
    const [name = ''] = names(played.books);
    expect(await played.provider.nodeGroupForNode(nodeOf(name))).toMatchObject({ id: 'a', minSize: 1, maxSize: 3 });
    expect(await played.provider.nodeGroupForNode({ ...nodeOf(name), providerID: '' })).toMatchObject({ id: 'a' });
    expect(await played.provider.nodeGroupForNode({ ...nodeOf(name), providerID: `aws://${name}` })).toBeUndefined();
    expect(await played.provider.nodeGroupForNode(nodeOf('node-1'))).toBeUndefined();
  });

  it('tells templates, prices and settings', async () => {
    const played = await play([
      'a:0:3:cpu=2,memory=4Gi,price=0.6,zone=z,label=t=x,taint=d:NoSchedule,unneeded=30s',
      'b:0:1',
    ]);
    const { provider } = played;
    const { node } = await provider.template('a');
    expect(node).toMatchObject({
      metadata: {
        labels: {
          'gantry.dev/node-group': 'a',
          'topology.kubernetes.io/zone': 'z',
          t: 'x',
          'kubernetes.io/os': 'linux',
        },
      },
      spec: { taints: [{ key: 'd', effect: 'NoSchedule' }] },
      status: {
        allocatable: { cpu: '2', memory: '4Gi', pods: '110', 'ephemeral-storage': '1073741824Ki' },
      },
    });
    expect((await provider.template('b')).node.status?.capacity).toMatchObject({ cpu: '8', memory: '16777216Ki' });
    const hour = 3_600_000;
    const asNode = { ...nodeOf('template-of-a-17'), providerID: '', labels: node.metadata.labels ?? {} };
    expect(await provider.nodePrice(asNode, 0, hour / 2)).toBeCloseTo(0.3);
    const pod = {
      spec: { containers: [{ resources: { requests: { cpu: '500m', memory: '2Gi' } } }] },
    } as unknown as Pod;
    expect(await provider.podPrice(pod, 0, hour)).toBeCloseTo(0.3);
    await expect(provider.nodePrice(nodeOf('node-1'), 0, hour)).rejects.toMatchObject({ reason: 'MethodNotAllowed' });
    expect(await provider.options('a', playedOptions)).toEqual({ ...playedOptions, scaleDownUnneededMs: 30_000 });
    expect(await provider.options('b', playedOptions)).toBeUndefined();
  });
});

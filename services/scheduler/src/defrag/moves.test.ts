import type { EvictRequest } from '@gantry/client/object-messages.ts';
import type { MoveProgress } from '@gantry/client/placement-messages.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { describe, expect, test } from 'vitest';
import { World } from '../testing/world.ts';
import { defaultDefragConfig } from './config.ts';
import { Defragmenter } from './defragmenter.ts';

const replica = { owner: 'ReplicaSet', requests: { cpu: '1' } } as const;

/** A cluster of three nodes in which one can be freed, with an api and a controller that are played by the test. */
class Rig {
  readonly world = new World();
  readonly clock = new FakeClock(this.world.nowMs);
  readonly evicted: string[] = [];
  /** The api's refusal of each eviction; undefined if it evicts the pod. */
  answer: (request: EvictRequest) => Error | undefined = () => undefined;
  readonly steps: string[] = [];
  readonly moved: string[] = [];
  readonly stop = new AbortController();
  readonly defragmenter: Defragmenter;
  #made = 0;

  constructor(config: Partial<typeof defaultDefragConfig> & { intervalMs?: number } = {}, shards = 1) {
    const { world, clock } = this;
    for (const name of ['a', 'b', 'c']) world.node(name, { cpu: '4' });
    for (const name of ['a1', 'a2']) world.pod(name, { ...replica, nodeName: 'a' });
    for (const name of ['b1', 'b2']) world.pod(name, { ...replica, nodeName: 'b', labels: { app: 'web' } });
    world.node('c', { cpu: '4' });
    world.pod('c1', { ...replica, nodeName: 'c', labels: { app: 'web' } });
    this.defragmenter = new Defragmenter(
      { ...defaultDefragConfig, maxMoves: 1, ...config },
      {
        scheduler: world.scheduler,
        mover: {
          evict: async (request) => {
            const refusal = this.answer(request);
            if (refusal !== undefined) throw refusal;
            this.evicted.push(request.name);
          },
          clock,
          wake: () => {},
        },
        shards,
        onMove: (state) => this.moved.push(state),
        clock,
        log: silentLogger,
      },
    );
  }

  /** A controller makes a pod in the place of one that went, and the scheduler gives it a node. */
  replace(name: string, fields: object = { labels: { app: 'web' } }): string | undefined {
    this.world.scheduler.removePod(name);
    this.world.pod(`new-${++this.#made}`, { ...replica, ...fields });
    return Object.values(this.world.placements())[0];
  }

  /** Runs to its end; the steps are told as they come. */
  async run(maxMoves = 0): Promise<void> {
    for await (const { move } of this.defragmenter.run(true, maxMoves, this.stop.signal)) {
      if (move !== undefined) this.steps.push(told(move));
    }
  }

  /** Lets everything happen that can without time passing. */
  async settle(ms = 0): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    this.clock.advance(ms);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }

  /** Leads, as a scheduler that may move pods. */
  lead(): void {
    void this.defragmenter.lead(this.stop.signal);
  }
}

function told({ move, state, message }: MoveProgress): string {
  return [move.name, state, move.toNode, message].filter((part) => part !== '').join(' ');
}

describe('moving pods', () => {
  test('the pod in the place of an evicted one gets the node that was meant for it', async () => {
    const rig = new Rig();
    rig.lead();
    const done = rig.run();
    await rig.settle();
    expect(rig.evicted).toEqual(['c1']);
    // Its profile spreads: left alone it would go to the emptied node.
    expect(rig.replace('c1')).toBe('a');
    await done;
    expect(rig.steps).toEqual(['c1 evicted a', 'c1 placed a']);
    expect(rig.moved).toEqual(['evicted', 'placed']);
    expect(rig.world.scheduler.cluster.emptying.size).toBe(0);
    rig.world.pod('later');
    expect(rig.world.placements()).toEqual({ later: 'c' });
  });

  test('pods of others keep off a node that is being emptied, as long as they fit elsewhere', async () => {
    const rig = new Rig();
    rig.lead();
    const done = rig.run();
    await rig.settle();
    rig.world.pod('other', { requests: { cpu: '1' } });
    expect(rig.world.placements().other).not.toBe('c');
    rig.world.pod('large', { requests: { cpu: '3' } });
    expect(rig.world.placements()).toEqual({ large: 'c' });
    rig.world.scheduler.removePod('large');
    expect(rig.replace('c1')).toBe('a');
    await done;
    expect(rig.steps).toEqual(['c1 evicted a', 'c1 placed a']);
  });

  test('where the node that was meant takes it no more, it goes where it fits', async () => {
    const rig = new Rig();
    rig.lead();
    const done = rig.run();
    await rig.settle();
    rig.world.node('a', { cpu: '4', unschedulable: true });
    expect(rig.replace('c1')).toBe('b');
    await done;
    expect(rig.steps.at(-1)).toBe('c1 placed b');
  });

  test('a budget that says no is asked again, and given up in the end', async () => {
    const rig = new Rig();
    rig.lead();
    let refusals = 2;
    const no = new GantryError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.");
    rig.answer = () => (refusals-- > 0 ? no : undefined);
    const done = rig.run();
    await rig.settle(1_000);
    await rig.settle(2_000);
    expect(rig.evicted).toEqual(['c1']);
    rig.replace('c1');
    await done;

    const stubborn = new Rig();
    stubborn.lead();
    stubborn.answer = () => no;
    const given = stubborn.run();
    for (let passed = 0; passed < 130; passed++) await stubborn.settle(1_000);
    await given;
    expect(stubborn.steps).toEqual([`c1 failed a ${no.message}`]);
    expect(stubborn.world.scheduler.cluster.emptying.size).toBe(0);
  });

  test('a pod that nobody replaces is not waited for without end', async () => {
    const rig = new Rig();
    rig.lead();
    const done = rig.run();
    await rig.settle(121_000);
    await done;
    expect(rig.steps).toEqual(['c1 evicted a', 'c1 failed a no pod came in its place within 120 s']);
  });

  test('what has changed since the plan was made is seen before anybody is evicted', async () => {
    const rig = new Rig({ maxMoves: 3 });
    rig.world.pod('c2', { ...replica, nodeName: 'c' });
    for (const node of ['a', 'b']) rig.world.pod(`${node}3`, { ...replica, nodeName: node });
    rig.lead();
    const done = rig.run();
    await rig.settle();
    expect(rig.evicted).toEqual(['c1']);
    rig.world.pod('c2', { ...replica, nodeName: 'c', annotations: { 'gantry.dev/safe-to-evict': 'false' } });
    rig.replace('c1');
    await done;
    expect(rig.evicted).toEqual(['c1']);
    expect(rig.steps.at(-1)).toMatch(/^c2 failed .* the pod has changed since the plan was made$/);
  });
});

describe('who may move pods, and how many', () => {
  test('only the scheduler that leads, alone, one run at a time', async () => {
    const rig = new Rig();
    await expect(rig.run()).rejects.toThrow('this scheduler stands by');
    rig.lead();
    const done = rig.run();
    await rig.settle();
    await expect(rig.run()).rejects.toThrow('a defragmentation is under way already');
    rig.replace('c1');
    await done;
    const shared = new Rig({}, 2);
    shared.lead();
    await expect(shared.run()).rejects.toThrow('here 2 share the work');
  });

  test('a plan alone may be asked of anybody, and moves nothing', async () => {
    const rig = new Rig();
    const [message, ...rest] = await Array.fromAsync(rig.defragmenter.run(false, 0, rig.stop.signal));
    expect(message!.plan!.freed.map(({ nodeName }) => nodeName)).toEqual(['c']);
    expect([rest, rig.evicted]).toEqual([[], []]);
  });

  test('no more than so many an hour', async () => {
    const rig = new Rig({ maxMovesPerHour: 1 });
    rig.lead();
    const done = rig.run();
    await rig.settle();
    rig.replace('c1');
    await done;
    rig.world.node('d');
    rig.world.pod('d1', { ...replica, nodeName: 'd' });
    await rig.run();
    expect(rig.evicted).toEqual(['c1']);
    await rig.settle(3_600_001);
    const later = rig.run();
    await rig.settle();
    expect(rig.evicted).toEqual(['c1', 'd1']);
    rig.replace('d1', {});
    await later;
  });

  test('of its own accord at each interval, once nobody waits for a turn', async () => {
    const rig = new Rig({ intervalMs: 60_000 });
    rig.world.pod('waits');
    rig.lead();
    await rig.settle(60_000);
    expect(rig.evicted).toEqual([]);
    rig.world.scheduler.removePod('waits');
    await rig.settle(60_000);
    expect(rig.evicted).toEqual(['c1']);
    rig.stop.abort();
    await rig.settle();
    expect(rig.world.scheduler.cluster.emptying.size).toBe(0);
  });
});

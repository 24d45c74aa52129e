import { podGroupLabel } from '@gantry/model/kinds/podgroup/podgroup.ts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import type { Placement } from '../decisions.ts';
import { binpackProfile, spreadProfile } from '../profiles.ts';
import type { PodInfo } from '../requirement.ts';
import { Scheduler } from '../scheduler.ts';
import { nodeNamed, podNamed } from '../testing/builders.ts';

// Random clusters, arrivals, refusals and lost answers: what a gang never comes to.

/** The outcome of a call to bind. */
type Fate = 'accepted' | 'refused' | 'unanswered';

const fate = fc.constantFrom<Fate>('accepted', 'accepted', 'refused', 'unanswered');
const step = fc.oneof(
  fc.record({
    type: fc.constant('pod' as const),
    group: fc.constantFrom('', 'g', 'g', 'h'),
    priority: fc.constantFrom(0, 5, 10),
  }),
  fc.record({ type: fc.constant('node' as const), cpu: fc.constantFrom('1', '2', '4') }),
  fc.record({ type: fc.constant('gone' as const), pod: fc.nat() }),
  fc.record({ type: fc.constant('ended' as const), pod: fc.nat() }),
  fc.record({ type: fc.constant('heard' as const), count: fc.nat(4) }),
  fc.record({
    type: fc.constant('cycle' as const),
    fates: fc.array(fate, { minLength: 1, maxLength: 3 }),
    evicts: fc.boolean(),
  }),
  fc.record({ type: fc.constant('time' as const), ms: fc.constantFrom(1_000, 20_000, 400_000) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface BoundPod {
  readonly info: PodInfo;
  readonly node: string;
}

/** A cluster and its api in a few maps, with a scheduler that hears of it late. */
class Cluster {
  readonly minMember: Readonly<Record<string, number>>;
  readonly scheduler = new Scheduler({ profiles: { s: spreadProfile, b: binpackProfile }, seed: 1, batchSize: 5 });
  readonly pending = new Map<string, PodInfo>();
  readonly bound = new Map<string, BoundPod>();
  readonly succeeded = new Map<string, string>();
  readonly nodes = new Map<string, number>();
  /** Events that the scheduler has not received yet. */
  #news: (() => void)[] = [];
  #names = 0;
  readonly #compiler = new PodCompiler();
  nowMs = 1_000_000;

  constructor(minMember: Readonly<Record<string, number>>) {
    this.minMember = minMember;
    for (const [group, count] of Object.entries(minMember)) {
      this.scheduler.setGroup(`default/${group}`, { minMember: count, minResources: new Map(), timeoutMs: 30_000 });
    }
  }

  done(group: string): number {
    return [...this.succeeded.values()].filter((of) => of === group).length;
  }

  live(group: string): number {
    return this.done(group) + [...this.bound.values()].filter(({ info }) => info.group === group).length;
  }

  /** Cores that pods have of a node; each has one. */
  used(node: string): number {
    return [...this.bound.values()].filter((pod) => pod.node === node).length;
  }

  take(given: Step): void {
    switch (given.type) {
      case 'pod': {
        const { group, priority } = given;
        const labels: Record<string, string> = group === '' ? {} : { [podGroupLabel]: group };
        const schedulerName = group === 'h' ? 'b' : 's';
        // A gang is of one priority.
        const ofGroup: Record<string, number> = { g: 0, h: 5 };
        const fields = { labels, priority: ofGroup[group] ?? priority, schedulerName, requests: { cpu: '1' } };
        const info = this.#compiler.compile(podNamed(`p${this.#names++}`, fields));
        this.pending.set(info.uid, info);
        this.scheduler.setPod(info);
        return;
      }
      case 'node': {
        const name = `n${this.nodes.size}`;
        this.nodes.set(name, Number(given.cpu));
        this.scheduler.setNode(compileNode(nodeNamed(name, { cpu: given.cpu })));
        return;
      }
      case 'gone': {
        const uid = [...this.pending.keys(), ...this.bound.keys()][
          given.pod % (this.pending.size + this.bound.size || 1)
        ];
        if (uid !== undefined) this.remove(uid);
        return;
      }
      case 'ended': {
        const ended = [...this.bound.values()][given.pod % (this.bound.size || 1)];
        if (ended === undefined) return;
        this.bound.delete(ended.info.uid);
        this.succeeded.set(ended.info.uid, ended.info.group);
        this.#tell(() =>
          this.scheduler.setPod({ ...ended.info, nodeName: ended.node, finished: true, succeeded: true }),
        );
        return;
      }
      case 'heard':
        this.hear(given.count);
        return;
      case 'cycle':
        this.cycle((index) => given.fates[index % given.fates.length]!, given.evicts);
        return;
      case 'time':
        this.nowMs += given.ms;
    }
  }

  remove(uid: string): void {
    this.pending.delete(uid);
    this.bound.delete(uid);
    this.#tell(() => this.scheduler.removePod(uid));
  }

  hear(count: number): void {
    for (const news of this.#news.splice(0, count)) news();
  }

  cycle(fateOf: (index: number) => Fate, evicts: boolean): void {
    const { placements, evictions, tried } = this.scheduler.cycle(this.nowMs);
    expect(placements.length).toBeLessThanOrEqual(tried);
    for (const [index, batch] of inOneGo(placements).entries()) this.#bind(batch, fateOf(index));
    const evicted = new Set(evictions.map(({ victim }) => victim.uid));
    for (const [group, minMember] of Object.entries(this.minMember)) {
      const members = [...this.bound.values()].filter(({ info }) => info.group === group);
      const left = this.live(group) - members.filter(({ info }) => evicted.has(info.uid)).length;
      const isKnown = this.#news.length === 0 && this.live(group) >= minMember;
      if (isKnown && left < minMember) expect(left, `${group} is evicted in part`).toBe(this.done(group));
    }
    for (const { victim } of evictions) {
      if (evicts && this.bound.has(victim.uid)) this.remove(victim.uid);
      else if (!evicts) this.scheduler.evictionRefused(victim);
    }
  }

  #bind(batch: readonly Placement[], decided: Fate): void {
    // The api refuses what is gone and what a node has no room for, and with it the gang.
    const isThere = batch.every(({ entry }) => this.pending.has(entry.pod.uid));
    const onNode = (name: string): number => batch.filter(({ nodeName }) => nodeName === name).length;
    const fits = batch.every(({ nodeName }) => this.used(nodeName) + onNode(nodeName) <= this.nodes.get(nodeName)!);
    if (decided === 'refused' || !isThere || !fits) {
      for (const { entry } of batch) this.scheduler.refused(entry, this.nowMs);
      return;
    }
    for (const { entry, nodeName } of batch) {
      const { info } = entry;
      this.pending.delete(info.uid);
      this.bound.set(info.uid, { info, node: nodeName });
      this.#tell(() => {
        if (this.bound.has(info.uid)) this.scheduler.setPod({ ...info, nodeName });
      });
      if (decided === 'accepted') this.scheduler.bound(entry);
      else this.scheduler.refused(entry, this.nowMs);
    }
    for (const group of new Set(batch.map(({ entry }) => entry.info.group))) {
      if (group === '') continue;
      expect(this.live(group), `${group} has begun in part`).toBeGreaterThanOrEqual(this.minMember[group]!);
    }
  }

  #tell(news: () => void): void {
    this.#news.push(news);
  }
}

/** Each gang in one piece, all others each on its own. */
function inOneGo(placements: readonly Placement[]): Placement[][] {
  const batches = new Map<unknown, Placement[]>();
  for (const placement of placements) {
    const key = placement.gang ?? placement;
    batches.set(key, [...(batches.get(key) ?? []), placement]);
  }
  return [...batches.values()];
}

const scenario = fc.record({
  g: fc.integer({ min: 1, max: 4 }),
  h: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(step, { minLength: 5, maxLength: 60 }),
});

test('no gang is ever begun in part, whatever is refused, lost or late; and none waits while there is room for it', () => {
  fc.assert(
    fc.property(scenario, ({ g, h, steps }) => {
      const cluster = new Cluster({ g, h });
      for (const given of steps) {
        cluster.take(given);
      }
      // Calm: all news is heard, and the api takes everything.
      for (let round = 0; round < 30; round++) {
        cluster.hear(Number.POSITIVE_INFINITY);
        cluster.nowMs += 400_000;
        cluster.cycle(() => 'accepted', true);
      }
      const free = [...cluster.nodes].reduce((sum, [node, cpu]) => sum + cpu - cluster.used(node), 0);
      for (const [group, minMember] of Object.entries(cluster.minMember)) {
        const waiting = [...cluster.pending.values()].filter((info) => info.group === group).length;
        const lacks = Math.max(0, minMember - cluster.live(group));
        const couldBegin = waiting >= lacks && free >= Math.max(1, lacks) && waiting > 0;
        expect(couldBegin, `${group} waits with ${waiting} pods, lacks ${lacks}, and ${free} would fit`).toBe(false);
      }
      // Important pods come, and take what they need of the gangs.
      for (let round = 0; round < 5; round++) {
        cluster.take({ type: 'pod', group: '', priority: 10 });
        cluster.cycle(() => 'accepted', true);
        cluster.hear(Number.POSITIVE_INFINITY);
      }
      for (const [node, cpu] of cluster.nodes) expect(cluster.used(node)).toBeLessThanOrEqual(cpu);
    }),
    { numRuns: 400 },
  );
}, 60_000);

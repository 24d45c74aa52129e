import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NodeCluster } from './testing/node-cluster.ts';

const zone = (name: string) => ({ 'topology.kubernetes.io/zone': name });

/** A cluster of ready nodes with one pod each, which has been running for a minute. */
function running(size: number, zoneOf: (index: number) => string = () => 'z'): NodeCluster {
  const cluster = new NodeCluster();
  for (let index = 0; index < size; index++) {
    const name = `n${index}`;
    const metadata = { name, uid: `uid-${name}`, labels: zone(zoneOf(index)) };
    cluster.addNode(name, (index * 10_000) / size, { metadata });
    cluster.addPod(`p${index}`, name);
  }
  cluster.run(60_000);
  expect(cluster.deletions).toEqual([]);
  return cluster;
}

describe('a node that is lost', () => {
  it('loses its pods 30 s after its silence is believed', () => {
    const cluster = running(2);
    const lostAtMs = cluster.clock.monotonic();
    cluster.stop('n0');
    cluster.run(120_000);
    expect(cluster.deletions).toMatchObject([{ pod: { metadata: { name: 'p0' } }, forced: false }]);
    // At most one period and the time to live of a heartbeat, its confirmation, a look, and the toleration.
    const afterMs = cluster.deletions[0]!.atMs - lostAtMs;
    expect(afterMs).toBeGreaterThanOrEqual(43_000);
    expect(afterMs).toBeLessThanOrEqual(55_000);
  });

  it.each([28, 30, 32, 34, 36, 38, 40, 42])(
    'and heard again after %i s is ready at once and keeps its pods',
    (seconds) => {
      for (const listLagMs of [0, 300, 900]) {
        for (const nodeLagMs of [0, 200, 1_500]) {
          const cluster = running(3);
          Object.assign(cluster, { listLagMs });
          Object.assign(cluster.lagMs, { Node: nodeLagMs, Pod: 500 });
          cluster.stop('n0');
          cluster.run(seconds * 1_000);
          cluster.go('n0');
          cluster.run(100);
          for (let step = 0; step < 200; step++) {
            cluster.run(100);
            expect(cluster.isReady('n0')).toBe(true);
          }
          expect(cluster.deletions).toEqual([]);
          expect(cluster.node('n0')?.spec?.taints ?? []).toEqual([]);
        }
      }
    },
  );

  it('keeps a pod whose toleration ends while the node is back but has not reported', () => {
    const cluster = running(3);
    cluster.stop('n0');
    cluster.run(42_000);
    expect(cluster.isReady('n0')).toBe(false);
    const silent = cluster.node('n0')!;
    cluster.go('n0');
    cluster.run(100);
    // The report is lost: the object stays as it was while the node lives.
    cluster.put({ ...cluster.node('n0')!, spec: silent.spec ?? {}, status: silent.status ?? {} });
    cluster.run(5_000);
    expect(cluster.deletions).toEqual([]);
  });
});

describe('a cut in the network', () => {
  it('that hides most nodes evicts nobody', () => {
    const cluster = running(10);
    for (let index = 0; index < 9; index++) cluster.stop(`n${index}`);
    cluster.run(300_000);
    expect(cluster.isReady('n3')).toBe(false);
    expect(cluster.deletions).toEqual([]);
    for (let index = 0; index < 9; index++) cluster.go(`n${index}`);
    cluster.run(60_000);
    expect(cluster.deletions).toEqual([]);
    for (let index = 0; index < 10; index++) expect(cluster.isReady(`n${index}`)).toBe(true);
  });

  it('that hides all nodes, or all zones, evicts nobody, nor does its end', () => {
    const cluster = running(6, (index) => (index < 3 ? 'a' : 'b'));
    for (let index = 0; index < 6; index++) cluster.stop(`n${index}`);
    cluster.run(300_000);
    expect(cluster.deletions).toEqual([]);
    for (let index = 0; index < 6; index++) cluster.go(`n${index}`);
    cluster.run(60_000);
    expect(cluster.deletions).toEqual([]);
  });

  it('that hides a zone moves its pods one node after another', () => {
    const cluster = running(6, (index) => (index < 3 ? 'a' : 'b'));
    for (let index = 0; index < 3; index++) cluster.stop(`n${index}`);
    cluster.run(100_000);
    const atMs = cluster.deletions.map((deletion) => deletion.atMs);
    expect(cluster.deletions.map(({ pod }) => pod.metadata.name).sort()).toEqual(['p0', 'p1', 'p2']);
    for (const [index, ms] of atMs.entries()) {
      if (index > 0) expect(ms - atMs[index - 1]!).toBeGreaterThanOrEqual(9_900);
    }
  });

  it('between the controllers and the api evicts nobody, however long, and whoever was lost before', () => {
    const cluster = running(4);
    cluster.stop('n0');
    cluster.run(40_000);
    expect(cluster.isReady('n0')).toBe(false);
    cluster.isReachable = false;
    cluster.go('n0');
    cluster.run(300_000);
    cluster.isReachable = true;
    cluster.run(60_000);
    expect(cluster.deletions).toEqual([]);
  });
});

describe('a step of the wall clock', () => {
  it.each([2, -2])('of %i h neither evicts at once nor never', (hours) => {
    const cluster = running(3);
    cluster.stop('n0');
    cluster.run(36_000);
    cluster.clock.stepWall(hours * 3_600_000);
    cluster.run(1_000);
    expect(cluster.deletions).toEqual([]);
    cluster.run(40_000);
    expect(cluster.deletions).toMatchObject([{ pod: { metadata: { name: 'p0' } } }]);
  });
});

describe('a user’s taint without a time', () => {
  it('evicts each pod after its toleration, however often the node is looked at', () => {
    const cluster = running(3);
    const key = 'example.com/drain';
    for (const [name, toleration] of [
      ['t3', { tolerationSeconds: 3 }],
      ['forever', {}],
      ['negative', { tolerationSeconds: -1 }],
    ] as const) {
      cluster.addPod(name, 'n0');
      const pod = cluster.pod(name)!;
      const tolerations = [{ key, operator: 'Exists', effect: 'NoExecute', ...toleration }];
      cluster.put({ ...pod, spec: { ...pod.spec, tolerations } });
    }
    cluster.run(1_000);
    const taintedAtMs = cluster.clock.monotonic();
    cluster.put({ ...cluster.node('n0')!, spec: { taints: [{ key, effect: 'NoExecute' }] } });
    cluster.run(20_000);
    const after = cluster.deletions.map(({ pod, atMs }) => [pod.metadata.name, atMs - taintedAtMs]);
    expect(after).toEqual([
      ['p0', 100],
      ['negative', 100],
      ['t3', 3_100],
    ]);
  });
});

describe('pods of a node that does not exist', () => {
  it('are removed after a quarantine', () => {
    const cluster = running(3);
    cluster.stop('n0');
    cluster.remove('Node', 'n0');
    cluster.run(39_000);
    expect(cluster.deletions).toEqual([]);
    cluster.run(3_000);
    expect(cluster.deletions).toMatchObject([{ pod: { metadata: { name: 'p0' } }, forced: true, nodeExisted: false }]);
  });

  it('are removed only where there is no such node: nothing of a live node is force-deleted, at any lag', () => {
    const lag = fc.constantFrom(0, 100, 1_000, 20_000, 45_000, 90_000);
    const event = fc.record({
      afterMs: fc.integer({ min: 0, max: 60_000 }),
      act: fc.constantFrom('add', 'remove', 'pod', 'nodeLag', 'podLag', 'unreachable', 'reachable'),
      name: fc.constantFrom('n0', 'n1'),
      lagMs: lag,
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), lag, lag, (events, nodeLagMs, podLagMs) => {
        const cluster = new NodeCluster();
        Object.assign(cluster.lagMs, { Node: nodeLagMs, Pod: podLagMs });
        let pods = 0;
        for (const { afterMs, act, name, lagMs } of events) {
          if (act === 'add' && cluster.node(name) === undefined) cluster.addNode(name);
          if (act === 'remove') cluster.remove('Node', name);
          if (act === 'pod' && cluster.node(name) !== undefined) cluster.addPod(`p${pods++}`, name);
          if (act === 'nodeLag') cluster.lagMs.Node = lagMs;
          if (act === 'podLag') cluster.lagMs.Pod = lagMs;
          if (act === 'unreachable') cluster.isReachable = false;
          if (act === 'reachable') cluster.isReachable = true;
          cluster.run(afterMs, 1_000);
        }
        expect(cluster.deletions.filter(({ forced, nodeExisted }) => forced && nodeExisted)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

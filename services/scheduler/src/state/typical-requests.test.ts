import type { Amounts } from '@gantry/model/amounts.ts';
import { describe, expect, it } from 'vitest';
import { PodCompiler } from '../compile/pod.ts';
import { type PodFields, podNamed } from '../testing/builders.ts';
import { ClusterState } from './cluster.ts';
import { TypicalRequests } from './typical-requests.ts';

function asking(cpu: number, memory = 1): Amounts {
  return new Map([
    ['cpu', cpu],
    ['memory', memory],
    ['pods', 1],
  ]);
}

function cpusOf({ list }: TypicalRequests): (number | undefined)[] {
  return list.map((requests) => requests.get('cpu')).sort((left, right) => left! - right!);
}

describe('TypicalRequests', () => {
  it('takes every kind at once while there is place, each once', () => {
    const kinds = new TypicalRequests();
    for (const cpu of [1, 2, 1, 2]) kinds.add(asking(cpu));
    expect(cpusOf(kinds)).toEqual([1, 2]);
    expect(kinds.version).toBe(2);
    for (let cpu = 3; cpu < 30; cpu++) kinds.add(asking(cpu));
    expect(kinds.list).toHaveLength(16);
    expect(kinds.version).toBe(16);
  });

  it('knows a kind whatever the order in which it names its resources', () => {
    const kinds = new TypicalRequests();
    kinds.add(asking(1));
    kinds.add(new Map([...asking(1)].reverse()));
    expect(kinds.list).toHaveLength(1);
  });

  it('keeps the kinds that make up most of the demand: many small ones, or few large ones', () => {
    const kinds = new TypicalRequests();
    const many = { requests: asking(1), pods: 5_000 };
    const large = { requests: asking(100, 100_000), pods: 2 };
    const others = Array.from({ length: 20 }, (_, index) => ({ requests: asking(2 + index), pods: 10 + index }));
    kinds.refresh([...others, many, large]);
    expect(kinds.list).toHaveLength(16);
    expect(cpusOf(kinds)).toContain(1);
    expect(cpusOf(kinds)).toContain(100);
    expect(cpusOf(kinds)).not.toContain(2);
  });

  it('adds up pods of one kind that differ in something else', () => {
    const kinds = new TypicalRequests();
    const single = Array.from({ length: 16 }, (_, index) => ({ requests: asking(10 + index), pods: 3 }));
    const split = Array.from({ length: 50 }, () => ({ requests: asking(5), pods: 1 }));
    kinds.refresh([...single, ...split]);
    expect(cpusOf(kinds)).toContain(5);
  });

  it('forgets kinds that come no more, by and by', () => {
    const kinds = new TypicalRequests();
    kinds.refresh([{ requests: asking(1), pods: 16 }]);
    const others = Array.from({ length: 20 }, (_, index) => ({ requests: asking(2 + index), pods: 10 }));
    kinds.refresh(others.slice(0, 5));
    expect(cpusOf(kinds)).toContain(1);
    for (let round = 0; round < 5; round++) kinds.refresh(others);
    expect(cpusOf(kinds)).not.toContain(1);
  });

  it('is the same list, in the same order, when nothing changes but the numbers', () => {
    const kinds = new TypicalRequests();
    kinds.refresh([
      { requests: asking(1), pods: 9 },
      { requests: asking(2), pods: 1 },
    ]);
    const { list, version } = kinds;
    kinds.refresh([
      { requests: asking(1), pods: 1 },
      { requests: asking(2), pods: 90 },
    ]);
    expect(kinds.list).toEqual(list);
    expect(kinds.version).toBe(version);
  });

  it('is made anew when half as many pods came as there were', () => {
    const kinds = new TypicalRequests();
    kinds.refresh([{ requests: asking(1), pods: 1_000 }]);
    const early = Array.from({ length: 499 }, () => kinds.arrived());
    expect(early).not.toContain(true);
    expect(kinds.arrived()).toBe(true);
  });
});

describe('ClusterState', () => {
  it('learns what pods typically ask for, but from those that are made for one node each', () => {
    const cluster = new ClusterState();
    const compiler = new PodCompiler();
    let count = 0;
    const come = (fields: PodFields): void => {
      cluster.admit(compiler.compile(podNamed(`p${count++}`, fields)));
    };
    const forNode = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
        },
      },
    };
    for (let round = 0; round < 100; round++) come({ requests: { cpu: '1' }, affinity: forNode });
    for (let round = 0; round < 100; round++) come({ requests: { cpu: '2' } });
    expect(cpusOf(cluster.typical)).toEqual([2_000]);
    for (let size = 1; size <= 16; size++) come({ requests: { cpu: `${size}m` } });
    expect(cpusOf(cluster.typical)).toHaveLength(16);
    for (let round = 0; round < 400; round++) come({ requests: { cpu: '3' } });
    expect(cpusOf(cluster.typical).slice(-2)).toEqual([2_000, 3_000]);
  });
});

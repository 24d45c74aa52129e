import { decodeChange, decodeNodeProgress, decodeProgress } from '@gantry/events/change.ts';
import type { Change } from '@gantry/store/store.ts';
import { describe, expect, test } from 'vitest';
import { ObjectCache } from '../core/stored-object.ts';
import { Chain, type Outgoing } from './chain.ts';

const pod = (node?: string): string =>
  JSON.stringify({ kind: 'Pod', metadata: {}, spec: node ? { nodeName: node } : {} });
const put = (key: string, revision: number, value = '{}', previous?: string): Change => {
  return { type: 'put', key, revision, value, ...(previous === undefined ? {} : { previous }) };
};
const links = (message: Outgoing | undefined) => {
  const { type, previous, previousOnNode } = decodeChange(message!.payload)!;
  return [message!.subject, type, previous, previousOnNode];
};

describe('Chain', () => {
  test('links each change to the one before it in its resource and on its node, the first ones to the start', () => {
    const chain = new Chain({ epoch: 3, history: 5, start: 100 }, new ObjectCache(1_000));
    const messages = [
      chain.next(put('pods/default/a', 101, pod())),
      chain.next(put('deployments.apps/default/web', 102)),
      chain.next(put('pods/default/a', 103, pod('n1'), pod())),
      chain.next(put('pods/default/b', 104, pod('n2'))),
      chain.next({ type: 'delete', key: 'pods/default/a', revision: 105, value: pod('n1'), previous: pod('n1') }),
      chain.next(put('nodes/_/n1', 106, '{}', '{}')),
    ];
    expect(messages.map(links)).toEqual([
      ['gantry.v1.pods._.default.a', 'ADDED', 100, undefined],
      ['gantry.v1.deployments%2Eapps._.default.web', 'ADDED', 100, undefined],
      ['gantry.v1.pods.n1.default.a', 'MODIFIED', 101, 100],
      ['gantry.v1.pods.n2.default.b', 'ADDED', 103, 100],
      ['gantry.v1.pods.n1.default.a', 'DELETED', 104, 103],
      ['gantry.v1.nodes._._.n1', 'MODIFIED', 100, undefined],
    ]);
    expect(chain.revision).toBe(106);
  });

  test('the object text is passed on as it is', () => {
    const text = '{"metadata":{}, "spec": {"nodeName":"n"},  "x": 1.50}';
    expect(
      decodeChange(
        new Chain({ epoch: 1, history: 5, start: 0 }, new ObjectCache(1_000)).next(put('pods/d/a', 1, text))!.payload,
      )!.json,
    ).toBe(text);
  });

  test('keys that are no objects move it on without a message', () => {
    const chain = new Chain({ epoch: 1, history: 5, start: 0 }, new ObjectCache(1_000));
    expect(chain.next(put('internal', 5))).toBeUndefined();
    expect(chain.revision).toBe(5);
  });

  test('a tick tells the last revision of every resource', () => {
    const chain = new Chain({ epoch: 7, history: 5, start: 10 }, new ObjectCache(1_000));
    chain.next(put('pods/d/a', 11, pod()));
    chain.next(put('nodes/_/n', 12));
    const [progress, ...others] = chain.tick();
    expect(decodeProgress(progress!.payload)).toEqual({
      epoch: 7,
      history: 5,
      start: 10,
      revision: 12,
      last: { pods: 11, nodes: 12 },
    });
    expect(others).toEqual([]);
  });

  test('a node is told of its last change three times at once, and then within every thirty ticks', () => {
    const chain = new Chain({ epoch: 1, history: 5, start: 0 }, new ObjectCache(1_000));
    for (let node = 0; node < 90; node++) chain.next(put(`pods/d/p${node}`, node + 1, pod(`n${node}`)));
    const told = (): number[] =>
      chain
        .tick()
        .slice(1)
        .map((message) => decodeNodeProgress(message.payload)!.last);
    for (let tick = 0; tick < 3; tick++) expect(new Set(told()).size).toBe(90);
    const later = Array.from({ length: 30 }, told);
    expect(later.every((lasts) => lasts.length === 3)).toBe(true);
    expect(new Set(later.flat()).size).toBe(90);
  });
});

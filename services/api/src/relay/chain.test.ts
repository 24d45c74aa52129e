import { decodeChange, decodeProgress } from '@gantry/events/change.ts';
import type { Change } from '@gantry/store/store.ts';
import { describe, expect, test } from 'vitest';
import { Chain, type Outgoing } from './chain.ts';

const put = (key: string, revision: number, value = '{}', previous?: string): Change => {
  return { type: 'put', key, revision, value, ...(previous === undefined ? {} : { previous }) };
};
const links = (message: Outgoing | undefined) => {
  const { type, previous } = decodeChange(message!.payload)!;
  return [message!.subject, type, previous];
};

describe('Chain', () => {
  test('links each change to the one before it in its resource, the first ones to the start', () => {
    const chain = new Chain({ epoch: 3, history: 5, start: 100 });
    const messages = [
      chain.next(put('pods/default/a', 101)),
      chain.next(put('deployments.apps/default/web', 102)),
      chain.next(put('pods/default/a', 103, '{}', '{}')),
      chain.next({ type: 'delete', key: 'pods/default/a', revision: 105, value: '{}', previous: '{}' }),
      chain.next(put('nodes/_/n1', 106, '{}', '{}')),
    ];
    expect(messages.map(links)).toEqual([
      ['gantry.v1.pods.default.a', 'ADDED', 100],
      ['gantry.v1.deployments%2Eapps.default.web', 'ADDED', 100],
      ['gantry.v1.pods.default.a', 'MODIFIED', 101],
      ['gantry.v1.pods.default.a', 'DELETED', 103],
      ['gantry.v1.nodes._.n1', 'MODIFIED', 100],
    ]);
    expect(chain.revision).toBe(106);
  });

  test('an object that is withheld leaves word of its change alone', () => {
    const chain = new Chain({ epoch: 1, history: 5, start: 0, withholds: (resource) => resource === 'secrets' });
    const { subject, payload } = chain.next(put('secrets/d/a', 1, '{"data":{"password":"aHVudGVyMg=="}}'))!;
    expect(subject).toBe('gantry.v1.secrets.d.a');
    expect(decodeChange(payload)).toEqual({ type: 'ADDED', revision: 1, previous: 0, epoch: 1 });
    expect(decodeChange(chain.next(put('pods/d/a', 2, '{}'))!.payload)!.json).toBe('{}');
  });

  test('the object text is passed on as it is, damaged or not', () => {
    for (const text of ['{"metadata":{}, "spec": {"nodeName":"n"},  "x": 1.50}', '{"metadata"{}']) {
      const { payload } = new Chain({ epoch: 1, history: 5, start: 0 }).next(put('pods/d/a', 1, text))!;
      expect(decodeChange(payload)!.json).toBe(text);
    }
  });

  test('keys that are no objects move it on without a message', () => {
    const chain = new Chain({ epoch: 1, history: 5, start: 0 });
    expect(chain.next(put('internal', 5))).toBeUndefined();
    expect(chain.revision).toBe(5);
  });

  test('a tick tells the last revision of every resource', () => {
    const chain = new Chain({ epoch: 7, history: 5, start: 10 });
    chain.next(put('pods/d/a', 11));
    chain.next(put('nodes/_/n', 12));
    expect(decodeProgress(chain.tick().payload)).toEqual({
      epoch: 7,
      history: 5,
      start: 10,
      revision: 12,
      last: { pods: 11, nodes: 12 },
    });
  });
});

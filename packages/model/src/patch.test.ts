import { describe, expect, it } from 'vitest';
import { objectSchema } from './message-types.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicPatch, threeWayMerge } from './patch.ts';

const podMessage = objectSchema('gantry.core.v1.Pod');
const pod = {
  metadata: { name: 'web', labels: { a: '1', b: '2' }, finalizers: ['x.dev/a'] },
  spec: {
    containers: [
      { name: 'web', image: 'web:1', env: [{ name: 'A', value: '1' }], args: ['x'] },
      { name: 'log', image: 'log:1' },
    ],
    volumes: [{ name: 'v', emptyDir: {} }],
  },
};

describe('JSON patch', () => {
  it('carries out operations, all or none', () => {
    const patched = applyJsonPatch(pod, [
      { op: 'test', path: '/metadata/name', value: 'web' },
      { op: 'replace', path: '/spec/containers/1/image', value: 'log:2' },
      { op: 'remove', path: '/metadata/labels/a' },
    ]);
    expect(patched).toMatchObject({ metadata: { labels: { b: '2' } }, spec: { containers: [{}, { image: 'log:2' }] } });
    expect(pod.spec.containers[1]!.image).toBe('log:1');
  });

  it('bounds what copies may add', () => {
    const patch = Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '/spec', path: `/spec/copy${index}` }));
    expect(() => applyJsonPatch(pod, patch)).toThrow('the accumulated size increase of copy');
  });

  it.each([
    [[null], 'rejected our request'],
    [[{ op: 'copy', from: '/none', path: '/a' }], 'rejected our request'],
    [[{ op: 'remove', path: '/spec/none' }], 'rejected our request'],
    [[{ op: 'add', path: '/__proto__/polluted', value: 1 }], 'rejected our request'],
    [{ op: 'add' }, 'a JSON patch is a list'],
    [[{ op: 'test', path: '/metadata/name', value: 'x' }], 'rejected our request'],
    [[{ op: 'replace', path: '/spec/none', value: 1 }], 'rejected our request'],
    [[{ op: 'jump', path: '/a' }], 'rejected our request'],
    [Array.from({ length: 10_001 }, () => ({ op: 'remove', path: '/a' })), 'allowed maximum operations'],
  ])('refuses %j', (patch, problem) => {
    expect(() => applyJsonPatch(pod, patch)).toThrow(problem);
  });
});

describe('merge patch', () => {
  it('replaces, removes and keeps', () => {
    expect(
      applyMergePatch({ a: 1, b: { c: 2, d: 3 }, e: [1] }, { a: null, b: { c: 4 }, e: [2], f: { g: null } }),
    ).toEqual({
      b: { c: 4, d: 3 },
      e: [2],
      f: {},
    });
  });
});

describe('strategic merge patch', () => {
  const patched = (patch: object): Record<string, never> =>
    applyStrategicPatch(podMessage, pod, patch) as Record<string, never>;

  it('merges lists by their key', () => {
    const { spec } = patched({
      spec: {
        containers: [
          { name: 'log', image: 'log:2' },
          { name: 'new', image: 'new:1' },
        ],
      },
    });
    expect(spec).toMatchObject({
      containers: [{ name: 'web', image: 'web:1' }, { name: 'log', image: 'log:2' }, { name: 'new' }],
    });
  });

  it('replaces lists that have no key, and adds to lists of words', () => {
    const { spec, metadata } = patched({
      metadata: { finalizers: ['x.dev/b'] },
      spec: { containers: [{ name: 'web', args: ['y'] }] },
    });
    expect(spec).toMatchObject({ containers: [{ args: ['y'], env: [{ name: 'A' }] }, {}] });
    expect(metadata).toMatchObject({ finalizers: ['x.dev/b', 'x.dev/a'] });
  });

  it('obeys directives', () => {
    expect(patched({ spec: { containers: [{ name: 'log', $patch: 'delete' }] } })).toMatchObject({
      spec: { containers: [{ name: 'web' }] },
    });
    expect(patched({ spec: { containers: [{ name: 'only', image: 'i' }, { $patch: 'replace' }] } }).spec).toMatchObject(
      { containers: [{ name: 'only' }] },
    );
    expect(patched({ metadata: { labels: { $patch: 'replace', c: '3' } } })).toMatchObject({
      metadata: { labels: { c: '3' } },
    });
    expect(patched({ metadata: { '$deleteFromPrimitiveList/finalizers': ['x.dev/a'] } }).metadata).toMatchObject({
      finalizers: [],
    });
    expect(patched({ spec: { '$setElementOrder/containers': [{ name: 'log' }, { name: 'web' }] } }).spec).toMatchObject(
      { containers: [{ name: 'log' }, { name: 'web' }] },
    );
    expect(
      patched({ spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] } }).spec,
    ).toMatchObject({ volumes: [{ name: 'v', hostPath: { path: '/x' } }] });
  });

  it('refuses what it does not understand', () => {
    expect(() => patched({ spec: { $patch: 'explode' } })).toThrow('unknown patch directive');
    expect(() => patched({ spec: { containers: [{ image: 'x' }] } })).toThrow(
      'does not contain declared merge key: name',
    );
  });
});

describe('threeWayMerge', () => {
  const deployment = objectSchema('gantry.apps.v1.Deployment');

  it('sets what is named, removes what was named before, and keeps what others set', () => {
    const original = { metadata: { labels: { a: '1', gone: 'x' } }, spec: { replicas: 2 } };
    const modified = { metadata: { labels: { a: '2' } }, spec: { paused: true } };
    const current = {
      metadata: { labels: { a: '1', gone: 'x', others: 'y' } },
      spec: { replicas: 5, minReadySeconds: 3 },
    };
    expect(threeWayMerge(deployment, original, modified, current)).toEqual({
      metadata: { labels: { a: '2', others: 'y' } },
      spec: { paused: true, minReadySeconds: 3 },
    });
  });

  it('merges lists by entry', () => {
    const original = {
      spec: {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '1' },
        ],
      },
    };
    const modified = { spec: { containers: [{ name: 'a', image: '2' }] } };
    const current = {
      spec: {
        containers: [
          { name: 'a', image: '1', imagePullPolicy: 'Always' },
          { name: 'b', image: '1' },
          { name: 'sidecar', image: 's' },
        ],
      },
    };
    expect(threeWayMerge(podMessage, original, modified, current)).toEqual({
      spec: {
        containers: [
          { name: 'a', image: '2', imagePullPolicy: 'Always' },
          { name: 'sidecar', image: 's' },
        ],
      },
    });
  });

  it('keeps one source of a volume', () => {
    const original = { spec: { volumes: [{ name: 'v', emptyDir: {} }] } };
    const modified = { spec: { volumes: [{ name: 'v', hostPath: { path: '/x' } }] } };
    expect(threeWayMerge(podMessage, original, modified, original)).toEqual(modified);
    expect(threeWayMerge(podMessage, undefined, modified, original)).toEqual(modified);
  });
});

import type { ControllerRevision, DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { expect, test } from 'vitest';
import { fakeView } from '../testing/fake-view.ts';
import { hashOf, historyOf, templateOf, truncated } from './history.ts';

function aDaemonSet(image: string): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'default', uid: 'u1', resourceVersion: '1' },
    spec: {
      selector: { matchLabels: { app: 'agent' } },
      template: { metadata: { name: '', labels: { app: 'agent' } }, spec: { containers: [{ name: 'c', image }] } },
    },
  };
}

/** The revision that is made for a template when these are there. */
function made(set: DaemonSet, existing: readonly ControllerRevision[]): ControllerRevision {
  const [action] = historyOf(set, existing, fakeView(existing)).actions;
  if (action?.type !== 'create') throw new Error('no revision is made');
  return action.object as ControllerRevision;
}

test('a new template gets a revision that comes last, and gives the template back', () => {
  const first = made(aDaemonSet('a:1'), []);
  const second = made(aDaemonSet('a:2'), [first]);
  expect([first.revision, second.revision]).toEqual([1, 2]);
  expect(second.metadata.name).toBe(`agent-${hashOf(second)}`);
  expect(templateOf(second)).toEqual(aDaemonSet('a:2').spec.template);
  expect(historyOf(aDaemonSet('a:2'), [second, first], fakeView([]))).toMatchObject({
    current: second,
    all: [first, second],
    actions: [],
  });
});

test('the template is written down byte by byte as clients do', () => {
  expect(JSON.stringify(made(aDaemonSet('a:1'), []).data)).toBe(
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"agent"},"name":""},"spec":{"containers":[{"image":"a:1","name":"c"}]}}}}',
  );
});

test('going back moves the old revision to the end', () => {
  const first = made(aDaemonSet('a:1'), []);
  const second = made(aDaemonSet('a:2'), [first]);
  const { current, actions } = historyOf(aDaemonSet('a:1'), [first, second], fakeView([first, second]));
  expect(current).toBe(first);
  expect(actions).toEqual([{ type: 'update', object: { ...first, revision: 3 } }]);
});

test('a name that another content has is a collision, and the count makes another name', () => {
  const set = aDaemonSet('a:1');
  const other = { ...made(set, []), data: { spec: {} } };
  expect(historyOf(set, [], fakeView([other]))).toMatchObject({ current: undefined, actions: [], collides: true });
  const salted = { ...set, status: { collisionCount: 1 } } as DaemonSet;
  expect(historyOf(salted, [], fakeView([other])).actions).toHaveLength(1);
});

test('the oldest revisions beyond the limit go, but for those that are needed', () => {
  const all = [1, 2, 3, 4].map((revision) => ({
    ...made(aDaemonSet(`a:${revision}`), []),
    revision,
  }));
  const needed = new Set([all[0]!.metadata.name, all[3]!.metadata.name]);
  const deleted = truncated(all, needed, 1).map((action) => action.type === 'delete' && action.object);
  expect(deleted).toEqual([all[1]]);
  expect(truncated(all, needed, 2)).toEqual([]);
});

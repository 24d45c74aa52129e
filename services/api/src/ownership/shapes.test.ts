import type { Shape } from '@gantry/fieldsets/shape.ts';
import { objectSchema } from '@gantry/model/message-types.ts';
import { expect, test } from 'vitest';
import { shapeOf } from './shapes.ts';

/** The shape of a field at a path, through the entries of lists. */
function shapeAt(message: string, ...path: string[]): Shape | undefined {
  return path.reduce<Shape | undefined>(
    (shape, name) => {
      const inner = shape?.type === 'list' ? shape.items : shape;
      return inner?.type === 'struct' ? inner.field(name) : undefined;
    },
    shapeOf(objectSchema(message)),
  );
}

const pod = 'gantry.core.v1.Pod';

test('a list of objects is owned by entry where keys identify them, with the value that a key has where it is left out', () => {
  expect(shapeAt(pod, 'spec', 'containers')).toMatchObject({ type: 'list', keys: ['name'] });
  expect(shapeAt(pod, 'spec', 'containers', 'ports')).toMatchObject({
    type: 'list',
    keys: ['containerPort', 'protocol'],
    keyDefaults: { protocol: 'TCP' },
  });
});

test('sets, maps, atomic values and values without a schema', () => {
  expect(shapeAt(pod, 'metadata', 'finalizers')).toEqual({ type: 'set' });
  expect(shapeAt(pod, 'metadata', 'labels')).toEqual({ type: 'map', values: { type: 'atomic' } });
  expect(shapeAt(pod, 'spec', 'nodeSelector')).toEqual({ type: 'atomic' });
  expect(shapeAt(pod, 'spec', 'containers', 'args')).toEqual({ type: 'atomic' });
  expect(shapeAt(pod, 'spec', 'hostNetwork')).toEqual({ type: 'atomic' });
  expect(shapeAt('gantry.apps.v1.Deployment', 'spec', 'selector')).toEqual({ type: 'atomic' });
  expect(shapeAt(pod, 'metadata', 'managedFields')).toEqual({ type: 'atomic' });
  expect(shapeAt(pod, 'spec', 'nothing')).toBeUndefined();
});

test('one shape a schema', () => {
  expect(shapeAt(pod, 'spec')).toBe(shapeOf(objectSchema('gantry.core.v1.PodSpec')));
});

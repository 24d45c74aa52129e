import { describe, expect, it } from 'vitest';
import { objectSchema } from './message-types.ts';
import type { ListSchema, ObjectSchema, TypeSchema } from './type-schema.ts';

/** The schema of a field at a path, through lists and maps. */
function typeAt(message: string, ...path: string[]): TypeSchema {
  return path.reduce<TypeSchema>(
    (schema, name) => (inner(schema) as ObjectSchema).fields.get(name)!.schema,
    objectSchema(message),
  );
}

function inner(schema: TypeSchema): TypeSchema {
  return schema.type === 'list' ? schema.items : schema;
}

describe('objectSchema', () => {
  it('is the same object for the same message', () => {
    expect(typeAt('gantry.core.v1.Pod', 'spec')).toBe(objectSchema('gantry.core.v1.PodSpec'));
  });

  it('tells which entries of lists have owners of their own', () => {
    const list = (...path: string[]): ListSchema => typeAt('gantry.core.v1.Pod', ...path) as ListSchema;
    expect(list('spec', 'containers')).toMatchObject({ listType: 'map', keys: ['name'] });
    expect(list('spec', 'containers', 'ports')).toMatchObject({ listType: 'map', keys: ['containerPort', 'protocol'] });
    expect(list('spec', 'containers', 'args')).toMatchObject({ listType: 'atomic', items: { form: 'string' } });
    expect(list('metadata', 'finalizers')).toMatchObject({ listType: 'set' });
  });

  it('tells which objects and maps have one owner', () => {
    expect(typeAt('gantry.core.v1.Pod', 'spec', 'nodeSelector')).toMatchObject({ type: 'map', isAtomic: true });
    expect(typeAt('gantry.core.v1.Pod', 'metadata', 'labels')).toMatchObject({ type: 'map', isAtomic: false });
    expect(typeAt('gantry.apps.v1.Deployment', 'spec', 'selector')).toMatchObject({ type: 'object', isAtomic: true });
  });

  it('has values with the form that JSON gives them', () => {
    const resources = ['spec', 'containers', 'resources', 'limits'];
    expect(typeAt('gantry.core.v1.Pod', ...resources)).toMatchObject({ values: { form: 'quantity' } });
    expect(typeAt('gantry.core.v1.ServicePort', 'targetPort')).toMatchObject({ form: 'intOrString' });
    expect(typeAt('gantry.core.v1.Secret', 'data')).toMatchObject({ values: { form: 'bytes' } });
    expect(typeAt('gantry.core.v1.Event', 'eventTime')).toMatchObject({ form: 'microTime' });
    expect(typeAt('gantry.authentication.v1.UserInfo', 'extra')).toMatchObject({ values: { type: 'list' } });
  });

  it('requires nothing inside of a partial object, and the same type elsewhere stays as it is', () => {
    const template = typeAt('gantry.core.v1.PodTemplateSpec', 'metadata') as ObjectSchema;
    const whole = typeAt('gantry.core.v1.Pod', 'metadata') as ObjectSchema;
    expect(template).toMatchObject({ name: whole.name, isPartial: true });
    expect(template.fields.get('name')).toMatchObject({ isRequired: false, isAlways: false, omitsZero: true });
    expect(whole.fields.get('name')).toMatchObject({ isRequired: true, isAlways: true, omitsZero: false });
  });

  it('has the fields of inlined messages, with their comments', () => {
    const volume = objectSchema('gantry.core.v1.Volume');
    expect(volume.fields.get('emptyDir')!.documentation).not.toBe('');
    expect(volume.documentation).not.toBe('');
    expect(volume.fields.has('volumeSource')).toBe(false);
  });
});

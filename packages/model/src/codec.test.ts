import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { codecFor } from './codec.ts';
import { readInt64 } from './forms.ts';
import { type FieldSchema, jsonFieldsOf, loadRoot, messageSchema } from './schema.ts';
import { fillZeros } from './zeros.ts';

const times = fc
  .integer({ min: 0, max: 4_000_000_000 })
  .map((seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`);

/** Any object of a message in its JSON form: without values that mean the same as absent ones, with those that are always there. */
function arbitraryOf(messageName: string, depth: number, isPartial = false): fc.Arbitrary<Record<string, unknown>> {
  const properties: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, field] of jsonFieldsOf(messageName)) {
    const { type } = field;
    if (type.kind === 'message' && depth === 0 && messageSchema(type.name).jsonForm === 'object') continue;
    const value = anyValueOf(field, depth, isPartial);
    if (field.cardinality === 'list') properties[name] = fc.array(value, { minLength: 1, maxLength: 2 });
    else if (field.cardinality === 'map')
      properties[name] = fc.dictionary(fc.string({ maxLength: 5 }), value, {
        minKeys: 1,
        maxKeys: 2,
        noNullPrototype: true,
      });
    else properties[name] = value;
  }
  return fc.record(properties, { requiredKeys: [], noNullPrototype: true }).map((object) => {
    if (!isPartial) fillZeros(messageName, object);
    return object;
  });
}

function anyValueOf(field: FieldSchema, depth: number, isPartial: boolean): fc.Arbitrary<unknown> {
  const { type, hasPresence, always, cardinality, partial } = field;
  const zero = hasPresence || (always && !isPartial) || cardinality !== 'single';
  if (type.kind === 'enum') return fc.constantFrom(...Object.keys(type.values).slice(1));
  if (type.kind === 'message') {
    const { jsonForm } = messageSchema(type.name);
    const forms = {
      quantity: fc.constantFrom('100m', '1Gi', '3'),
      time: times,
      microTime: times.map((time) => time.replace('Z', '.000123Z')),
      intOrString: fc.oneof(fc.integer({ min: 0, max: 65_535 }), fc.string({ minLength: 1 })),
      raw: fc.constantFrom<unknown>({ a: [1, 'x', null] }, 'text', 5),
    };
    return jsonForm === 'object' ? arbitraryOf(type.name, depth - 1, partial) : forms[jsonForm];
  }
  const min = zero ? 0 : 1;
  if (type.scalar === 'string') return fc.string({ minLength: min });
  if (type.scalar === 'bytes')
    return fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  if (type.scalar === 'bool') return zero ? fc.boolean() : fc.constant(true);
  if (type.scalar === 'double') return fc.constant(1.5);
  return fc.integer({ min, max: type.scalar.endsWith('64') ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1 });
}

describe('codecFor', () => {
  it.each([
    'gantry.core.v1.Pod',
    'gantry.apps.v1.Deployment',
    'gantry.core.v1.Service',
    'gantry.discovery.v1.EndpointSlice',
    'gantry.core.v1.Event',
  ])('gives back every %s that it wrote', (name) => {
    const codec = codecFor(name);
    fc.assert(
      fc.property(arbitraryOf(name, 4), (object) => {
        // An inlined message with nothing in it cannot be told from an absent one, nor can an empty list.
        expect(codec.decode(codec.encode(object))).toEqual(object);
      }),
      { numRuns: 60 },
    );
  });

  it('writes what protobufjs reads', () => {
    const container = {
      name: 'c',
      image: 'i',
      ports: [{ containerPort: 80 }],
      livenessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 3 },
    };
    const type = loadRoot().lookupType('gantry.core.v1.Container');
    const read = type.toObject(type.decode(codecFor('gantry.core.v1.Container').encode(container)));
    expect(read).toMatchObject({ name: 'c', image: 'i', ports: [{ containerPort: 80 }] });
    expect(read.livenessProbe).toMatchObject({
      periodSeconds: 3,
      handler: { tcpSocket: { port: { strVal: 'http' } } },
    });
  });

  it('tells zero from absent where that matters, and only there', () => {
    const sent = (message: string, value: object): unknown => codecFor(message).decode(codecFor(message).encode(value));
    const security = { runAsUser: 0, privileged: false, procMount: '' };
    expect(sent('gantry.core.v1.SecurityContext', security)).toEqual(security);
    expect(sent('gantry.core.v1.HTTPGetAction', { path: '', port: 0, host: '' })).toEqual({ port: 0 });
  });

  it('has fields that Kubernetes always writes, with their zeros', () => {
    const codec = codecFor('gantry.core.v1.ContainerStatus');
    expect(codec.decode(codec.encode({ name: 'c', state: { terminated: {} } }))).toEqual({
      name: 'c',
      image: '',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode: 0 } },
      lastState: {},
    });
  });

  it('reads lists of numbers packed or not, and passes over fields that it does not know', () => {
    const codec = codecFor('gantry.core.v1.PodSecurityContext');
    const unpacked = protobuf.Writer.create()
      .uint32((4 << 3) | 0)
      .int64(5)
      .uint32((4 << 3) | 0)
      .int64(6)
      .uint32((99 << 3) | 2)
      .string('new')
      .finish();
    expect(codec.decode(unpacked)).toEqual({ supplementalGroups: [5, 6] });
  });

  it('refuses bytes that are no message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          codecFor('gantry.core.v1.Pod').decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
    expect(() => codecFor('gantry.core.v1.Pod').decode(new Uint8Array([0x0a, 0xff]))).toThrow();
  });

  it('still reads after many messages that were cut off halfway', () => {
    const codec = codecFor('gantry.core.v1.Pod');
    const whole = codec.encode({ metadata: { name: 'x' }, spec: { containers: [{ name: 'c' }] } });
    for (let time = 0; time < 200; time++) expect(() => codec.decode(whole.subarray(0, -2))).toThrow();
    expect(codec.decode(whole)).toMatchObject({ metadata: { name: 'x' }, spec: { containers: [{ name: 'c' }] } });
  });
});

describe('readInt64', () => {
  it.each([
    [{ low: 5, high: 0, unsigned: false }, 5],
    [{ low: -1, high: -1, unsigned: false }, -1],
    [{ low: -1, high: 0, unsigned: false }, 2 ** 32 - 1],
    [{ low: 1, high: -1, unsigned: false }, 1 - 2 ** 32],
    [{ low: -1, high: 2 ** 21 - 1, unsigned: true }, Number.MAX_SAFE_INTEGER],
  ])('reads %o as %d', (halves, number) => {
    expect(readInt64(halves, 'uid')).toBe(number);
  });

  it.each([
    { low: 0, high: 2 ** 21, unsigned: false },
    { low: 0, high: -1, unsigned: true },
  ])('refuses %o, naming the field', (halves) => {
    expect(() => readInt64(halves, 'uid')).toThrow('uid: ');
  });
});

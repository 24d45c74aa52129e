import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { codecFor } from './codec.ts';
import { readInt64 } from './forms.ts';
import { loadRoot } from './proto-root.ts';
import { arbitraryOf } from './testing/arbitrary.ts';

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

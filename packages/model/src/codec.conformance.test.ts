import { describe, expect, it } from 'vitest';
import { codecFor } from './codec.ts';

// Cases of protobuf's own conformance suite that apply to proto3 messages without groups, extensions or Any, by the names that the
// suite gives their kind, as bytes of Gantry's messages.

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const decode = (message: string, hex: string): unknown => codecFor(`gantry.core.v1.${message}`).decode(bytes(hex));

describe('protobuf conformance: what is read', () => {
  it.each<[name: string, message: string, hex: string, value: object]>([
    // PodSecurityContext.runAsUser = 2 (int64, with presence), supplementalGroups = 4 (repeated int64).
    ['RepeatedScalarSelectsLast', 'PodSecurityContext', '10 01 10 02', { runAsUser: 2 }],
    ['ValidDataRepeated.INT64.UnpackedInput', 'PodSecurityContext', '20 05 20 06', { supplementalGroups: [5, 6] }],
    ['ValidDataRepeated.INT64.PackedInput', 'PodSecurityContext', '22 02 05 06', { supplementalGroups: [5, 6] }],
    ['ValidDataRepeated.INT64.MixedInput', 'PodSecurityContext', '22 01 05 20 06', { supplementalGroups: [5, 6] }],
    ['ValidDataScalar.INT64 negative', 'PodSecurityContext', '10 ff ff ff ff ff ff ff ff ff 01', { runAsUser: -1 }],
    ['ValidDataScalar.INT64 not minimal', 'PodSecurityContext', '10 81 80 80 00', { runAsUser: 1 }],
    ['ValidDataScalar.BOOL large', 'SecurityContext', '10 80 80 80 80 80 80 80 80 80 01', { privileged: true }],
    // Affinity.podAffinity = 2, its lists 1 and 2: PodAffinityTerm (topologyKey = 3).
    [
      'RepeatedScalarMessageMerge',
      'SecurityContext',
      '0a 03 0a 01 61 0a 03 12 01 62',
      { capabilities: { add: ['a'], drop: ['b'] } },
    ],
    ['UnknownVarint is skipped', 'Capabilities', 'f8 06 01 0a 01 61', { add: ['a'] }],
    ['UnknownFixed64 is skipped', 'Capabilities', 'f9 06 01 02 03 04 05 06 07 08 0a 01 61', { add: ['a'] }],
    ['UnknownDelimited is skipped', 'Capabilities', 'fa 06 02 0a 01 0a 01 61', { add: ['a'] }],
    ['UnknownGroup is skipped', 'Capabilities', 'fb 06 08 01 fc 06 0a 01 61', { add: ['a'] }],
    ['WrongWireType is unknown', 'Capabilities', '08 05 0a 01 61', { add: ['a'] }],
    // ConfigMap.data = 2: map<string, string>.
    ['ValidDataMap.STRING.STRING.Default', 'ConfigMap', '12 06 0a 01 61 12 01 62', { data: { a: 'b' } }],
    [
      'ValidDataMap.STRING.STRING.DuplicateKey',
      'ConfigMap',
      '12 06 0a 01 61 12 01 62 12 06 0a 01 61 12 01 63',
      { data: { a: 'c' } },
    ],
    [
      'ValidDataMap.STRING.STRING.DuplicateKeyInMapEntry',
      'ConfigMap',
      '12 09 0a 01 7a 0a 01 61 12 01 62',
      { data: { a: 'b' } },
    ],
    ['ValidDataMap.STRING.STRING.MissingDefault', 'ConfigMap', '12 00', { data: { '': '' } }],
    ['ValidDataMap.STRING.STRING.NonDefault reversed', 'ConfigMap', '12 06 12 01 62 0a 01 61', { data: { a: 'b' } }],
    [
      'ValidDataScalar.STRING replacement character',
      'ConfigMap',
      '12 08 0a 01 61 12 03 ef bf bd',
      { data: { a: '\ufffd' } },
    ],
  ])('%s', (_name, message, hex, value) => {
    expect(decode(message, hex)).toMatchObject(value);
  });

  it('OneofMessage: the last field of a oneof counts', () => {
    const codec = codecFor('gantry.api.v1.Object');
    const [pod, node] = [{ pod: { metadata: { name: 'a' } } }, { node: { metadata: { name: 'b' } } }];
    const both = Buffer.concat([codec.encode(pod), codec.encode(node)]);
    expect(Object.keys(codec.decode(both) as object)).toEqual(['node']);
  });
});

describe('protobuf conformance: what is refused', () => {
  it.each<[name: string, message: string, hex: string]>([
    ['PrematureEofInsideKnownValue', 'ConfigMap', '12 06 0a 01 61'],
    ['PrematureEofInsideUnknownValue', 'ConfigMap', 'fa 06 05 01'],
    ['PrematureEofBeforeKnownNonRepeatedValue', 'PodSecurityContext', '10'],
    ['PrematureEofInDelimitedDataForKnownNonRepeatedValue', 'SecurityContext', '0a 05 0a 01'],
    ['PrematureEofInSubmessageValue', 'SecurityContext', '0a 02 0a 05 61 61 61 61 61'],
    ['PrematureEofInPackedField', 'PodSecurityContext', '22 01 80 10 01'],
    ['an entry that runs beyond its map field', 'ConfigMap', '12 02 0a 05 61 61 61 61 61'],
    ['IllegalZeroFieldNum_Case_0', 'ConfigMap', '00 de'],
    ['IllegalZeroFieldNum_Case_1', 'ConfigMap', '02 01 01'],
    ['VarintTooLong', 'PodSecurityContext', '10 ff ff ff ff ff ff ff ff ff ff 01'],
    ['RejectInvalidUtf8.String.SingularField', 'ContainerPort', '0a 02 c3 28'],
    ['RejectInvalidUtf8.String.MapKey', 'ConfigMap', '12 03 0a 01 ff'],
    ['RejectInvalidUtf8.String.MapValue', 'ConfigMap', '12 06 0a 01 61 12 01 ff'],
    ['an integer beyond 2^53', 'PodSecurityContext', '10 ff ff ff ff ff ff ff ff 7f'],
  ])('%s', (_name, message, hex) => {
    expect(() => decode(message, hex)).toThrow();
  });

  it('names the field of an integer that JSON cannot carry', () => {
    expect(() => decode('PodSecurityContext', '10 ff ff ff ff ff ff ff ff 7f')).toThrow('runAsUser: ');
  });

  it('refuses messages that nest too deep, each call by itself', () => {
    const codec = codecFor('gantry.core.v1.Pod');
    for (let time = 0; time < 3; time++) expect(() => codec.decode(bytes('12 02 0a 05'))).toThrow();
    expect(codec.decode(new Uint8Array())).toMatchObject({ spec: { containers: [] } });
  });
});

describe('properties that a message lacks', () => {
  const codec = codecFor('gantry.core.v1.ConfigMap');

  it('are refused, naming message and property, at any depth', () => {
    expect(() => codec.encode({ dta: {} })).toThrow('gantry.core.v1.ConfigMap has no field "dta"');
    expect(() => codec.encode({ metadata: { nam: 'a' } })).toThrow('gantry.meta.v1.ObjectMeta has no field "nam"');
  });

  it('are dropped where the caller says so, and apiVersion and kind always', () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, newer: 1 };
    expect(codec.decode(codec.encode(object, 'drop'))).toEqual({ metadata: { name: 'a' } });
  });
});

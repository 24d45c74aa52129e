import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtIn, builtInKinds } from './built-in.ts';
import { codecFor } from './codec.ts';
import { decodeManifest, decodeObject, decodeStored, decodeWith } from './decode.ts';
import { parseManifest } from './parse.ts';
import { apiVersionOf } from './registry.ts';
import { missingFields } from './required.ts';
import { arbitraryOf, spelledOut } from './testing/arbitrary.ts';

const pod = (spec: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: ${spec}`;

describe('decodeManifest', () => {
  it('reads YAML and JSON alike', () => {
    const fromYaml = decodeManifest(
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  day: 2026-01-01\n  port: "22:22"\n',
    );
    const fromJson = decodeManifest(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"day":"2026-01-01","port":"22:22"}}',
    );
    expect(fromYaml).toEqual(fromJson);
    expect(decodeManifest(Buffer.from(JSON.stringify(fromJson)))).toEqual(fromJson);
  });

  it('reads file modes as octal numbers, as everything around Kubernetes does', () => {
    const decoded = decodeManifest(pod('{volumes: [{name: v, secret: {defaultMode: 0644}}]}'));
    expect(decoded).toMatchObject({ spec: { volumes: [{ secret: { defaultMode: 0o644 } }] } });
  });

  it('reads booleans and numbers as YAML 1.1 has them, and times as text', () => {
    const given =
      '{hostNetwork: yes, hostPID: off, activeDeadlineSeconds: 1_0, nodeSelector: {a: "yes", b: 1:30, c: 2026-01-01}}';
    expect(decodeManifest(pod(given))).toMatchObject({
      spec: { hostNetwork: true, activeDeadlineSeconds: 10, nodeSelector: { a: 'yes', b: '1:30', c: '2026-01-01' } },
    });
    expect(() => decodeManifest(pod('{nodeSelector: {a: yes}}'))).toThrow('cannot unmarshal bool');
  });

  it('leaves out zeros that mean nothing, and writes those that Kubernetes writes', () => {
    const decoded = decodeManifest(
      pod(
        '{hostNetwork: false, volumes: [], nodeSelector: {}, containers: [{name: c, stdin: false, lifecycle: {preStop: {sleep: {}}}}]}',
      ),
    );
    expect(decoded).toMatchObject({
      spec: { containers: [{ name: 'c', resources: {}, lifecycle: { preStop: { sleep: { seconds: 0 } } } }] },
    });
    expect(Object.keys((decoded as unknown as { spec: object }).spec)).toEqual(['containers']);
  });

  it('drops fields that only a newer version knows where it is told to', () => {
    const newer = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', later: 1 }, data: { b: 'c' }, new: {} };
    expect(() => decodeObject(newer)).toThrow('unknown field "metadata.later"');
    expect(decodeStored(newer)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: { b: 'c' },
    });
  });

  it('puts quantities and times into their canonical forms, and takes null for absent', () => {
    const decoded = decodeManifest(
      pod('{containers: [{name: c, image: i, resources: {limits: {cpu: 0.5, memory: 1024Mi}}}], nodeName: null}'),
    );
    expect(decoded).toMatchObject({
      spec: { containers: [{ resources: { limits: { cpu: '500m', memory: '1Gi' } } }] },
    });
    expect(decoded).not.toHaveProperty('spec.nodeName');
  });

  it.each([
    ['kind: Pod', "Object 'apiVersion' is missing"],
    ['apiVersion: v1', "Object 'Kind' is missing"],
    ['apiVersion: v1\nkind: Foo', 'no matches for kind "Foo" in version "v1"'],
    ['apiVersion: v2\nkind: Pod', 'no matches for kind "Pod" in version "v2"'],
    ['[1, 2]', 'an object is expected, not array'],
    ['', 'an object is expected, not null'],
    ['a: 1\na: 2', 'line 2: key "a" already set in map'],
    ['{"a": {"b": 1, "b": 2}}', 'strict decoding error: duplicate field "a.b"'],
    ['apiVersion: v1\nkind: Pod\n---\nkind: Pod', 'more than one document'],
    [pod('{containerz: []}'), 'strict decoding error: unknown field "spec.containerz"'],
    [pod('[]'), 'json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec'],
    [
      pod('{activeDeadlineSeconds: soon}'),
      'string "soon" into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64',
    ],
    [pod('{activeDeadlineSeconds: 1.5}'), 'cannot unmarshal number 1.5 into'],
    [pod('{priority: 3000000000}'), 'spec.priority of type int32'],
    [pod('{hostNetwork: "true"}'), 'of type bool'],
    [
      pod('{containers: [{resources: {limits: {cpu: much}}}]}'),
      'spec.containers[0].resources.limits.cpu: Invalid value: "much"',
    ],
    [pod('{containers: [{livenessProbe: {tcpSocket: {port: 99999999999}}}]}'), 'port of type intstr.IntOrString'],
    [pod('{containers: {}}'), 'spec.containers of type []v1.Container'],
    [pod('{nodeSelector: {disk: 1}}'), 'PodSpec.spec.nodeSelector.disk of type string'],
  ])('refuses %j', (text, problem) => {
    expect(() => decodeManifest(text)).toThrow(problem);
  });

  it('refuses what is not text, too large, or a bomb', () => {
    expect(() => decodeManifest(new Uint8Array([0xff, 0xfe, 0x00]))).toThrow('it is not UTF-8 text');
    expect(() => decodeManifest('a'.repeat(5_000_000))).toThrow('Request entity too large');
    const bomb = [
      'a0: &a0 [x, x]',
      ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`),
    ].join('\n');
    expect(() => decodeManifest(bomb)).toThrow('excessive use of aliases');
  });

  it('takes null for an entry for the zero of its type', () => {
    const decoded = decodeManifest(pod('{containers: [null, {name: c, args: [null, a]}], nodeSelector: {a: null}}'));
    expect(decoded).toMatchObject({ spec: { containers: [{}, { args: ['', 'a'] }], nodeSelector: { a: '' } } });
  });

  it('tells of some problems where there are very many', () => {
    try {
      decodeManifest(pod(`{containers: [${'1,'.repeat(100_000)}1]}`));
      expect.unreachable();
    } catch (error) {
      expect((error as { causes: object[] }).causes).toHaveLength(50);
    }
  });

  it('reads a map of many keys, and refuses one that aliases blow up', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `  k${index}: v`).join('\n');
    const configMap = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n${keys}\n`;
    expect(Object.keys((decodeManifest(configMap) as { data?: object }).data!)).toHaveLength(20_000);
    const uses = Array.from({ length: 900 }, (_, index) => `a${index}: *big`).join('\n');
    expect(() => decodeManifest(`big: &big "${'x'.repeat(100_000)}"\n${uses}`)).toThrow('excessive use of aliases');
  });

  it('names every field that is wrong', () => {
    try {
      decodeManifest(pod('{restartPolicy: 1, nodeNam: x}'));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        reason: 'BadRequest',
        causes: [{ field: 'spec.restartPolicy' }, { field: 'spec.nodeNam' }],
      });
    }
  });

  it('keeps keys that are names of the language as data', () => {
    const decoded = decodeManifest(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"__proto__":"x"}}',
    );
    expect(Object.entries((decoded as { data?: object }).data!)).toEqual([['__proto__', 'x']]);
  });
});

describe('every kind', () => {
  it.each(builtInKinds.map((kind) => [kind.kind, kind] as const))(
    'has one form of a %s, in manifests, in the store and on the wire',
    (_, kind) => {
      const codec = codecFor(kind.message);
      const head = { apiVersion: apiVersionOf(kind), kind: kind.kind };
      fc.assert(
        fc.property(arbitraryOf(kind.message, 5), (fields) => {
          const decoded = decodeObject({ ...head, ...fields });
          expect(decodeObject({ ...head, ...spelledOut(kind.message, fields) })).toEqual(decoded);
          expect(decodeObject(structuredClone(decoded))).toEqual(decoded);
          expect({ ...head, ...(codec.decode(codec.encode(decoded)) as object) }).toEqual(decoded);
        }),
        { numRuns: 20 },
      );
    },
  );
});

describe('missingFields', () => {
  const missing = (text: string): string[] => {
    const object = decodeManifest(text);
    return missingFields(builtIn.kindOfObject(object), object).map(({ field }) => field);
  };

  it('finds what the schema requires, at any depth', () => {
    expect(missing(pod('{containers: [{image: i, ports: [{name: http}]}]}'))).toEqual(['spec.containers[0].name']);
    expect(
      missing(
        '{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {selector: {}, template: {spec: {}}}}',
      ),
    ).toEqual(['spec.template.spec.containers']);
  });

  it('wants a name, or the start of one', () => {
    expect(missing('{apiVersion: v1, kind: ConfigMap}')).toEqual(['metadata.name']);
    expect(missing('{apiVersion: v1, kind: ConfigMap, metadata: {generateName: x-}}')).toEqual([]);
  });
});

describe('decodeWith', () => {
  const text =
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","later":1},"data":{"a":"1","a":"2"},"x":1}';
  const { value, duplicates } = parseManifest(text);

  it.each([
    ['Ignore', []],
    ['Warn', ['unknown field "metadata.later"', 'duplicate field "data.a"', 'unknown field "x"']],
  ] as const)(
    'takes unknown and duplicate fields with %s, and tells of them with Warn',
    (fieldValidation, warnings) => {
      const decoded = decodeWith(value, { fieldValidation, duplicates });
      expect(decoded.warnings).toEqual(warnings);
      expect(decoded.object).toEqual({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a' },
        data: { a: '2' },
      });
    },
  );

  it('refuses them with Strict, in the order of the text', () => {
    expect(() => decodeWith(value, { fieldValidation: 'Strict', duplicates })).toThrow(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata.later", duplicate field "data.a", unknown field "x"',
    );
  });

  it('refuses values of another type whatever it does with unknown fields, and does not call that strict', () => {
    for (const fieldValidation of ['Ignore', 'Warn', 'Strict'] as const) {
      const wrong = { ...(value as object), data: 5 };
      expect(() => decodeWith(wrong, { fieldValidation })).toThrow(
        /cannot be handled as a ConfigMap: json: cannot unmarshal number 5 into Go struct field ConfigMap.data of type map\[string\]string/,
      );
    }
  });

  it('tells of a key that YAML has twice by its line, and takes the last value', () => {
    const yaml = parseManifest('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: "1"\n  a: "2"\n');
    const warned = decodeWith(yaml.value, { fieldValidation: 'Warn', duplicates: yaml.duplicates });
    expect(warned.warnings).toEqual(['line 6: key "a" already set in map']);
    expect(warned.object).toMatchObject({ data: { a: '2' } });
    expect(() => decodeWith(yaml.value, { duplicates: yaml.duplicates })).toThrow(
      'strict decoding error: yaml: unmarshal errors:\n  line 6: key "a" already set in map',
    );
  });

  it('remembers no more warnings than one answer tells', () => {
    const many = { ...(value as object), ...Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`x${i}`, 1])) };
    expect(decodeWith(many, { fieldValidation: 'Warn' }).warnings).toHaveLength(50);
  });
});

import { describe, expect, it } from 'vitest';
import { builtIn, kindOf } from '../built-in.ts';
import { decodeManifest } from '../decode.ts';
import type { ObjectMeta } from '../gen/gantry.meta.v1.ts';
import { invalid, invalidValue, notSupported, required, tooLong, tooMany } from './causes.ts';
import { validateLabelSelector } from './labels.ts';
import { maxAnnotationBytes, validateMetadata, validateMetadataUpdate } from './metadata.ts';
import * as names from './names.ts';
import { completeNew, finishUpdate } from './object.ts';

const texts = (causes: readonly { field: string; message: string }[]): string[] =>
  causes.map(({ field, message }) => `${field}: ${message}`);

describe('causes', () => {
  it("are worded as Kubernetes' are", () => {
    expect(required('a').message).toBe('Required value');
    expect(invalidValue('a', 'x', 'must be y').message).toBe('Invalid value: "x": must be y');
    expect(invalidValue('a', -1, 'no').message).toBe('Invalid value: -1: no');
    expect(notSupported('a', 'x', ['b', 'c']).message).toBe('Unsupported value: "x": supported values: "b", "c"');
    expect(tooLong('a', 1).message).toBe('Too long: may not be more than 1 byte');
    expect(tooMany('a', 3, 2).message).toBe('Too many: 3: must have at most 2 items');
  });

  it('are cut where a value is long', () => {
    expect(invalidValue('a', 'x'.repeat(100_000), 'no').message.length).toBeLessThan(600);
  });

  it('make one error', () => {
    const one = invalidValue('spec.replicas', -1, 'must be greater than or equal to 0');
    expect(invalid(kindOf('Deployment'), 'x', [one])).toMatchObject({
      reason: 'Invalid',
      message: 'Deployment.apps "x" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      causes: [one],
      resource: { group: 'apps', resource: 'deployments', name: 'x' },
    });
    expect(invalid(kindOf('Pod'), 'x', [required('a'), required('b')]).message).toBe(
      'Pod "x" is invalid: [a: Required value, b: Required value]',
    );
  });
});

describe('forms of names', () => {
  it.each([
    [names.dnsLabelProblems, ['a', '1-2', 'a'.repeat(63)], ['', 'A', '-a', 'a-', 'a.b', 'a'.repeat(64)]],
    [names.dnsSubdomainProblems, ['a', 'a.b-c.1', 'a'.repeat(253)], ['', 'a..b', 'a.', 'A.b', 'a_b', 'a'.repeat(254)]],
    [names.dns1035LabelProblems, ['a', 'a-1'], ['', '1a', 'a.b', 'A']],
    [names.qualifiedNameProblems, ['a', 'A_b.c', 'x.y/a'], ['', 'a/b/c', '/a', 'x/', 'X/a', '-a', 'a'.repeat(64)]],
    [names.labelValueProblems, ['', 'a', 'A_b.c-1'], ['-a', 'a b', 'a/b', 'a'.repeat(64)]],
    [names.envNameProblems, ['A', 'a.b-c', '1 2'], ['', 'a=b', 'ä', 'a\nb']],
    [names.configKeyProblems, ['a', '.a', 'A_b-c.d'], ['', '.', '..', '..a', 'a/b', 'a'.repeat(254)]],
    [names.portNameProblems, ['http', '1a', 'a-b'], ['', '80', 'a--b', '-a', 'a-', 'A', 'a'.repeat(16)]],
    [names.percentProblems, ['0%', '150%'], ['%', '1', '-1%', '1.5%']],
    [names.headerNameProblems, ['X-A'], ['', 'a b', 'a:']],
    [names.ipProblems, ['1.2.3.4', '::1'], ['', '1.2.3', '1.2.3.256', 'a']],
    [names.cidrProblems, ['10.0.0.0/8', '::/0'], ['', '10.0.0.0', '10.0.0.0/33', '::/129', '1.2.3.4/a', '1.1.1.1/1/1']],
  ] as const)('%o', (problems, right, wrong) => {
    for (const value of right) expect([value, problems(value)]).toEqual([value, []]);
    for (const value of wrong) expect([value, problems(value)]).not.toEqual([value, []]);
  });

  it('explain themselves', () => {
    expect(names.dnsLabelProblems('A')).toEqual([
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]);
    expect(names.dnsLabelProblems('a.b')).toEqual(['must not contain dots']);
    expect(names.portNumberProblems(0)).toEqual(['must be between 1 and 65535, inclusive']);
  });
});

describe('validateMetadata', () => {
  const check = (metadata: Partial<ObjectMeta>, namespaced = true): string[] =>
    texts(validateMetadata({ namespaced }, { name: 'a', ...metadata }));
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u' };

  it.each<[Partial<ObjectMeta>]>([
    [{}],
    [{ name: '', generateName: 'a-' }],
    [{ namespace: 'b', labels: { 'x.y/a': 'b' }, annotations: { 'X/a': 'any thing' }, finalizers: ['a/b'] }],
    [
      {
        ownerReferences: [
          { ...owner, controller: true },
          { ...owner, name: 's' },
        ],
      },
    ],
  ])('takes %j', (metadata) => {
    expect(check(metadata)).toEqual([]);
  });

  it.each<[Partial<ObjectMeta>, string]>([
    [{ name: 'A' }, 'metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain must'],
    [{ name: 'a'.repeat(300) }, 'must be no more than 253 characters'],
    [{ name: '' }, 'metadata.name: Required value: name or generateName is required'],
    [{ generateName: 'A-' }, 'metadata.generateName: Invalid value: "A-"'],
    [{ namespace: 'a.b' }, 'metadata.namespace: Invalid value: "a.b": must not contain dots'],
    [{ labels: { a: '-' } }, 'metadata.labels: Invalid value: "-": a valid label must be'],
    [{ labels: { 'a b': '' } }, 'metadata.labels: Invalid value: "a b": name part must consist'],
    [{ annotations: { '/': '' } }, 'metadata.annotations: Invalid value: "/": prefix part must be non-empty'],
    [
      { annotations: { a: 'x'.repeat(maxAnnotationBytes) } },
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ],
    [{ finalizers: ['a b'] }, 'metadata.finalizers: Invalid value: "a b"'],
    [{ finalizers: ['orphan', 'foregroundDeletion'] }, 'cannot be both set'],
    [
      { ownerReferences: [{ ...owner, uid: '' }] },
      'metadata.ownerReferences[0].uid: Required value: must not be empty',
    ],
    [{ ownerReferences: [{ ...owner, apiVersion: 'a/b/c' }] }, 'must be <group>/<version> or <version>'],
    [
      {
        ownerReferences: [
          { ...owner, controller: true },
          { ...owner, name: 's', controller: true },
        ],
      },
      'Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/r and ReplicaSet/s',
    ],
    [{ ownerReferences: [{ ...owner, apiVersion: 'v1', kind: 'Event' }] }, 'disallowed from being an owner'],
    [{ managedFields: [{ operation: 'Steal' }] }, 'metadata.managedFields[0].operation: Invalid value: "Steal"'],
  ])('refuses %j', (metadata, problem) => {
    expect(check(metadata).join('\n')).toContain(problem);
  });

  it('refuses a namespace where there is none', () => {
    expect(check({ namespace: 'a' }, false)).toEqual(['metadata.namespace: Forbidden: not allowed on this type']);
  });

  it('keeps identity as it is', () => {
    const stored = { name: 'a', namespace: 'b', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };
    expect(validateMetadataUpdate({ name: 'a' }, stored)).toEqual([]);
    expect(texts(validateMetadataUpdate({ ...stored, uid: 'v' }, stored))).toEqual([
      'metadata.uid: Invalid value: "v": field is immutable',
    ]);
  });
});

describe('validateLabelSelector', () => {
  it.each([
    [{ matchLabels: { a: 'b b' } }, 's.matchLabels: Invalid value: "b b"'],
    [{ matchExpressions: [{ key: 'a', operator: 'In' }] }, 's.matchExpressions[0].values: Required value: must be'],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
      's.matchExpressions[0].values: Forbidden',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Is' }] },
      's.matchExpressions[0].operator: Invalid value: "Is": not a',
    ],
    [{ matchExpressions: [{ key: ' ', operator: 'Exists' }] }, 's.matchExpressions[0].key: Invalid value: " "'],
  ])('refuses %j', (selector, problem) => {
    expect(texts(validateLabelSelector(selector, 's')).join('\n')).toContain(problem);
  });
});

describe('completing objects', () => {
  const decode = (text: string) => {
    const object = decodeManifest(text);
    return { kind: builtIn.kindOfObject(object), object };
  };

  it('names required fields and everything else that is wrong at once', () => {
    for (const text of [
      '{apiVersion: v1, kind: Pod, metadata: {name: A}}',
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: A}, spec: {selector: {}}}',
      '{apiVersion: v1, kind: Service, metadata: {name: A}}',
      '{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: A}}',
    ]) {
      const { kind, object } = decode(text);
      for (const complete of [() => completeNew(kind, object), () => finishUpdate(kind, object, object, 0)]) {
        expect(complete).toThrow('Required value');
        expect(complete).toThrow('metadata.name: Invalid value: "A"');
      }
    }
  });

  it('sets defaults and reports metadata and spec together', () => {
    const { kind, object } = decode('{apiVersion: v1, kind: ConfigMap, metadata: {name: A, labels: {a: "-"}}}');
    expect(() => completeNew(kind, object)).toThrow(/^ConfigMap "A" is invalid: \[metadata.name: .*metadata.labels: /);
    const pod = decode('{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: i}]}}');
    completeNew(pod.kind, pod.object);
    expect(pod.object).toMatchObject({ spec: { restartPolicy: 'Always' }, status: { phase: 'Pending' } });
  });

  it('tells of a change of identity', () => {
    const { kind, object } = decode('{apiVersion: v1, kind: ConfigMap, metadata: {name: a, uid: u}}');
    const stored = structuredClone(object);
    object.metadata.uid = 'v';
    expect(() => finishUpdate(kind, object, stored, 0)).toThrow('metadata.uid: Invalid value: "v": field is immutable');
  });
});
